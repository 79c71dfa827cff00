//! Cast members, one row a person: by IMDb code where there is one, else by name.

use sea_orm::entity::prelude::*;

/// A person.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "casts")]
pub struct Model {
    /// Our own id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// IMDb person code: digits, zero-padded, without `nm`.
    #[sea_orm(column_type = "Text", nullable)]
    pub imdb_code: Option<String>,
    /// Portrait URL.
    #[sea_orm(column_type = "Text", nullable)]
    pub url_small_image: Option<String>,
    /// The roles the person played.
    #[sea_orm(has_many)]
    pub movie_casts: HasMany<super::movie_cast::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
