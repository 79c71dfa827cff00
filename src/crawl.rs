//! The run itself: begins it or goes on with it, lets the workers work, ends it, and says what came of it.
//!
//! Reads as a table of contents. `plan` says which pages are due, `worker` deals with one after another (`page`), `saver`
//! commits them, `pulse` keeps the run's sign of life, `certify` shows that everything was seen, `summary` adds up. HTTP is [`crate::api`]'s,
//! SQL is [`crate::store`]'s; they meet here.

mod certify;
mod counters;
mod coverage;
mod details;
mod listing;
mod page;
mod plan;
mod politeness;
mod pulse;
mod saver;
mod stop;
mod summary;
mod vectors;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::certify::Coverage;
use self::counters::Counters;
use self::worker::Worker;
use crate::api::{self, Client, ListQuery};
use crate::embed::Embedder;
use crate::progress::{self, Display};
use crate::store::{self, Outcome, Presence, Run, Store, retry};

pub use self::plan::{Forecast, forecast, scope};
pub use self::stop::Stop;
pub use self::summary::{FailureLine, MovieCounts, PageCounts, RequestCounts, Summary};

/// What to do with movies that are in the database already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Leave them.
    #[default]
    Skip,
    /// Bring rating, torrents, seeds and peers up to date from the list page, without one more request.
    Update,
    /// Fetch their details again and update everything.
    Refetch,
}

/// What a crawl is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To read the pages asked for.
    #[default]
    ReadPages,
    /// To stop at the first page on which every movie is known since the last certified run.
    OnlyNew,
    /// To take up what earlier runs recorded as failed, and nothing else.
    RetryFailed,
}

/// What to crawl, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which source this is, as far as resuming goes: mirrors of one catalogue are the same source.
    pub source: String,
    /// What is asked of `list_movies`.
    pub query: ListQuery,
    /// First list page, from 1.
    pub start_page: u32,
    /// List pages at most.
    pub max_pages: Option<u32>,
    /// Tasks that work on pages.
    pub workers: u32,
    /// What to do with movies that are there.
    pub existing: Existing,
    /// What for.
    pub purpose: Purpose,
    /// Mark movies as deleted however many disappeared at once.
    pub allow_mass_deletion: bool,
    /// Begin anew even where an unfinished run could be gone on with.
    pub fresh: bool,
    /// Requests a second, all processes of the database together; 0 means no limit.
    pub rate: f64,
    /// How long to go on trying when the database goes away.
    pub patience: Duration,
    /// How to show progress.
    pub progress: progress::Mode,
    /// What makes the vectors of new movies; none are made without.
    pub embedder: Option<Embedder>,
}

/// Why a crawl could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The source: no mirror answers.
    #[error(transparent)]
    Source(api::Error),
    /// A task died.
    #[error("a worker died: {0}; this is a bug, please report it")]
    Worker(#[from] tokio::task::JoinError),
}

/// What the workers and the pulse of one run share.
#[derive(Clone, Debug)]
struct Shared {
    options: Arc<Options>,
    store: Store,
    client: Client,
    presence: Arc<Presence>,
    run: Run,
    /// The part of the catalogue, where something failed in it earlier that may be settled now.
    open_failures_of: Option<String>,
    /// Until when everything is known, in a run that only looks for what is new.
    trusted_until: Option<DateTime<Utc>>,
    stop: Stop,
    counters: Arc<Counters>,
    /// Wakes workers that wait for pages: there are more, or one fewer.
    pages_changed: Arc<Notify>,
}

