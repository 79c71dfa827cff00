//! A run as a second process sees it, with the certificate that it earned.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::RunStatus;

/// A run that has given no sign of life for so long is called silent, in seconds.
const SILENT_AFTER: f64 = 30.0;

/// A run as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReading {
    /// Its id.
    pub run_id: i64,
    /// `running`, `silent` (running, but without a sign of life), or how it ended.
    pub status: String,
    /// What it asks.
    pub query: String,
    /// Why it ended as it did, where that needs saying.
    pub message: Option<String>,
    /// List pages to read, as far as known.
    pub pages_planned: i32,
    /// List pages done.
    pub pages_done: i64,
    /// List pages given up.
    pub pages_failed: i64,
    /// Movies on the pages done.
    pub listed: i64,
    /// Movies saved new.
    pub saved: i64,
    /// Movies changed.
    pub updated: i64,
    /// Movies left as they were.
    pub skipped: i64,
    /// Movies that failed.
    pub failed: i64,
    /// Requests sent, by all processes.
    pub requests: i64,
    /// Requests sent again after a failure.
    pub requests_retried: i64,
    /// Movies a second over the last minute of work.
    pub movies_per_second: f64,
    /// Seconds left at that pace, while it runs.
    pub eta_seconds: Option<f64>,
    /// Seconds since its last sign of life.
    pub heartbeat_age_seconds: f64,
    /// Seconds from its begin to its end, or until now.
    pub seconds: f64,
    /// When it began (UTC).
    pub started_at: DateTime<Utc>,
    /// When it ended (UTC).
    pub finished_at: Option<DateTime<Utc>>,
    /// The proof that it saw everything, where it is one that can.
    pub certificate: Option<Certificate>,
}

/// What a certified run states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Pages read.
    pub pages: i64,
    /// Pages that were read again since the list had shifted.
    pub pages_read_again: i32,
    /// Distinct movies seen; `None` for a run that only looked for what was new.
    pub distinct_movies: Option<i64>,
    /// How many movies the source said it had, by its first answer.
    pub movie_count_at_start: Option<i64>,
    /// … and by its last.
    pub movie_count_at_end: Option<i64>,
    /// When it was certified (UTC).
    pub certified_at: DateTime<Utc>,
}

impl From<RunStatus> for RunReading {
    fn from(status: RunStatus) -> Self {
        let RunStatus { run, totals, recent, heartbeat_age_seconds, seconds } = status;
        let is_running = run.status == "running";
        let is_silent = is_running && heartbeat_age_seconds > SILENT_AFTER;
        let eta_seconds = (is_running && !is_silent && recent.pages > 0)
            .then(|| totals.open as f64 * recent.seconds / f64::from(recent.pages));
        let certificate = run.certified_at.map(|certified_at| Certificate {
            pages: totals.done,
            pages_read_again: run.pages_read_again,
            distinct_movies: run.distinct_movies,
            movie_count_at_start: run.movie_count_at_start,
            movie_count_at_end: run.movie_count,
            certified_at,
        });
        Self {
            run_id: run.id,
            certificate,
            status: if is_silent { "silent".to_owned() } else { run.status },
            query: run.query,
            message: run.message,
            pages_planned: run.pages_planned,
            pages_done: totals.done,
            pages_failed: totals.given_up,
            listed: totals.listed,
            saved: totals.saved,
            updated: totals.updated,
            skipped: totals.skipped,
            failed: totals.failed,
            requests: run.requests_total,
            requests_retried: run.requests_retried,
            movies_per_second: recent.movies as f64 / recent.seconds.max(0.001),
            eta_seconds,
            heartbeat_age_seconds,
            seconds,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}
