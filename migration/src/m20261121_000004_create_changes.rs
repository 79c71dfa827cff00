//! Creates the history of changes to movies.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, text, text_null, timestamp_with_time_zone,
};

/// The step itself.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = |name: &'static str, column: &'static str, table: &'static str, action: ForeignKeyAction| {
            ForeignKey::create().name(name).from("movie_changes", column).to(table, "id").on_delete(action).to_owned()
        };
        let mut table = Table::create().table("movie_changes").to_owned();
        table.col(big_pk_auto("id")).col(big_integer("movie_id")).col(big_integer_null("run_id"));
        table.col(text("field")).col(text_null("old_value")).col(text_null("new_value"));
        table.col(timestamp_with_time_zone("changed_at"));
        table.foreign_key(&mut key("fk_movie_changes_movie", "movie_id", "movies", ForeignKeyAction::Cascade));
        table.foreign_key(&mut key("fk_movie_changes_run", "run_id", "runs", ForeignKeyAction::SetNull));
        manager.create_table(table).await?;
        for column in ["movie_id", "run_id"] {
            let name = format!("idx_movie_changes_{column}");
            manager.create_index(Index::create().name(name).table("movie_changes").col(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("movie_changes").to_owned()).await
    }
}
