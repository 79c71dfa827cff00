//! The history of changes: what an update altered about a movie.

use sea_orm::entity::prelude::*;

/// A change.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "movie_changes")]
pub struct Model {
    /// Our own id; grows with time.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The movie.
    pub movie_id: i64,
    /// The run that found the change; `None` where a program of yours saved it.
    pub run_id: Option<i64>,
    /// What changed: a column of movies, or `torrent` for a new one.
    #[sea_orm(column_type = "Text")]
    pub field: String,
    /// What it was.
    #[sea_orm(column_type = "Text", nullable)]
    pub old_value: Option<String>,
    /// What it became.
    #[sea_orm(column_type = "Text", nullable)]
    pub new_value: Option<String>,
    /// When it was saved (UTC).
    pub changed_at: DateTimeUtc,
    /// The movie.
    #[sea_orm(belongs_to, from = "movie_id", to = "id")]
    pub movie: BelongsTo<super::movie::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
