//! What a second process sees of a run and of the catalogue: the reading behind `monitor-progress`.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{cast, failure, genre, movie, movie_embedding, movie_genre, run, run_page, torrent};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};

use super::library::{listed, newest_first};
use super::{Error, RunTotals, Store, dialect};

const DOING: &str = "read the status";

/// A run as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStatus {
    /// The run's row.
    pub run: run::Model,
    /// Its figures, from its pages.
    pub totals: RunTotals,
    /// What it did in its last minute of work.
    pub recent: Recent,
    /// Seconds since its last sign of life, by the database's clock.
    pub heartbeat_age_seconds: f64,
    /// Seconds it has run, or ran, by the database's clock.
    pub seconds: f64,
}

/// The last minute of a run's work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recent {
    /// Pages finished.
    pub pages: u32,
    /// Movies on them.
    pub movies: i64,
    /// Over so many seconds.
    pub seconds: f64,
}

/// How many rows the catalogue has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Movies.
    pub movies: u64,
    /// Genres.
    pub genres: u64,
    /// Cast members.
    pub casts: u64,
    /// Torrents.
    pub torrents: u64,
    /// Embeddings.
    pub embeddings: u64,
}

/// A movie among the newest.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct NewestMovie {
    /// The source's id.
    pub external_id: i32,
    /// Title.
    pub title: String,
    /// Year of release.
    pub year: Option<i32>,
    /// Rating from 0 to 10.
    pub rating: Option<sea_orm::prelude::Decimal>,
    /// When the source listed it.
    pub date_uploaded: Option<DateTime<Utc>>,
}

/// What the catalogue holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// Row counts.
    pub totals: Totals,
    /// Genres with the most movies, and how many.
    pub top_genres: Vec<(String, i64)>,
    /// Movies that the source listed last.
    pub newest: Vec<NewestMovie>,
}

/// A recorded failure.
pub type FailureRow = failure::Model;

impl Store {
    /// Returns what the catalogue holds: counts, the ten largest genres, the ten newest movies.
    pub async fn stats(&self) -> Result<Stats, Error> {
        let totals = Totals {
            movies: movie::Entity::find().count(&self.db).await.map_err(Error::doing(DOING))?,
            genres: genre::Entity::find().count(&self.db).await.map_err(Error::doing(DOING))?,
            casts: cast::Entity::find().count(&self.db).await.map_err(Error::doing(DOING))?,
            torrents: torrent::Entity::find().count(&self.db).await.map_err(Error::doing(DOING))?,
            embeddings: movie_embedding::Entity::find().count(&self.db).await.map_err(Error::doing(DOING))?,
        };
        Ok(Stats { totals, top_genres: self.top_genres(10).await?, newest: self.newest_movies(10).await? })
    }

    async fn top_genres(&self, limit: u64) -> Result<Vec<(String, i64)>, Error> {
        movie_genre::Entity::find()
            .select_only()
            .column(genre::Column::Name)
            .column_as(movie_genre::Column::MovieId.count(), "movie_count")
            .join(JoinType::InnerJoin, movie_genre::Relation::Genre.def())
            .group_by(genre::Column::Name)
            .order_by_desc(movie_genre::Column::MovieId.count())
            .order_by_asc(genre::Column::Name)
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))
    }

    async fn newest_movies(&self, limit: u64) -> Result<Vec<NewestMovie>, Error> {
        newest_first(listed()).limit(limit).into_model().all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns the run that was begun or gone on with last.
    pub async fn last_run(&self) -> Result<Option<RunStatus>, Error> {
        let newest = run::Entity::find().order_by_desc(run::COLUMN.heartbeat_at).order_by_desc(run::COLUMN.id);
        match newest.one(&self.db).await.map_err(Error::doing(DOING))? {
            Some(run) => self.status_of(run).await.map(Some),
            None => Ok(None),
        }
    }

    async fn status_of(&self, run: run::Model) -> Result<RunStatus, Error> {
        let now = dialect::database_time(&self.db).await.map_err(Error::doing(DOING))?;
        let seconds_between = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).as_seconds_f64().max(0.0);
        Ok(RunStatus {
            totals: self.run_totals(run.id).await?,
            recent: self.recent(&run, now).await?,
            heartbeat_age_seconds: seconds_between(run.heartbeat_at, now),
            seconds: seconds_between(run.started_at, run.finished_at.unwrap_or(now)),
            run,
        })
    }

    /// Looks at the minute before the run's end, or before now while it runs.
    async fn recent(&self, run: &run::Model, now: DateTime<Utc>) -> Result<Recent, Error> {
        let until = run.finished_at.unwrap_or(now);
        let since = Ord::max(run.started_at, until - TimeDelta::seconds(60));
        let finished: Vec<i32> = run_page::Entity::find()
            .select_only()
            .column(run_page::Column::Listed)
            .filter(run_page::COLUMN.run_id.eq(run.id))
            .filter(run_page::COLUMN.finished_at.gt(since))
            .into_tuple()
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))?;
        Ok(Recent {
            pages: u32::try_from(finished.len()).unwrap_or(u32::MAX),
            movies: finished.into_iter().map(i64::from).sum(),
            seconds: (until - since).as_seconds_f64().max(0.001),
        })
    }

    /// Returns failures of a run in the order in which they were recorded, the first `limit` of them.
    pub async fn failures(&self, run_id: i64, limit: u64) -> Result<Vec<FailureRow>, Error> {
        failure::Entity::find()
            .filter(failure::COLUMN.run_id.eq(run_id))
            .order_by_asc(failure::COLUMN.id)
            .limit(limit)
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))
    }

    /// Returns how many failures a run has.
    pub async fn failure_count(&self, run_id: i64) -> Result<u64, Error> {
        let failures = failure::Entity::find().filter(Expr::col(failure::Column::RunId).eq(run_id));
        failures.count(&self.db).await.map_err(Error::doing(DOING))
    }
}
