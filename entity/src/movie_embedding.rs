//! One vector a movie, with the model and the text it was made from.

use sea_orm::entity::prelude::*;

use crate::embedding::Embedding;

/// A movie's vector.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "movie_embeddings")]
pub struct Model {
    /// The movie.
    #[sea_orm(primary_key, auto_increment = false)]
    pub movie_id: i64,
    /// The model that made the vector.
    #[sea_orm(column_type = "Text")]
    pub model: String,
    /// Hash of the text that the vector was made from.
    #[sea_orm(column_type = "Text")]
    pub text_hash: String,
    /// The vector.
    pub embedding: Embedding,
    /// The movie.
    #[sea_orm(belongs_to, from = "movie_id", to = "id")]
    pub movie: BelongsTo<super::movie::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
