//! Runs: pages that count as done without a reading, leases of dead processes, and what failed and is not settled.

use entity::{failure, run_page};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

use super::{Finding, count_with_examples, rows};
use crate::store::retries::runs_of;
use crate::store::{Error, Presence, Store};

/// No process has this number.
const NOBODY: i32 = 0;

const DOING: &str = "verify the runs";

impl Store {
    pub(super) async fn check_runs(&self, presence: Option<&Presence>) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        let is_unread = Expr::col((run_page::Entity, run_page::Column::Status))
            .eq("done")
            .and(Expr::col(run_page::Column::RunId).in_subquery(runs_that_keep_readings()))
            .and(Expr::not_exists(reading()));
        let unread = count_with_examples(&self.db, "run_pages", "run_id", is_unread).await;
        if let Some((count, runs)) = unread.map_err(Error::doing(DOING))? {
            let detail = format!("{} done without a reading, of run {runs}; run again with --fresh", rows(count));
            findings.push(Finding::new("page_without_reading", "run_pages", detail));
        }
        let dead = count_with_examples(&self.db, "run_pages", "run_id", self.lease_is_dead(presence)).await;
        if let Some((count, runs)) = dead.map_err(Error::doing(DOING))? {
            let detail = format!("{} leased by a process that is dead, of run {runs}", rows(count));
            findings.push(Finding::new("dead_lease", "run_pages", detail));
        }
        findings.extend(self.check_failures().await?);
        Ok(findings)
    }

    /// Returns what failed and is not settled, for each part of a catalogue.
    async fn check_failures(&self) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        for scope in self.scopes().await.map_err(Error::doing(DOING))? {
            let (movies, movies_aside) =
                self.open_failures(&self.db, runs_of(&scope), failure::Column::ExternalId).await?;
            let (pages, pages_aside) = self.open_failures(&self.db, runs_of(&scope), failure::Column::Page).await?;
            if movies.len() + pages.len() > 0 {
                let detail = format!(
                    "{} movies and {} pages failed and are not settled; fetch-yts --retry-failed takes them up, \
                     pages with the --limit and the order of their run",
                    movies.len(),
                    pages.len()
                );
                findings.push(Finding::new("open_failures", scope.clone(), detail));
            }
            if movies_aside + pages_aside > 0 {
                let detail = format!(
                    "{movies_aside} movies and {pages_aside} pages failed too often and are set aside; \
                     monitor-progress --failures says why"
                );
                findings.push(Finding::new("set_aside", scope, detail));
            }
        }
        let nameless = failure::Entity::find()
            .filter(failure::COLUMN.resolved_at.is_null())
            .filter(failure::COLUMN.external_id.is_null())
            .filter(failure::COLUMN.stage.ne("list"))
            .count(&self.db);
        let nameless = nameless.await.map_err(Error::doing(DOING))?;
        if nameless > 0 {
            let detail =
                format!("{nameless} entries of list pages could not be read; monitor-progress --failures says why");
            findings.push(Finding::new("open_failures", "movies without a usable id", detail));
        }
        Ok(findings)
    }

    /// Returns the parts of catalogues that runs were about.
    async fn scopes(&self) -> Result<Vec<String>, DbErr> {
        let mut query = Query::select();
        query.distinct().column("scope").from("runs").order_by("scope", sea_orm::Order::Asc);
        self.db.query_all(&query).await?.iter().map(|row| row.try_get("", "scope")).collect()
    }

    /// Frees the leases of dead processes, so that their pages are due.
    pub(super) async fn free_dead_leases(&self, db: &impl ConnectionTrait, presence: &Presence) -> Result<u64, DbErr> {
        let freed = run_page::Entity::update_many()
            .col_expr(run_page::Column::Status, Expr::val("due"))
            .filter(self.lease_is_dead(Some(presence)))
            .exec(db)
            .await?;
        Ok(freed.rows_affected)
    }

    /// Says which leases hold no more. On `SQLite` a bystander can't tell who lives, so that there only time tells.
    fn lease_is_dead(&self, presence: Option<&Presence>) -> Expr {
        let backend = self.backend();
        match presence {
            Some(presence) => Self::lease_is_free(backend, presence.owner),
            None if backend == DbBackend::Postgres => Self::lease_is_free(backend, NOBODY),
            None => Self::lease_has_expired(backend),
        }
    }
}

/// Selects the runs that asked for list pages and keep what those held: making vectors is a run too, of pages that are
/// stretches of movies, and a certified run of every page deletes what earlier ones kept.
fn runs_that_keep_readings() -> SelectStatement {
    let later_proof = Query::select()
        .expr(Expr::val(1))
        .from_as("runs", "later")
        .and_where(Expr::col(("later", "scope")).equals(("runs", "scope")))
        .and_where(Expr::col(("later", "id")).gt(Expr::col(("runs", "id"))))
        .and_where(Expr::col(("later", "distinct_movies")).is_not_null())
        .take();
    Query::select()
        .column("id")
        .from("runs")
        .and_where(Expr::col("requests_list").gt(0))
        .and_where(Expr::not_exists(later_proof))
        .take()
}

/// Selects what a page of a run held.
fn reading() -> SelectStatement {
    let mut reading = Query::select();
    reading
        .expr(Expr::val(1))
        .from("run_readings")
        .and_where(Expr::col(("run_readings", "run_id")).equals(("run_pages", "run_id")))
        .and_where(Expr::col(("run_readings", "page")).equals(("run_pages", "page")));
    reading
}
