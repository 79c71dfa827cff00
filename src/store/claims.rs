//! Pages as work: which are due, who has one, and that it is done. The unit of resume and of sharing a run.
//!
//! A claim is a lease with a fencing token. The token is checked in the transaction that saves the page, so a process
//! that was stopped, or cut off, past its lease cannot commit what another has taken over.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{run, run_page};
use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, LockBehavior, LockType, OnConflict, Query, TableRef, UpdateStatement, Value,
    ValueTuple,
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryResult,
    QuerySelect, Select, UpdateMany,
};

use super::presence::{Presence, owner_is_gone};
use super::save::Saved;
use super::{Error, PageReading, Run, Store, bulk, coverage, dialect};

/// How long a lease lasts unless it is renewed; renewals come several times within it.
const LEASE_TERM: Duration = Duration::from_secs(30);

/// Pages that are planned in one go, so that the memory for a long list stays bounded.
const PAGES_AT_ONCE: u32 = 10_000;

/// The right to work on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run_id: i64,
    /// The list page.
    pub page: i32,
    /// The pass over the list in which it is to be read, from 1.
    pub pass: i32,
    /// Whether it was read in this run before.
    pub is_read_again: bool,
    /// Fencing token.
    token: i64,
}

/// What a worker is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Work on these pages, of which there is at least one.
    Pages(Vec<Lease>),
    /// Others work on what is left; ask again later.
    Wait,
    /// Nothing is left.
    Finished,
}

impl Lease {
    fn from_row(run_id: i64, row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            run_id,
            page: row.try_get("", "page")?,
            pass: row.try_get("", "pass")?,
            is_read_again: row.try_get::<Option<DateTime<Utc>>>("", "finished_at")?.is_some(),
            token: row.try_get("", "lease_token")?,
        })
    }
}

impl Store {
    /// Makes sure that the run has the pages up to `last_page`; what it has stays as it is. Where the first page told of them,
    /// what it held is kept too, since all of them are read after it, even if it is not saved before the process dies.
    pub async fn plan_pages(&self, run: &Run, last_page: u32, told_by: Option<&PageReading>) -> Result<(), Error> {
        const DOING: &str = "plan the run's pages";
        let writing = self.begin_writing(DOING).await?;
        let transaction = &writing.transaction;
        let planned = last_page.saturating_sub(run.start_page) + 1;
        let higher = Expr::case(Expr::col(run::Column::PagesPlanned).lt(planned), planned);
        let mut grow = run::Entity::update_many()
            .col_expr(run::Column::PagesPlanned, higher.finally(Expr::col(run::Column::PagesPlanned)).into())
            .filter(run::COLUMN.id.eq(run.id));
        if let Some(&PageReading { movie_count, .. }) = told_by {
            let at_start = [Expr::col(run::Column::MovieCountAtStart), Expr::val(movie_count)];
            grow = grow
                .col_expr(run::Column::MovieCount, Expr::val(movie_count))
                .col_expr(run::Column::MovieCountAtStart, Func::coalesce(at_start).into());
        }
        grow.exec(transaction).await.map_err(Error::doing(DOING))?;
        if let Some(first) = told_by.filter(|reading| reading.page == 1) {
            let top = PageReading { page: PageReading::TOP, ..first.clone() };
            coverage::record(transaction, run.id, &[&top]).await?;
        }
        let known = OnConflict::new().do_nothing().to_owned();
        for first in (run.start_page..=last_page).step_by(PAGES_AT_ONCE as usize) {
            let pages = (first..=last_page).take(PAGES_AT_ONCE as usize).map(|page| run_page::ActiveModel {
                run_id: Set(run.id),
                page: Set(page.cast_signed()),
                status: Set("due".to_owned()),
                ..Default::default()
            });
            bulk::insert(transaction, pages.collect(), Some(&known)).await.map_err(Error::doing(DOING))?;
        }
        writing.commit(DOING).await
    }

