//! The history of changes: what an update altered about a movie, from what to what, when, and in which run.
//!
//! Seeds, peers and likes change all the time, and addresses whenever the source moves: they are no history.

use chrono::{DateTime, Utc};
use entity::{movie, movie_change, torrent};
use sea_orm::prelude::Decimal;
use sea_orm::sea_query::Value;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, JoinType, ModelTrait, QueryOrder,
    QuerySelect, RelationTrait,
};

use super::{Error, Store, bulk};

/// The columns of a movie whose changes are kept.
const COLUMNS: [movie::Column; 14] = [
    movie::Column::ImdbCode,
    movie::Column::Title,
    movie::Column::TitleEnglish,
    movie::Column::TitleLong,
    movie::Column::Slug,
    movie::Column::Year,
    movie::Column::Rating,
    movie::Column::Runtime,
    movie::Column::DescriptionIntro,
    movie::Column::DescriptionFull,
    movie::Column::YtTrailerCode,
    movie::Column::Language,
    movie::Column::MpaRating,
    movie::Column::DateUploaded,
];

/// A change, not yet saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    movie_id: i64,
    field: &'static str,
    old_value: Option<String>,
    new_value: Option<String>,
}

/// A change with the movie that it is about.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ChangeRow {
    /// The movie, by the source's id.
    pub external_id: i32,
    /// Its title.
    pub title: String,
    /// What changed: a column of movies, or `torrent` for a new one.
    pub field: String,
    /// What it was.
    pub old_value: Option<String>,
    /// What it became.
    pub new_value: Option<String>,
    /// The run that found it.
    pub run_id: Option<i64>,
    /// When it was saved (UTC).
    pub changed_at: DateTime<Utc>,
}

/// Returns what differs between two states of a movie.
pub(super) fn of_movie(old: &movie::Model, new: &movie::Model) -> Vec<Change> {
    let differing = COLUMNS.into_iter().filter(|column| old.get(*column) != new.get(*column));
    let change = |column: movie::Column| Change {
        movie_id: old.id,
        field: column.as_str(),
        old_value: text_of(old.get(column)),
        new_value: text_of(new.get(column)),
    };
    differing.map(change).collect()
}

/// Returns the change that a new rating is.
pub(super) fn of_rating(movie_id: i64, old: Option<Decimal>, new: Decimal) -> Change {
    let field = movie::Column::Rating.as_str();
    Change { movie_id, field, old_value: old.map(|rating| rating.to_string()), new_value: Some(new.to_string()) }
}

/// Returns the change that a new torrent is.
pub(super) fn of_new_torrent(row: &torrent::ActiveModel) -> Change {
    let quality = row.quality.as_ref().as_deref().unwrap_or("unknown quality");
    Change {
        movie_id: *row.movie_id.as_ref(),
        field: "torrent",
        old_value: None,
        new_value: Some(format!("{} ({quality})", row.hash.as_ref())),
    }
}

pub(super) fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => text,
        Value::Int(number) => number.map(|number| number.to_string()),
        Value::Decimal(number) => number.map(|number| number.to_string()),
        Value::ChronoDateTimeUtc(time) => time.map(|time| time.to_rfc3339()),
        _ => None,
    }
}

/// Saves changes, within the transaction that makes them.
pub(super) async fn record(
    connection: &impl ConnectionTrait,
    changes: Vec<Change>,
    run_id: Option<i64>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let rows = changes.into_iter().map(|change| movie_change::ActiveModel {
        movie_id: Set(change.movie_id),
        run_id: Set(run_id),
        field: Set(change.field.to_owned()),
        old_value: Set(change.old_value),
        new_value: Set(change.new_value),
        changed_at: Set(now),
        ..Default::default()
    });
    bulk::insert(connection, rows.collect(), None).await.map_err(Error::doing("keep the history of changes"))
}

impl Store {
    /// Returns the latest changes, newest first.
    pub async fn changes(&self, limit: u64) -> Result<Vec<ChangeRow>, Error> {
        movie_change::Entity::find()
            .select_only()
            .columns([movie::Column::ExternalId, movie::Column::Title])
            .columns([
                movie_change::Column::Field,
                movie_change::Column::OldValue,
                movie_change::Column::NewValue,
                movie_change::Column::RunId,
                movie_change::Column::ChangedAt,
            ])
            .join(JoinType::InnerJoin, movie_change::Relation::Movie.def())
            .order_by_desc(movie_change::COLUMN.id)
            .limit(limit)
            .into_model()
            .all(&self.db)
            .await
            .map_err(Error::doing("read the history of changes"))
    }
}
