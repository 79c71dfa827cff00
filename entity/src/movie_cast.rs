//! The roles: links between movies and cast members. One person may play several roles in a movie.

use sea_orm::entity::prelude::*;

/// A person plays a role in a movie.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "movie_casts")]
pub struct Model {
    /// The movie.
    #[sea_orm(primary_key, auto_increment = false)]
    pub movie_id: i64,
    /// The place in the billing, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i16,
    /// The person.
    pub cast_id: i64,
    /// The character played.
    #[sea_orm(column_type = "Text", nullable)]
    pub character_name: Option<String>,
    /// The movie.
    #[sea_orm(belongs_to, from = "movie_id", to = "id")]
    pub movie: BelongsTo<super::movie::Entity>,
    /// The person.
    #[sea_orm(belongs_to, from = "cast_id", to = "id")]
    pub cast: BelongsTo<super::cast::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
