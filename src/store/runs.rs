//! Runs: begins them or goes on with them, keeps their sign of life, ends them, adds up their figures.
//!
//! The pages of a run, and who works on them, are in `claims`.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{run, run_page};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, RuntimeErr,
};

use super::{Error, Presence, Store, bulk, dialect, silence};

/// The statuses of a run that goes on when the same is asked again.
pub(super) const UNFINISHED: [&str; 3] = ["running", "interrupted", "failed"];

/// How long a sign of life may take, well within the term of a lease.
const LONGEST_BEAT: Duration = Duration::from_secs(10);

const BEATING: &str = "keep the run's sign of life";

/// What a run asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Everything that makes two runs the same, in one canonical line.
    pub query: String,
    /// What part of which catalogue it is about, in one canonical line.
    pub scope: String,
    /// First list page.
    pub start_page: u32,
    /// List pages at most.
    pub max_pages: Option<u32>,
    /// Movies a page.
    pub page_limit: u32,
}

/// A run that was begun or gone on with.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id.
    pub id: i64,
    /// First list page.
    pub start_page: u32,
    /// List pages at most.
    pub max_pages: Option<u32>,
    /// Movies a page.
    pub page_limit: u32,
    /// Whether it was there before.
    pub resumed: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every page is done, nothing failed, and where everything was to be seen, that is shown.
    Complete,
    /// Every page was tried, and something failed, or it cannot be shown that everything was seen.
    Incomplete,
    /// Stopped by the user; it goes on when asked again.
    Interrupted,
    /// Stopped by the source; it goes on when asked again, as one does that the database stopped, which can note nothing.
    Failed,
}

impl Outcome {
    /// Returns the word for it, in the database and in the summary.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// What a process asked of the source since it last reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests in all.
    pub total: u64,
    /// Requests for list pages.
    pub list: u64,
    /// Requests for details.
    pub details: u64,
    /// Requests sent again after a failure.
    pub retried: u64,
    /// Bytes of the answers, decoded.
    pub bytes: u64,
}

/// The figures of a run, over all processes, from its pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct RunTotals {
    /// Pages that are due or leased.
    pub open: i64,
    /// Pages done.
    pub done: i64,
    /// Pages given up.
    pub given_up: i64,
    /// Movies listed.
    pub listed: i64,
    /// Movies saved new.
    pub saved: i64,
    /// Movies changed.
    pub updated: i64,
    /// Movies left as they were.
    pub skipped: i64,
    /// Movies that failed.
    pub failed: i64,
}

impl Store {
    /// Goes on with the unfinished run of the same query, or begins one; `fresh` gives up the unfinished one first.
    ///
    /// Two processes that ask for the same at the same moment get the same run.
    pub async fn open_run(&self, new: &NewRun, fresh: bool) -> Result<Run, Error> {
        const DOING: &str = "begin the run";
        let writing = self.begin_writing(DOING).await?;
        let transaction = &writing.transaction;
        let unfinished = run::COLUMN.query.eq(new.query.as_str()).and(run::COLUMN.status.is_in(UNFINISHED));
        if fresh {
            let abandon = run::Entity::update_many().col_expr(run::Column::Status, Expr::val("abandoned"));
            abandon.filter(unfinished.clone()).exec(transaction).await.map_err(Error::doing(DOING))?;
        }
        let conflict = OnConflict::new().do_nothing().to_owned();
        // What is saved from now on is told from what was there by this time, so both are the database's.
        let now = dialect::database_time(transaction).await.map_err(Error::doing(DOING))?;
        let row = run::ActiveModel {
            query: Set(new.query.clone()),
            scope: Set(new.scope.clone()),
            status: Set("running".to_owned()),
            start_page: Set(new.start_page.cast_signed()),
            max_pages: Set(new.max_pages.map(u32::cast_signed)),
            page_limit: Set(new.page_limit.cast_signed()),
            started_at: Set(now),
            heartbeat_at: Set(now),
            ..Default::default()
        };
        let begun = bulk::insert_returning(transaction, vec![row], None, &conflict, &[run::Column::Id]);
        let resumed = begun.await.map_err(Error::doing(DOING))?.is_empty();
        let row = run::Entity::find().filter(unfinished).order_by_desc(run::COLUMN.id).one(transaction).await;
        let row = row.map_err(Error::doing(DOING))?.ok_or(Error::RunEnded)?;
        let run = Run {
            id: row.id,
            start_page: row.start_page.cast_unsigned(),
            max_pages: row.max_pages.map(i32::cast_unsigned),
            page_limit: row.page_limit.cast_unsigned(),
            resumed,
        };
        self.set_status(transaction, run.id, "running", None).await?;
        writing.commit(DOING).await?;
        Ok(run)
    }

    /// Keeps the sign of life of this process, of a run and of the pages in hand, and adds to what was asked of the source.
    /// Gives up after a while: on a connection that fell silent, leases must not expire before another is tried.
    pub async fn heartbeat(&self, run_id: i64, presence: &Presence, traffic: Traffic) -> Result<(), Error> {
        let beating = async {
            presence.renew().await?;
            self.beat(run_id, presence, traffic).await
        };
        let silent = || DbErr::Conn(RuntimeErr::SqlxError(silence::error(LONGEST_BEAT).into()));
        tokio::time::timeout(LONGEST_BEAT, beating).await.unwrap_or_else(|_| Err(Error::doing(BEATING)(silent())))
    }

