//! Failures as work: takes up what earlier runs recorded, and notes what has been settled since.
//!
//! A movie or page that failed too often is set aside: it stays on record and no longer costs a request here.

use entity::{failure, run, run_page, run_reading};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{Error, Run, Store, bulk, dialect};

/// After so many failures a movie or page is set aside.
const MAX_FAILURES_BEFORE_SET_ASIDE: i64 = 5;

/// What a retry run takes up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryPlan {
    /// Movies whose details are to be fetched.
    pub movies: usize,
    /// List pages to be read.
    pub pages: usize,
    /// Movies and pages that failed too often to be taken up.
    pub set_aside: usize,
}

impl Store {
    /// Makes what failed earlier, in this part of the catalogue, due in a run: movies in batches under page numbers below
    /// zero, list pages under their own. Of those only the ones of runs whose line ends with `list`: with other pages the
    /// same number means other movies.
    pub async fn plan_retry(&self, run: &Run, scope: &str, list: &str) -> Result<RetryPlan, Error> {
        const DOING: &str = "take up what failed";
        let writing = self.begin_writing(DOING).await?;
        let transaction = &writing.transaction;
        if self.is_planned(transaction, run).await? {
            // Another process was here at the same moment.
            return Ok(RetryPlan::default());
        }
        let (movies, movies_aside) =
            self.open_failures(transaction, runs_of(scope), failure::Column::ExternalId).await?;
        let (pages, pages_aside) =
            self.open_failures(transaction, runs_with_list(scope, list), failure::Column::Page).await?;
        let movies: Vec<i32> = movies.into_iter().filter_map(|id| i32::try_from(id).ok()).collect();
        let pages: Vec<i32> = pages.into_iter().filter_map(|page| i32::try_from(page).ok()).collect();
        let batches: Vec<(i32, &[i32])> =
            (1..).map(|number: i32| -number).zip(movies.chunks(run.page_limit as usize)).collect();
        let readings = batches.iter().map(|(page, ids)| run_reading::ActiveModel {
            run_id: Set(run.id),
            page: Set(*page),
            pass: Set(0),
            movie_count: Set(0),
            external_ids: Set(ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
            ..Default::default()
        });
        bulk::insert(transaction, readings.collect(), None).await.map_err(Error::doing(DOING))?;
        let due = batches.iter().map(|(page, _)| *page).chain(pages.iter().copied());
        let due: Vec<_> = due
            .map(|page| run_page::ActiveModel {
                run_id: Set(run.id),
                page: Set(page),
                status: Set("due".to_owned()),
                ..Default::default()
            })
            .collect();
        let planned = i32::try_from(due.len()).unwrap_or(i32::MAX);
        bulk::insert(transaction, due, None).await.map_err(Error::doing(DOING))?;
        run::Entity::update_many()
            .col_expr(run::Column::PagesPlanned, Expr::val(planned))
            .filter(run::COLUMN.id.eq(run.id))
            .exec(transaction)
            .await
            .map_err(Error::doing(DOING))?;
        let plan = RetryPlan { movies: movies.len(), pages: pages.len(), set_aside: movies_aside + pages_aside };
        writing.commit(DOING).await?;
        Ok(plan)
    }

    /// Says whether the run has pages, once no other process is about to give it some.
    async fn is_planned(&self, connection: &impl ConnectionTrait, run: &Run) -> Result<bool, Error> {
        let mut query = run::Entity::find_by_id(run.id);
        if self.backend() == DbBackend::Postgres {
            query = query.lock_exclusive();
        }
        let row = query.one(connection).await.map_err(Error::doing("look at the run's plan"))?;
        Ok(row.is_some_and(|row| row.pages_planned > 0))
    }

    /// Returns the movies, or the pages, with failures that are not settled in these runs, and how many more are set
    /// aside.
    pub(super) async fn open_failures(
        &self,
        connection: &impl ConnectionTrait,
        runs: SelectStatement,
        column: failure::Column,
    ) -> Result<(Vec<i64>, usize), Error> {
        let mut query = failure::Entity::find()
            .select_only()
            .column_as(Expr::col(column).cast_as("bigint"), "what")
            // What one attempt loses may be several parts.
            .column_as(Expr::col(failure::Column::RunId).count_distinct(), "attempts")
            .filter(failure::COLUMN.resolved_at.is_null())
            .filter(Expr::col(column).is_not_null())
            .filter(Expr::col(failure::Column::RunId).in_subquery(runs))
            .group_by(Expr::col(column))
            .order_by_asc(Expr::col(column));
        if matches!(column, failure::Column::Page) {
            query = query.filter(is_of_page());
        }
        let rows: Vec<(i64, i64)> =
            query.into_tuple().all(connection).await.map_err(Error::doing("read what failed"))?;
        let (taken_up, set_aside): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|(_, attempts)| *attempts < MAX_FAILURES_BEFORE_SET_ASIDE);
        Ok((taken_up.into_iter().map(|(what, _)| what).collect(), set_aside.len()))
    }

