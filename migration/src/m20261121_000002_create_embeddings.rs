//! Creates the embeddings: a pgvector `vector` on `PostgreSQL`, a little-endian `f32` blob on `SQLite`.
//!
//! The vector has no fixed dimension, since the model, and so the dimension, is the user's choice.

use sea_orm_migration::prelude::sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

/// The step itself.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut embedding = ColumnDef::new("embedding");
        embedding.not_null();
        if manager.get_database_backend() == DbBackend::Postgres {
            // It stays when the step goes down: other schemas of the same database may use it.
            manager.get_connection().execute_unprepared("CREATE EXTENSION IF NOT EXISTS vector").await?;
            embedding.custom("vector");
        } else {
            embedding.blob();
        }
        let mut table = Table::create().table("movie_embeddings").to_owned();
        table.col(big_integer("movie_id").primary_key());
        table.col(text("model")).col(text("text_hash")).col(embedding);
        table.foreign_key(
            ForeignKey::create()
                .name("fk_movie_embeddings_movie")
                .from("movie_embeddings", "movie_id")
                .to("movies", "id")
                .on_delete(ForeignKeyAction::Cascade),
        );
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("movie_embeddings").to_owned()).await
    }
}
