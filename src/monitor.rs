//! What `monitor-progress` shows: the last run and the catalogue, as text for people or as data for programs.
//!
//! It only reads; a crawl goes on beside it.

mod text;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::{Error, FailureRow, RunStatus, Stats, Store};

/// A run that has given no sign of life for so long is called silent, in seconds.
const SILENT_AFTER: f64 = 30.0;

/// One reading.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The current or last run, if there was one.
    pub run: Option<RunReading>,
    /// Row counts.
    pub totals: TotalsReading,
    /// Genres with the most movies.
    pub top_genres: Vec<GenreReading>,
    /// Movies that the source listed last.
    pub newest_movies: Vec<MovieReading>,
    /// What failed in the run, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<Vec<FailureReading>>,
}

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
}

/// Row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TotalsReading {
    /// Movies.
    pub movies: u64,
    /// Genres.
    pub genres: u64,
    /// Cast members.
    pub cast_members: u64,
    /// Torrents.
    pub torrents: u64,
    /// Embeddings.
    pub embeddings: u64,
}

/// A genre and how many movies it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GenreReading {
    /// Its name.
    pub name: String,
    /// Its movies.
    pub movies: i64,
}

/// A movie among the newest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MovieReading {
    /// The source's id.
    pub external_id: i32,
    /// Title.
    pub title: String,
    /// Year of release.
    pub year: Option<i32>,
    /// Rating from 0 to 10.
    pub rating: Option<f64>,
    /// When the source listed it (UTC).
    pub date_uploaded: Option<DateTime<Utc>>,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureReading {
    /// The list page.
    pub page: Option<i32>,
    /// The movie, by the source's id.
    pub external_id: Option<i64>,
    /// `list`, `parse`, `details` or `save`.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// The head of the answer that caused it.
    pub body_head: Option<String>,
    /// When (UTC).
    pub created_at: DateTime<Utc>,
}

impl Reading {
    /// Takes a reading; with the failures of the run, if asked for.
    pub async fn take(store: &Store, with_failures: bool) -> Result<Self, Error> {
        let run = store.last_run().await?;
        let failures = match (&run, with_failures) {
            (_, false) => None,
            (None, true) => Some(Vec::new()),
            (Some(run), true) => {
                let rows = store.failures(run.run.id, u64::MAX >> 1).await?;
                Some(rows.into_iter().map(FailureReading::from).collect())
            }
        };
        let Stats { totals, top_genres, newest } = store.stats().await?;
        Ok(Self {
            run: run.map(RunReading::from),
            totals: TotalsReading {
                movies: totals.movies,
                genres: totals.genres,
                cast_members: totals.casts,
                torrents: totals.torrents,
                embeddings: totals.embeddings,
            },
            top_genres: top_genres.into_iter().map(|(name, movies)| GenreReading { name, movies }).collect(),
            newest_movies: newest.into_iter().map(MovieReading::from).collect(),
            failures,
        })
    }

    /// Says whether a run is going on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.status == "running")
    }
}

impl From<RunStatus> for RunReading {
    fn from(status: RunStatus) -> Self {
        let RunStatus { run, totals, recent, heartbeat_age_seconds, seconds } = status;
        let is_running = run.status == "running";
        let is_silent = is_running && heartbeat_age_seconds > SILENT_AFTER;
        let eta_seconds = (is_running && !is_silent && recent.pages > 0)
            .then(|| totals.open as f64 * recent.seconds / f64::from(recent.pages));
        Self {
            run_id: run.id,
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

impl From<crate::store::NewestMovie> for MovieReading {
    fn from(movie: crate::store::NewestMovie) -> Self {
        Self {
            external_id: movie.external_id,
            title: movie.title,
            year: movie.year,
            rating: movie.rating.and_then(|rating| rating.to_string().parse().ok()),
            date_uploaded: movie.date_uploaded,
        }
    }
}

impl From<FailureRow> for FailureReading {
    fn from(row: FailureRow) -> Self {
        Self {
            page: row.page,
            external_id: row.external_id,
            stage: row.stage,
            reason: row.reason,
            body_head: row.body_head,
            created_at: row.created_at,
        }
    }
}
