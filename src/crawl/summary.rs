//! What came of a run: the same figures for people and for programs.
//!
//! Pages, movies and failures are those of the whole run, from the database, whichever process did them and whenever.
//! Requests, bytes and seconds are what this process spent.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Error, Shared};
use crate::progress::clock;
use crate::store::{FailureRow, Outcome, RunTotals, retry};

/// How many failures a summary lists; `monitor-progress --failures` shows them all.
const MAX_FAILURES: u64 = 1000;

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The run.
    pub run_id: i64,
    /// `complete`, `incomplete`, `interrupted` or `failed`.
    pub status: &'static str,
    /// The same, for programs in Rust.
    #[serde(skip)]
    pub outcome: Outcome,
    /// Why it is incomplete though nothing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Pages of the run.
    pub pages: PageCounts,
    /// Movies of the run.
    pub movies: MovieCounts,
    /// Requests of this process.
    pub requests: RequestCounts,
    /// Bytes of the answers to this process, decoded.
    pub bytes: u64,
    /// Seconds that this process took.
    pub seconds: f64,
    /// Movies that this process dealt with a second.
    pub movies_per_second: f64,
    /// What failed in the run.
    pub failures: Vec<FailureLine>,
}

/// Pages of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PageCounts {
    /// To be read, as far as known.
    pub planned: u64,
    /// Done.
    pub done: u64,
    /// Given up.
    pub failed: u64,
}

/// Movies of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MovieCounts {
    /// On the pages done; the sum of the others.
    pub listed: u64,
    /// Saved new.
    pub saved: u64,
    /// There, and changed.
    pub updated: u64,
    /// There, and left as they were.
    pub skipped: u64,
    /// Not to be had, or refused by the database.
    pub failed: u64,
}

/// Requests of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    /// In all.
    pub total: u64,
    /// For list pages.
    pub list: u64,
    /// For details.
    pub details: u64,
    /// Sent again after a failure; they count in the figures above too.
    pub retried: u64,
}

/// A failure: of a movie where it has an id, else of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureLine {
    /// The movie, by the source's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<i64>,
    /// The list page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<i32>,
    /// `list`, `parse`, `details` or `save`.
    pub stage: String,
    /// Why.
    pub reason: String,
}

/// Adds a run up.
pub(super) async fn add_up(
    shared: &Shared,
    (outcome, message): (Outcome, Option<String>),
    totals: RunTotals,
    elapsed: Duration,
) -> Result<Summary, Error> {
    let Shared { store, run, options, .. } = shared;
    let run_id = run.id;
    let failures = retry(options.patience, || async { store.failures(run_id, MAX_FAILURES).await }).await?;
    let planned = retry(options.patience, || async { store.pages_planned(run_id).await }).await?;
    let traffic = shared.client.traffic();
    let movies_per_second = shared.counters.movies_here() as f64 / elapsed.as_secs_f64().max(0.001);
    Ok(Summary {
        run_id,
        status: outcome.as_str(),
        outcome,
        message,
        pages: PageCounts {
            planned: planned.into(),
            done: totals.done.cast_unsigned(),
            failed: totals.given_up.cast_unsigned(),
        },
        movies: MovieCounts {
            listed: totals.listed.cast_unsigned(),
            saved: totals.saved.cast_unsigned(),
            updated: totals.updated.cast_unsigned(),
            skipped: totals.skipped.cast_unsigned(),
            failed: totals.failed.cast_unsigned(),
        },
        requests: RequestCounts {
            total: traffic.total,
            list: traffic.list,
            details: traffic.details,
            retried: traffic.retried,
        },
        bytes: traffic.bytes,
        seconds: rounded(elapsed.as_secs_f64(), 1000.0),
        movies_per_second: rounded(movies_per_second, 10.0),
        failures: failures.into_iter().map(FailureLine::from).collect(),
    })
}

/// Rounds to so many parts of one.
fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

impl From<FailureRow> for FailureLine {
    fn from(row: FailureRow) -> Self {
        let page = if row.external_id.is_none() { row.page } else { None };
        Self { external_id: row.external_id, page, stage: row.stage, reason: row.reason }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pages, movies, requests, .. } = self;
        let time = Duration::from_secs_f64(self.seconds);
        let time = if time < Duration::from_mins(1) { format!("{:.1} s", self.seconds) } else { clock(time) };
        // The last line holds the figures.
        self.message.iter().try_for_each(|message| writeln!(f, "{message}"))?;
        write!(
            f,
            "run {} {}: pages {} planned, {} done, {} failed; movies {} listed, {} saved, {} updated, {} skipped, {} failed; \
             requests {} ({} list, {} details, {} retried); {:.1} MB in {time}, {:.1} movies/s",
            self.run_id,
            self.status,
            pages.planned,
            pages.done,
            pages.failed,
            movies.listed,
            movies.saved,
            movies.updated,
            movies.skipped,
            movies.failed,
            requests.total,
            requests.list,
            requests.details,
            requests.retried,
            self.bytes as f64 / 1e6,
            self.movies_per_second,
        )
    }
}
