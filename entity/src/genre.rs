//! Genres by name.

use sea_orm::entity::prelude::*;

/// A genre.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "genres")]
pub struct Model {
    /// Our own id.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The name, as the source spells it.
    #[sea_orm(column_type = "Text", unique)]
    pub name: String,
    /// The movies of the genre.
    #[sea_orm(has_many, via = "movie_genre")]
    pub movies: HasMany<super::movie::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
