//! Looks whether what is stored holds together, and mends what can be mended without the source: a table of contents.
//!
//! Each kind of check stands in a file beside: `integrity` (the database's own), `keys` (links and what nothing links
//! to), `values` (the rules of the columns), `runs`, `certificates`, `vectors`. What the source says today is compared
//! in [`super::differences`].

mod certificates;
mod integrity;
mod keys;
mod runs;
mod values;
mod vectors;

use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, PaginatorTrait};
use serde::Serialize;

use self::certificates::Certified;
use super::{Error, Presence, Store, coverage};

/// How many rows a finding names.
const EXAMPLES: u64 = 5;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing, in one word for programs.
    pub kind: &'static str,
    /// What it is about: a table, a column, a run, a movie.
    pub what: String,
    /// What is wrong with it, and the remedy where it is not `--repair`.
    pub detail: String,
}

/// What was looked at and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Runs in the database.
    pub runs: u64,
    /// The last certified run of the whole list that was asked about.
    pub certified_run: Option<i64>,
    /// Distinct movies that it saw.
    pub movies_seen: usize,
    /// Movies that it saw and that are missing, by the source's ids.
    pub missing: Vec<i32>,
    /// Movies that it saw and that are marked as deleted, by the source's ids.
    pub deleted: Vec<i32>,
    /// Everything else.
    pub findings: Vec<Finding>,
}

/// What was mended without the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Rows removed: links that led nowhere, genres and cast that nothing links to, unusable vectors.
    pub rows_removed: u64,
    /// Values set to NULL that broke a rule.
    pub values_cleared: u64,
    /// Leases of dead processes that were freed.
    pub leases_freed: u64,
    /// Movies that have lost something by it, or had before, by the source's ids: their details are to be had again.
    pub to_refetch: Vec<i32>,
}

impl Store {
    /// Looks at everything that can be told without the source. It changes nothing, and works while others write.
    ///
    /// The certificate is that of `scope`. A process that holds the right to write passes its presence: then it is
    /// known which processes live, on `SQLite` too, where otherwise only expired leases count as dead.
    pub async fn inspect(&self, scope: &str, presence: Option<&Presence>) -> Result<Inspection, Error> {
        const DOING: &str = "verify the database";
        let db = &self.db;
        let mut findings = integrity::check(db).await?;
        findings.extend(keys::check(db).await.map_err(Error::doing(DOING))?);
        findings.extend(values::check(db).await.map_err(Error::doing(DOING))?);
        findings.extend(self.check_runs(presence).await?);
        findings.extend(vectors::check(db).await.map_err(Error::doing(DOING))?);
        let runs = entity::run::Entity::find().count(db).await.map_err(Error::doing(DOING))?;
        let mut inspection = Inspection { runs, findings, ..Inspection::default() };
        if let Some(certified) = self.check_certificate(scope).await? {
            let Certified { run_id, movies_seen, missing, deleted, findings } = certified;
            inspection.findings.extend(findings);
            inspection = Inspection { certified_run: Some(run_id), movies_seen, missing, deleted, ..inspection };
        }
        Ok(inspection)
    }

    /// Mends what needs no source, in one transaction; returns the movies whose details are to be had again.
    pub async fn mend(&self, presence: &Presence) -> Result<Mended, Error> {
        const DOING: &str = "mend the database";
        let writing = self.begin_writing(DOING).await?;
        let transaction = &writing.transaction;
        let attempt = async {
            let mut to_refetch = keys::movies_with_dangling_links(transaction).await?;
            to_refetch.extend(values::movies_with_bad_values(transaction).await?);
            to_refetch.sort_unstable();
            to_refetch.dedup();
            let rows_removed = keys::remove_dangling(transaction).await? + vectors::remove_bad(transaction).await?;
            let values_cleared = values::clear(transaction).await?;
            let leases_freed = self.free_dead_leases(transaction, presence).await?;
            Ok(Mended { rows_removed, values_cleared, leases_freed, to_refetch })
        };
        let mended = attempt.await.map_err(Error::doing(DOING))?;
        writing.commit(DOING).await?;
        Ok(mended)
    }

    /// Removes genres and cast members that nothing links to; returns how many. It waits for those who save pages, and
    /// they for it, since a link that is being made would go with what it leads to.
    pub async fn remove_unlinked(&self) -> Result<u64, Error> {
        const DOING: &str = "remove what nothing links to";
        let writing = self.begin_writing(DOING).await?;
        let removed = keys::remove_unlinked(&writing.transaction).await.map_err(Error::doing(DOING))?;
        writing.commit(DOING).await?;
        Ok(removed)
    }

    /// Notes that the source has movies after all that are marked as deleted.
    pub async fn unmark_deleted(&self, external_ids: &[i32]) -> Result<(), Error> {
        const DOING: &str = "note that movies are listed again";
        let writing = self.begin_writing(DOING).await?;
        coverage::mark_reappeared(&writing.transaction, external_ids).await?;
        writing.commit(DOING).await
    }
}

impl Finding {
    fn new(kind: &'static str, what: impl Into<String>, detail: String) -> Self {
        Self { kind, what: what.into(), detail }
    }
}

/// Counts the rows of a table for which a condition holds, and names a few of them by a column.
async fn count_with_examples(
    db: &impl ConnectionTrait,
    table: &'static str,
    named_by: &'static str,
    condition: Expr,
) -> Result<Option<(i64, String)>, DbErr> {
    let mut query = Query::select();
    query.expr_as(Expr::col(Asterisk).count(), "found").from(table).and_where(condition.clone());
    let row = db.query_one(&query).await?;
    let found: i64 = row.map(|row| row.try_get("", "found")).transpose()?.unwrap_or_default();
    if found == 0 {
        return Ok(None);
    }
    let mut query = Query::select();
    query
        .distinct()
        .expr_as(Expr::col((table, named_by)).cast_as("text"), "example")
        .from(table)
        .and_where(condition)
        .order_by("example", sea_orm::Order::Asc)
        .limit(EXAMPLES);
    let rows = db.query_all(&query).await?;
    let examples: Result<Vec<Option<String>>, DbErr> = rows.iter().map(|row| row.try_get("", "example")).collect();
    let examples: Vec<String> = examples?.into_iter().map(|name| name.unwrap_or_else(|| "NULL".to_owned())).collect();
    Ok(Some((found, examples.join(", "))))
}

/// Says how many, in words.
fn rows(count: i64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
