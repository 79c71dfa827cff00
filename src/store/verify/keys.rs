//! Links: rows that lead to a row that is not there, and genres or cast members that nothing links to.
//!
//! Keys that the database enforces cannot break, unless someone has switched that off or a file was damaged.

use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::{Finding, count_with_examples, rows};

/// A column that leads to the id of another table.
#[derive(Clone, Copy, Debug)]
struct Key {
    table: &'static str,
    column: &'static str,
    parent: &'static str,
}

const fn key(table: &'static str, column: &'static str, parent: &'static str) -> Key {
    Key { table, column, parent }
}

/// Every foreign key of the schema.
const KEYS: [Key; 11] = [
    key("torrents", "movie_id", "movies"),
    key("movie_genres", "movie_id", "movies"),
    key("movie_genres", "genre_id", "genres"),
    key("movie_casts", "movie_id", "movies"),
    key("movie_casts", "cast_id", "casts"),
    key("movie_embeddings", "movie_id", "movies"),
    key("movie_changes", "movie_id", "movies"),
    key("movie_changes", "run_id", "runs"),
    key("run_pages", "run_id", "runs"),
    key("run_readings", "run_id", "runs"),
    key("failures", "run_id", "runs"),
];

/// The links between movies and what they share.
const LINKS: [Key; 2] = [key("movie_genres", "genre_id", "genres"), key("movie_casts", "cast_id", "casts")];

/// The tables in the order in which new movies are saved, so that nobody waits in a circle with them. A page of updates
/// comes to genres and cast first: where the two meet, the server ends one of them, which is then done again.
const LOCK_FOR_LINKS: &str = "LOCK TABLE movies, torrents, genres, casts, movie_genres, movie_casts \
                              IN SHARE ROW EXCLUSIVE MODE";

impl Key {
    /// Says that a row leads nowhere.
    fn is_dangling(self) -> Expr {
        let mut found = Query::select();
        found.expr(Expr::val(1)).from(self.parent);
        found.and_where(Expr::col((self.parent, "id")).equals((self.table, self.column)));
        Expr::col((self.table, self.column)).is_not_null().and(Expr::not_exists(found))
    }

    /// Says that nothing leads to a row of the parent.
    fn is_unlinked(self) -> Expr {
        let mut link = Query::select();
        link.expr(Expr::val(1)).from(self.table);
        link.and_where(Expr::col((self.table, self.column)).equals((self.parent, "id")));
        Expr::not_exists(link)
    }
}

/// Says whether a key is among those that are counted here.
pub(super) fn is_counted(table: &str, parent: &str) -> bool {
    KEYS.iter().any(|key| key.table == table && key.parent == parent)
}

/// Counts what leads nowhere and what nothing links to.
pub(super) async fn check(db: &impl ConnectionTrait) -> Result<Vec<Finding>, DbErr> {
    let mut findings = Vec::new();
    for key in KEYS {
        if let Some((count, ids)) = count_with_examples(db, key.table, key.column, key.is_dangling()).await? {
            let detail = format!("{} without a row of {}, such as id {ids}", rows(count), key.parent);
            findings.push(Finding::new("dangling", format!("{}.{}", key.table, key.column), detail));
        }
    }
    for key in LINKS {
        if let Some((count, names)) = count_with_examples(db, key.parent, "name", key.is_unlinked()).await? {
            let detail = format!("{} that no movie links to, such as {names}", rows(count));
            findings.push(Finding::new("unlinked", key.parent, detail));
        }
    }
    Ok(findings)
}

/// Returns the movies, by the source's ids, whose genre or cast member is not there.
pub(super) async fn movies_with_dangling_links(db: &impl ConnectionTrait) -> Result<Vec<i32>, DbErr> {
    let mut external_ids = Vec::new();
    for key in LINKS {
        let mut links = Query::select();
        links.column("movie_id").from(key.table).and_where(key.is_dangling());
        external_ids.extend(external_ids_of(db, links).await?);
    }
    Ok(external_ids)
}

/// Returns the movies with these ids, by the source's.
pub(super) async fn external_ids_of(db: &impl ConnectionTrait, ids: SelectStatement) -> Result<Vec<i32>, DbErr> {
    let mut query = Query::select();
    query.column("external_id").from("movies").and_where(Expr::col("id").in_subquery(ids));
    db.query_all(&query).await?.iter().map(|row| row.try_get("", "external_id")).collect()
}

/// Removes the rows that lead nowhere; a change keeps its place in the history without its run.
pub(super) async fn remove_dangling(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let mut removed = 0;
    for key in KEYS {
        if key.table == "movie_changes" && key.parent == "runs" {
            let mut update = Query::update();
            update.table(key.table).value(key.column, None::<i64>).cond_where(key.is_dangling().into_condition());
            db.execute(&update).await?;
            continue;
        }
        removed += delete(db, key.table, key.is_dangling()).await?;
    }
    Ok(removed)
}

/// Removes the genres and cast members that nothing links to.
pub(super) async fn remove_unlinked(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(LOCK_FOR_LINKS).await?;
    }
    let mut removed = 0;
    for key in LINKS {
        removed += delete(db, key.parent, key.is_unlinked()).await?;
    }
    Ok(removed)
}

async fn delete(db: &impl ConnectionTrait, table: &'static str, condition: Expr) -> Result<u64, DbErr> {
    let mut delete = Query::delete();
    delete.from_table(table).cond_where(condition.into_condition());
    Ok(db.execute(&delete).await?.rows_affected())
}