    /// Claims the next pages, so many at most: those that are due, or whose holder is dead or has let its lease expire.
    pub async fn claim(&self, run_id: i64, owner: i32, at_most: u32) -> Result<Claim, Error> {
        const DOING: &str = "claim pages";
        let backend = self.backend();
        let mut next = Query::select();
        next.column(run_page::Column::Page)
            .from(run_page::Entity)
            .and_where(Expr::col(run_page::Column::RunId).eq(run_id))
            .and_where(Expr::col(run_page::Column::Status).eq("due").or(Self::lease_is_free(backend, owner)))
            .order_by(run_page::Column::Page, sea_orm::Order::Asc)
            .limit(at_most.into());
        let is_next = match backend {
            // Not IN: PostgreSQL may look into that again for every page, and each look locks more of them.
            DbBackend::Postgres => {
                next.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
                Expr::col(run_page::Column::Page).eq(PgFunc::any(Func::cust("ARRAY").arg(next)))
            }
            _ => Expr::col(run_page::Column::Page).in_subquery(next),
        };
        let mut take = Query::update();
        take.table(run_page::Entity)
            .value(run_page::Column::Status, "leased")
            .value(run_page::Column::LeaseOwner, owner)
            .value(run_page::Column::LeaseToken, Expr::col(run_page::Column::LeaseToken).add(1))
            .value(run_page::Column::LeaseExpiresAt, dialect::now_plus(backend, LEASE_TERM))
            .and_where(Expr::col(run_page::Column::RunId).eq(run_id))
            .and_where(is_next)
            .returning(Query::returning().columns([
                run_page::Column::Page,
                run_page::Column::LeaseToken,
                run_page::Column::Pass,
                run_page::Column::FinishedAt,
            ]));
        let claimed = self.write(&take).await.map_err(Error::doing(DOING))?;
        if claimed.is_empty() {
            return Ok(if self.has_open_pages(run_id).await? { Claim::Wait } else { Claim::Finished });
        }
        let leases: Result<Vec<Lease>, DbErr> = claimed.iter().map(|row| Lease::from_row(run_id, row)).collect();
        let mut leases = leases.map_err(Error::doing(DOING))?;
        leases.sort_unstable_by_key(|lease| lease.page);
        Ok(Claim::Pages(leases))
    }

    /// Says whether pages of the run are due or in somebody's hand.
    async fn has_open_pages(&self, run_id: i64) -> Result<bool, Error> {
        let open = run_page::Entity::find()
            .filter(run_page::COLUMN.run_id.eq(run_id))
            .filter(run_page::COLUMN.status.is_in(["due", "leased"]))
            .select_only()
            .column(run_page::Column::Page)
            .into_tuple::<i32>()
            .one(&self.db);
        Ok(open.await.map_err(Error::doing("look for open pages"))?.is_some())
    }

    /// Gives pages back, to be claimed again; those that are saved already stay so.
    pub async fn release(&self, leases: &[Lease]) -> Result<(), Error> {
        const DOING: &str = "give pages back";
        let writing = self.begin_writing(DOING).await?;
        for lease in leases {
            let due = Self::held(*lease).col_expr(run_page::Column::Status, Expr::val("due"));
            due.exec(&writing.transaction).await.map_err(Error::doing(DOING))?;
        }
        writing.commit(DOING).await
    }

    /// Marks pages as done, or given up, within the transaction that saves them; fails where a lease was lost, and where a
    /// page was saved before.
    pub(super) async fn finish_pages(
        &self,
        transaction: &impl ConnectionTrait,
        pages: &[(Lease, Saved)],
        status: &'static str,
    ) -> Result<(), Error> {
        let Some(&(first, _)) = pages.first() else { return Ok(()) };
        let finish = self.finish_statement(first.run_id, pages, status);
        let finished = transaction.execute(&finish).await.map_err(Error::doing("mark pages as done"))?;
        if finished.rows_affected() == pages.len() as u64 {
            return Ok(());
        }
        if pages.len() > 1 {
            return Err(Error::NotTogether);
        }
        let page = first.page;
        let is_ours = Self::under(first).filter(run_page::COLUMN.status.is_in(["done", "failed"])).count(transaction);
        let is_ours = is_ours.await.map_err(Error::doing("look who saved the page"))? > 0;
        Err(if is_ours { Error::SavedBefore { page } } else { Error::LeaseLost { page } })
    }