    /// Says whether anything that failed in this part of the catalogue is not settled.
    pub async fn has_open_failures(&self, scope: &str) -> Result<bool, Error> {
        let open = failure::Entity::find()
            .filter(failure::COLUMN.resolved_at.is_null())
            .filter(Expr::col(failure::Column::RunId).in_subquery(runs_of(scope)))
            .count(&self.db);
        Ok(open.await.map_err(Error::doing("read what failed"))? > 0)
    }

    /// Returns the movies of a batch that was planned by [`Store::plan_retry`].
    pub async fn batch(&self, run_id: i64, page: i32) -> Result<Vec<i32>, Error> {
        let row = run_reading::Entity::find()
            .filter(run_reading::COLUMN.run_id.eq(run_id))
            .filter(run_reading::COLUMN.page.eq(page))
            .order_by_asc(run_reading::COLUMN.id)
            .one(&self.db)
            .await
            .map_err(Error::doing("read a batch of movies"))?;
        let ids = row.map(|row| row.external_ids).unwrap_or_default();
        Ok(ids.split(',').filter_map(|id| id.parse().ok()).collect())
    }
}

/// What a page settles: movies that are there now, and the page itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Movies by the source's ids.
    pub external_ids: Vec<i32>,
    /// The part of the catalogue.
    pub scope: String,
    /// What the lines of runs end with whose page of this number is the same page.
    pub list: String,
}

/// Notes that failures are settled, within the transaction that settles them.
pub(super) async fn settle(connection: &impl ConnectionTrait, page: i32, settled: &Settled) -> Result<(), Error> {
    let external_ids: Vec<i64> = settled.external_ids.iter().copied().map(i64::from).collect();
    let of_movies = dialect::is_any_of(connection.get_database_backend(), failure::Column::ExternalId, &external_ids);
    let of_page = Expr::col(failure::Column::Page)
        .eq(page)
        .and(Expr::col(failure::Column::RunId).in_subquery(runs_with_list(&settled.scope, &settled.list)))
        .and(is_of_page());
    resolve(connection, runs_of(&settled.scope), of_movies.or(of_page)).await
}

/// Notes that the list pages that failed are settled, in the part of the catalogue that a run has seen as a whole.
pub(super) async fn settle_pages(connection: &impl ConnectionTrait, run_id: i64) -> Result<(), Error> {
    let scope =
        Query::select().column(run::Column::Scope).from(run::Entity).and_where(run::COLUMN.id.eq(run_id)).take();
    let runs = Query::select()
        .column(run::Column::Id)
        .from(run::Entity)
        .and_where(Expr::col(run::Column::Scope).in_subquery(scope))
        .take();
    resolve(connection, runs, is_of_page()).await
}

/// Says that a list page failed as a whole.
fn is_of_page() -> Expr {
    failure::COLUMN.external_id.is_null().and(failure::COLUMN.stage.eq("list"))
}

async fn resolve(connection: &impl ConnectionTrait, runs: SelectStatement, which: Expr) -> Result<(), Error> {
    failure::Entity::update_many()
        .col_expr(failure::Column::ResolvedAt, dialect::now(connection.get_database_backend()))
        .filter(failure::COLUMN.resolved_at.is_null())
        .filter(Expr::col(failure::Column::RunId).in_subquery(runs))
        .filter(which)
        .exec(connection)
        .await
        .map_err(Error::doing("note that failures are settled"))?;
    Ok(())
}

/// Selects the runs about a part of the catalogue.
pub(super) fn runs_of(scope: &str) -> SelectStatement {
    Query::select().column(run::Column::Id).from(run::Entity).and_where(run::COLUMN.scope.eq(scope)).take()
}

/// Selects those of them whose pages hold the same movies: the runs whose line ends with `list`.
fn runs_with_list(scope: &str, list: &str) -> SelectStatement {
    let escaped = list.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let ends_with_list = LikeExpr::new(format!("%{escaped}")).escape('\\');
    runs_of(scope).and_where(Expr::col(run::Column::Query).like(ends_with_list)).take()
}