    async fn beat(&self, run_id: i64, presence: &Presence, traffic: Traffic) -> Result<(), Error> {
        let writing = self.begin_writing(BEATING).await?;
        let add =
            |column: run::Column, count: u64| (column, Expr::col(column).add(i64::try_from(count).unwrap_or(i64::MAX)));
        let mut update = run::Entity::update_many()
            .col_expr(run::Column::HeartbeatAt, dialect::now(self.backend()))
            .filter(run::COLUMN.id.eq(run_id));
        for (column, sum) in [
            add(run::Column::RequestsTotal, traffic.total),
            add(run::Column::RequestsList, traffic.list),
            add(run::Column::RequestsDetails, traffic.details),
            add(run::Column::RequestsRetried, traffic.retried),
            add(run::Column::Bytes, traffic.bytes),
        ] {
            update = update.col_expr(column, sum);
        }
        update.exec(&writing.transaction).await.map_err(Error::doing(BEATING))?;
        self.renew_leases(&writing.transaction, run_id, presence).await?;
        writing.commit(BEATING).await
    }

    /// Ends a run, or leaves it to be gone on with. A run that was stopped here while others work on it stays "running",
    /// and one that another process finished, or gave up for a fresh one, stays so.
    pub async fn end_run(&self, run_id: i64, owner: i32, outcome: Outcome, message: Option<&str>) -> Result<(), Error> {
        const DOING: &str = "end the run";
        let writing = self.begin_writing(DOING).await?;
        let others_work = run_page::Entity::find()
            .filter(run_page::COLUMN.run_id.eq(run_id))
            .filter(run_page::COLUMN.status.eq("leased"))
            .filter(run_page::COLUMN.lease_owner.ne(owner))
            .filter(Self::lease_is_free(self.backend(), owner).not())
            .count(&writing.transaction);
        if others_work.await.map_err(Error::doing(DOING))? == 0 {
            self.set_status(&writing.transaction, run_id, outcome.as_str(), message).await?;
        }
        writing.commit(DOING).await
    }

    async fn set_status(
        &self,
        connection: &impl ConnectionTrait,
        run_id: i64,
        status: &str,
        message: Option<&str>,
    ) -> Result<(), Error> {
        let now = dialect::now(self.backend());
        let finished_at = if status == "running" { Expr::val(None::<DateTime<Utc>>) } else { now.clone() };
        let update = run::Entity::update_many()
            .col_expr(run::Column::Status, Expr::val(status))
            .col_expr(run::Column::Message, Expr::val(message.map(str::to_owned)))
            .col_expr(run::Column::HeartbeatAt, now)
            .col_expr(run::Column::FinishedAt, finished_at)
            .filter(run::COLUMN.id.eq(run_id))
            .filter(run::COLUMN.status.is_in(UNFINISHED));
        update.exec(connection).await.map_err(Error::doing("set the run's status"))?;
        Ok(())
    }

    /// Adds up the pages of a run.
    pub async fn run_totals(&self, run_id: i64) -> Result<RunTotals, Error> {
        let sum = |column: run_page::Column| {
            Expr::from(Func::coalesce([Expr::col(column).sum(), Expr::val(0)])).cast_as("bigint")
        };
        let count_of = |statuses: &[&'static str]| {
            let is_one = Expr::col(run_page::Column::Status).is_in(statuses.iter().copied());
            let one = Expr::case(is_one, 1).finally(0);
            Expr::from(Func::coalesce([Expr::from(Func::sum(one)), Expr::val(0)])).cast_as("bigint")
        };
        run_page::Entity::find()
            .select_only()
            .column_as(count_of(&["due", "leased"]), "open")
            .column_as(count_of(&["done"]), "done")
            .column_as(count_of(&["failed"]), "given_up")
            .column_as(sum(run_page::Column::Listed), "listed")
            .column_as(sum(run_page::Column::Saved), "saved")
            .column_as(sum(run_page::Column::Updated), "updated")
            .column_as(sum(run_page::Column::Skipped), "skipped")
            .column_as(sum(run_page::Column::Failed), "failed")
            .filter(run_page::COLUMN.run_id.eq(run_id))
            .into_model()
            .one(&self.db)
            .await
            .map(Option::unwrap_or_default)
            .map_err(Error::doing("add up the run"))
    }

    /// Returns the other sources that there were runs about. Their movies count as known, whatever they are.
    pub async fn other_sources(&self, source: &str) -> Result<BTreeSet<String>, Error> {
        let scopes = run::Entity::find().select_only().column(run::Column::Scope).distinct();
        let scopes: Vec<String> =
            scopes.into_tuple().all(&self.db).await.map_err(Error::doing("look for other sources"))?;
        let sources = scopes.iter().filter_map(|scope| scope.strip_prefix("source=")?.split(' ').next());
        Ok(sources.filter(|other| *other != source).map(str::to_owned).collect())
    }

    /// Says whether there was a run about this part of a catalogue.
    pub async fn has_run_of(&self, scope: &str) -> Result<bool, Error> {
        let runs = run::Entity::find().filter(run::COLUMN.scope.eq(scope)).count(&self.db).await;
        Ok(runs.map_err(Error::doing("look for a run"))? > 0)
    }

    /// Returns how many list pages the run has to read, as far as known.
    pub async fn pages_planned(&self, run_id: i64) -> Result<u32, Error> {
        let planned = run::Entity::find_by_id(run_id)
            .select_only()
            .column(run::Column::PagesPlanned)
            .into_tuple::<i32>()
            .one(&self.db)
            .await
            .map_err(Error::doing("read the run's plan"))?;
        Ok(planned.unwrap_or_default().cast_unsigned())
    }
}