    /// Returns the statement that finishes those of the pages whose leases hold.
    fn finish_statement(&self, run_id: i64, pages: &[(Lease, Saved)], status: &'static str) -> UpdateStatement {
        // As both databases call the columns of a list of values.
        let of_list = |number: usize| Expr::col(("finished", Alias::new(format!("column{number}"))));
        let of_page = |column: run_page::Column| Expr::col((run_page::Entity, column));
        let rows = pages.iter().map(|(lease, saved)| {
            let counts = [saved.listed, saved.saved, saved.updated, saved.skipped, saved.failed];
            let counts = counts.map(|count| Value::from(count.cast_signed()));
            ValueTuple::Many([lease.page.into(), lease.token.into()].into_iter().chain(counts).collect())
        });
        let mut finish = Query::update();
        finish
            .table(run_page::Entity)
            .from(TableRef::ValuesList(rows.collect(), "finished".into()))
            .value(run_page::Column::Status, status)
            .value(run_page::Column::FinishedAt, dialect::now(self.backend()))
            .and_where(of_page(run_page::Column::RunId).eq(run_id))
            .and_where(of_page(run_page::Column::Page).eq(of_list(1)))
            .and_where(of_page(run_page::Column::LeaseToken).eq(of_list(2)))
            .and_where(of_page(run_page::Column::Status).eq("leased"));
        // A page that is read again adds what it had missed.
        let counts = [
            run_page::Column::Listed,
            run_page::Column::Saved,
            run_page::Column::Updated,
            run_page::Column::Skipped,
            run_page::Column::Failed,
        ];
        for (column, number) in counts.into_iter().zip(3..) {
            finish.value(column, of_page(column).add(of_list(number)));
        }
        finish
    }

    /// Returns the figures of a page that was saved, of all its readings.
    pub(super) async fn figures_of(&self, lease: Lease) -> Result<Saved, Error> {
        let row = Self::under(lease).one(&self.db).await.map_err(Error::doing("read a page's figures"))?;
        Ok(row.map_or_else(Saved::default, |row| Saved {
            listed: row.listed.cast_unsigned(),
            saved: row.saved.cast_unsigned(),
            updated: row.updated.cast_unsigned(),
            skipped: row.skipped.cast_unsigned(),
            failed: row.failed.cast_unsigned(),
        }))
    }

    /// Extends the leases of the pages that a process has in hand. One that it holds without knowing, since the answer to
    /// its claim was lost, expires and is free again.
    pub(super) async fn renew_leases(
        &self,
        connection: &impl ConnectionTrait,
        run_id: i64,
        presence: &Presence,
    ) -> Result<(), Error> {
        run_page::Entity::update_many()
            .col_expr(run_page::Column::LeaseExpiresAt, dialect::now_plus(self.backend(), LEASE_TERM))
            .filter(run_page::COLUMN.run_id.eq(run_id))
            .filter(run_page::COLUMN.status.eq("leased"))
            .filter(run_page::COLUMN.lease_owner.eq(presence.owner))
            .filter(run_page::COLUMN.page.is_in(presence.pages_in_hand()))
            .exec(connection)
            .await
            .map_err(Error::doing("renew the leases"))?;
        Ok(())
    }

    /// Returns an update of the page that works only as long as the lease holds.
    fn held(lease: Lease) -> UpdateMany<run_page::Entity> {
        run_page::Entity::update_many()
            .filter(run_page::COLUMN.run_id.eq(lease.run_id))
            .filter(run_page::COLUMN.page.eq(lease.page))
            .filter(run_page::COLUMN.status.eq("leased"))
            .filter(run_page::COLUMN.lease_token.eq(lease.token))
    }

    /// Selects the page as long as nobody has claimed it since, be it in work or done.
    fn under(lease: Lease) -> Select<run_page::Entity> {
        run_page::Entity::find()
            .filter(run_page::COLUMN.run_id.eq(lease.run_id))
            .filter(run_page::COLUMN.page.eq(lease.page))
            .filter(run_page::COLUMN.lease_token.eq(lease.token))
    }

    /// Says which leases hold no more: they have expired, or their holder is dead. On SQLite, whose one writer holds the
    /// file's lock, only the latter: a clock that jumps must not take pages from workers that live.
    pub(super) fn lease_is_free(backend: DbBackend, owner: i32) -> Expr {
        let gone = Expr::cust(format!("({})", owner_is_gone(backend, owner)));
        let gone = Expr::col(run_page::Column::Status).eq("leased").and(gone);
        match backend {
            DbBackend::Postgres => Self::lease_has_expired(backend).or(gone),
            _ => gone,
        }
    }

    /// Says which leases have expired.
    pub(super) fn lease_has_expired(backend: DbBackend) -> Expr {
        let expired = Expr::col(run_page::Column::LeaseExpiresAt).lt(dialect::now(backend));
        Expr::col(run_page::Column::Status).eq("leased").and(expired)
    }
}