/// Crawls until everything is saved, recorded as failed, or stopped. Errors of the source end in the summary, as the
/// run's status, since what was saved until then is worth reporting; errors of the database do not.
pub async fn run(
    mut options: Options,
    store: Store,
    client: Client,
    presence: Presence,
    stop: Stop,
) -> Result<(Summary, Option<Error>), Error> {
    let started = Instant::now();
    let new_run = plan::new_run(&options);
    let run = retry(options.patience, || async { store.open_run(&new_run, options.fresh).await }).await?;
    tracing::info!("run {} {}: {}", run.id, if run.resumed { "goes on" } else { "begins" }, new_run.query);
    let others = retry(options.patience, || async { store.other_sources(&options.source).await }).await?;
    if !others.is_empty() {
        tracing::warn!(
            "this database has movies of another source, too ({}): where both give a movie the same id, it counts as known; \
             give each its own by --database-url",
            others.into_iter().collect::<Vec<_>>().join(", ")
        );
    }
    let start = retry(options.patience, || plan::start(&store, &run, &options)).await?;
    options.embedder = vectors::usable(&store, options.embedder, options.patience).await?;
    let shared = Shared {
        open_failures_of: start.has_open_failures.then_some(new_run.scope),
        trusted_until: start.trusted_until,
        counters: Arc::new(Counters::of_run(start.totals, start.pages_planned)),
        options: Arc::new(options),
        store,
        client,
        presence: Arc::new(presence),
        run,
        stop,
        pages_changed: Arc::new(Notify::new()),
    };
    // First, for it may fail, and the others would go on without the run.
    let politeness = politeness::start(shared.clone()).await?;
    let display = Display::start(shared.options.progress, shared.clone().reader(started));
    let pulse = pulse::start(shared.clone());
    let (trouble, coverage) = shared.work_until_covered().await;
    drop(politeness);
    pulse.stop().await;
    display.stop().await;
    shared.conclude(started, trouble, coverage).await
}

impl Shared {
    /// Lets the workers work until nothing is left, or until one of them meets what none can get past.
    async fn work(&self) -> Option<Error> {
        let mut tasks = JoinSet::new();
        let (savers, ready) = saver::savers(self);
        for saver in savers {
            tasks.spawn(saver.work());
        }
        let seen_before = Arc::default();
        for _ in 0..self.options.workers {
            tasks.spawn(Worker::new(self.clone(), ready.clone(), Arc::clone(&seen_before)).work());
        }
        // With the last worker's, the queue ends, and so do the savers.
        drop(ready);
        let mut trouble = None;
        while let Some(ended) = tasks.join_next().await {
            let result = ended.map_err(Error::from).flatten();
            if let Err(error) = result
                && trouble.is_none()
            {
                // The others would meet the same; their pages are given back.
                self.stop.now();
                trouble = Some(error);
            }
        }
        trouble
    }

    /// Ends the run and adds it up.
    async fn conclude(
        &self,
        started: Instant,
        trouble: Option<Error>,
        coverage: Coverage,
    ) -> Result<(Summary, Option<Error>), Error> {
        if let Some(Error::Store(error)) = trouble {
            return Err(Error::Store(self.presence.file_lost().unwrap_or(error)));
        }
        let (store, run_id, owner) = (&self.store, self.run.id, self.presence.owner);
        // Nothing counts as saved in a file that was removed.
        retry(self.options.patience, || self.presence.renew()).await?;
        let totals = retry(self.options.patience, || async { store.run_totals(run_id).await }).await?;
        let failure_count = retry(self.options.patience, || async { store.failure_count(run_id).await }).await?;
        let (outcome, message) = match (&trouble, coverage) {
            (Some(trouble), _) => (Outcome::Failed, Some(trouble.to_string())),
            (None, _) if totals.open > 0 => (Outcome::Interrupted, None),
            (None, Coverage::NotShown(reason)) => (Outcome::Incomplete, Some(reason)),
            (None, _) if failure_count > 0 => (Outcome::Incomplete, None),
            (None, _) => (Outcome::Complete, None),
        };
        retry(self.options.patience, || async { store.end_run(run_id, owner, outcome, message.as_deref()).await })
            .await?;
        // What stopped a run is told by its error.
        let message = message.filter(|_| trouble.is_none());
        let summary = summary::add_up(self, (outcome, message), totals, started.elapsed()).await?;
        if matches!(outcome, Outcome::Complete | Outcome::Incomplete) {
            self.settle_search(started.elapsed()).await;
        }
        Ok((summary, trouble))
    }

    /// Returns a function that reads how far the crawl is.
    fn reader(self, started: Instant) -> impl Fn() -> progress::Reading + Send + 'static {
        move || progress::Reading {
            requests: self.client.traffic().total,
            pause_left: self.client.pause_left(),
            elapsed: started.elapsed(),
            ..self.counters.read()
        }
    }
}
