//! What `monitor-progress` shows: the last run and the catalogue, as text for people or as data for programs.
//!
//! It only reads; a crawl goes on beside it.

mod run;
mod text;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::{ChangeRow, Error, FailureRow, Stats, Store};

pub use self::run::{Certificate, RunReading};

/// How many changes are shown.
const SHOWN_CHANGES: u64 = 100;

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
    /// The latest changes to movies, newest first, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<ChangeReading>>,
}

/// What to read besides the run and the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// What failed in the run.
    pub failures: bool,
    /// The latest changes to movies.
    pub changes: bool,
}

/// A change to a movie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeReading {
    /// The movie, by the source's id.
    pub external_id: i32,
    /// Its title.
    pub title: String,
    /// What changed.
    pub field: String,
    /// What it was.
    pub from: Option<String>,
    /// What it became.
    pub to: Option<String>,
    /// The run that found it.
    pub run_id: Option<i64>,
    /// When it was saved (UTC).
    pub changed_at: DateTime<Utc>,
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
    /// Takes a reading, with what else is asked for.
    pub async fn take(store: &Store, extras: Extras) -> Result<Self, Error> {
        let run = store.last_run().await?;
        let failures = match (&run, extras.failures) {
            (_, false) => None,
            (None, true) => Some(Vec::new()),
            (Some(run), true) => {
                let rows = store.failures(run.run.id, u64::MAX >> 1).await?;
                Some(rows.into_iter().map(FailureReading::from).collect())
            }
        };
        let changes = if extras.changes { Some(store.changes(SHOWN_CHANGES).await?) } else { None };
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
            changes: changes.map(|rows| rows.into_iter().map(ChangeReading::from).collect()),
        })
    }

    /// Says whether a run is going on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.status == "running")
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

impl From<ChangeRow> for ChangeReading {
    fn from(row: ChangeRow) -> Self {
        Self {
            external_id: row.external_id,
            title: row.title,
            field: row.field,
            from: row.old_value,
            to: row.new_value,
            run_id: row.run_id,
            changed_at: row.changed_at,
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
