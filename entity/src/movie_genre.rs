//! The links between movies and genres.

use sea_orm::entity::prelude::*;

/// A movie is of a genre.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "movie_genres")]
pub struct Model {
    /// The movie.
    #[sea_orm(primary_key, auto_increment = false)]
    pub movie_id: i64,
    /// The genre.
    #[sea_orm(primary_key, auto_increment = false)]
    pub genre_id: i32,
    /// The movie.
    #[sea_orm(belongs_to, from = "movie_id", to = "id")]
    pub movie: BelongsTo<super::movie::Entity>,
    /// The genre.
    #[sea_orm(belongs_to, from = "genre_id", to = "id")]
    pub genre: BelongsTo<super::genre::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
