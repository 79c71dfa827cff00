//! Values against the rules of their columns: unknown is NULL, never 0 or an empty text; numbers are within range; a
//! slug stands once. The rules are the schema's; this file only looks whether they hold.

use entity::{cast, genre, movie, movie_cast, torrent};
use sea_orm::sea_query::{ColumnType, Expr, ExprTrait, Func, IntoCondition, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IdenStatic, Iterable};

use super::{EXAMPLES, Finding, keys, rows};

/// What a column must not hold.
#[derive(Clone, Debug)]
struct Rule {
    table: &'static str,
    column: &'static str,
    is_broken: Expr,
    says: &'static str,
    /// Whether NULL may stand in its place.
    is_clearable: bool,
}

/// Returns the rules of every table, those of one table together.
fn rules() -> Vec<Vec<Rule>> {
    let number = |table, column, is_broken, says| Rule { table, column, is_broken, says, is_clearable: true };
    let column = |name: &'static str| Expr::col(name);
    let mut movies = no_empty_texts::<movie::Entity>();
    let rating = column("rating").lte(0).or(column("rating").gt(10));
    movies.push(number("movies", "rating", rating, "a rating that is not above 0 and up to 10"));
    for name in ["year", "runtime"] {
        movies.push(number("movies", name, column(name).lte(0), "a number that is not above 0"));
    }
    movies.push(number("movies", "like_count", column("like_count").lt(0), "a number below 0"));
    let mut torrents = no_empty_texts::<torrent::Entity>();
    for name in ["seeds", "peers", "size_bytes"] {
        torrents.push(number("torrents", name, column(name).lt(0), "a number below 0"));
    }
    let (genres, casts) = (no_empty_texts::<genre::Entity>(), no_empty_texts::<cast::Entity>());
    vec![movies, torrents, genres, casts, no_empty_texts::<movie_cast::Entity>()]
}

/// Returns the rule for each text of a table that it is not empty.
fn no_empty_texts<E: EntityTrait>() -> Vec<Rule> {
    let table = E::default().table_name();
    let texts = E::Column::iter().filter(|column| matches!(column.def().get_column_type(), ColumnType::Text));
    let rule = |column: E::Column| Rule {
        table,
        column: column.as_str(),
        is_broken: Expr::col(column.as_str()).eq(""),
        says: "an empty text",
        // A person without a code is another person than one with an empty code: that one is replaced as a whole.
        is_clearable: column.def().is_null() && !(table == "casts" && column.as_str() == "imdb_code"),
    };
    texts.map(rule).collect()
}

/// Counts the values that break a rule, in one scan a table.
pub(super) async fn check(db: &impl ConnectionTrait) -> Result<Vec<Finding>, DbErr> {
    let mut findings = Vec::new();
    for rules in rules() {
        let Some(first) = rules.first() else { continue };
        let mut query = Query::select();
        query.from(first.table);
        for (number, rule) in rules.iter().enumerate() {
            let one = Expr::case(rule.is_broken.clone(), 1);
            query.expr_as(Func::count(one), format!("rule_{number}"));
        }
        let Some(row) = db.query_one(&query).await? else { continue };
        for (number, rule) in rules.iter().enumerate() {
            let count: i64 = row.try_get("", &format!("rule_{number}"))?;
            if count > 0 {
                let detail = format!("{} with {}", rows(count), rule.says);
                findings.push(Finding::new("bad_value", format!("{}.{}", rule.table, rule.column), detail));
            }
        }
    }
    findings.extend(repeated_slugs(db).await?);
    Ok(findings)
}

/// Finds slugs that two movies share, which the unique index keeps out as long as it is whole.
async fn repeated_slugs(db: &impl ConnectionTrait) -> Result<Vec<Finding>, DbErr> {
    let mut query = Query::select();
    query
        .column("slug")
        .from("movies")
        .and_where(Expr::col("slug").is_not_null())
        .group_by_col("slug")
        .and_having(Expr::col("slug").count().gt(1))
        .limit(EXAMPLES);
    let repeated = db.query_all(&query).await?;
    let slugs: Result<Vec<String>, DbErr> = repeated.iter().map(|row| row.try_get("", "slug")).collect();
    let finding = |slug: String| {
        Finding::new(
            "repeated_slug",
            slug,
            "several movies have it; rebuild the unique index on movies.slug".to_owned(),
        )
    };
    Ok(slugs?.into_iter().map(finding).collect())
}

/// Returns the movies that have a bad value, or link to a genre or cast member with one, by the source's ids.
pub(super) async fn movies_with_bad_values(db: &impl ConnectionTrait) -> Result<Vec<i32>, DbErr> {
    let mut external_ids = Vec::new();
    for rules in rules() {
        let Some(table) = rules.first().map(|rule| rule.table) else { continue };
        let is_broken = rules.iter().fold(Condition::any(), |any, rule| any.add(rule.is_broken.clone()));
        let id = if matches!(table, "torrents" | "movie_casts") { "movie_id" } else { "id" };
        let mut broken = Query::select();
        broken.column(id).from(table).cond_where(is_broken);
        let link = match table {
            "genres" => Some(("movie_genres", "genre_id")),
            "casts" => Some(("movie_casts", "cast_id")),
            _ => None,
        };
        let ids = match link {
            Some((links, column)) => Query::select()
                .column("movie_id")
                .from(links)
                .and_where(Expr::col(column).in_subquery(broken))
                .to_owned(),
            None => broken,
        };
        external_ids.extend(keys::external_ids_of(db, ids).await?);
    }
    Ok(external_ids)
}

/// Sets the values to NULL that break a rule, where the column allows it; returns how many.
pub(super) async fn clear(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let mut cleared = 0;
    for rule in rules().into_iter().flatten().filter(|rule| rule.is_clearable) {
        let mut update = Query::update();
        update.table(rule.table).value(rule.column, Expr::cust("NULL")).cond_where(rule.is_broken.into_condition());
        cleared += db.execute(&update).await?.rows_affected();
    }
    Ok(cleared)
}
