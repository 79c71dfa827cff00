//! Creates the catalogue: movies, genres, casts, torrents and the links between them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean_null, decimal_len_null, integer, integer_null, integer_uniq,
    pk_auto, small_integer, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

/// The step itself.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_movies(manager).await?;
        create_genres(manager).await?;
        create_casts(manager).await?;
        create_torrents(manager).await?;
        create_movie_genres(manager).await?;
        create_movie_casts(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["movie_casts", "movie_genres", "torrents", "casts", "genres", "movies"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

async fn create_movies(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let rating_in_range = Expr::col("rating").gte(0).and(Expr::col("rating").lte(10));
    let mut table = Table::create().table("movies").to_owned();
    table.col(big_pk_auto("id"));
    table.col(integer_uniq("external_id"));
    table.col(text_null("imdb_code"));
    table.col(text("title"));
    for name in ["title_english", "title_long"] {
        table.col(text_null(name));
    }
    table.col(text_null("slug").unique_key());
    table.col(integer_null("year"));
    table.col(decimal_len_null("rating", 3, 1).check(rating_in_range));
    table.col(integer_null("runtime"));
    for name in ["description_intro", "description_full", "yt_trailer_code", "language", "mpa_rating"] {
        table.col(text_null(name));
    }
    table.col(integer_null("like_count"));
    for name in [
        "url",
        "background_image",
        "background_image_original",
        "small_cover_image",
        "medium_cover_image",
        "large_cover_image",
    ] {
        table.col(text_null(name));
    }
    table.col(timestamp_with_time_zone_null("date_uploaded"));
    table.col(timestamp_with_time_zone("created_at"));
    table.col(timestamp_with_time_zone("updated_at"));
    table.col(timestamp_with_time_zone_null("deleted_at"));
    manager.create_table(table).await?;
    for column in ["title", "year", "rating", "date_uploaded", "imdb_code"] {
        create_index(manager, "movies", column).await?;
    }
    Ok(())
}

async fn create_genres(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("genres").to_owned();
    table.col(pk_auto("id")).col(text("name").unique_key());
    manager.create_table(table).await
}

/// One row a person: found by the IMDb code where there is one, else by name.
async fn create_casts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("casts").to_owned();
    table.col(big_pk_auto("id")).col(text("name")).col(text_null("imdb_code")).col(text_null("url_small_image"));
    manager.create_table(table).await?;
    let connection = manager.get_connection();
    for index in [
        "CREATE UNIQUE INDEX uq_casts_imdb_code ON casts (imdb_code) WHERE imdb_code IS NOT NULL",
        "CREATE UNIQUE INDEX uq_casts_name_without_code ON casts (name) WHERE imdb_code IS NULL",
    ] {
        connection.execute_unprepared(index).await?;
    }
    create_index(manager, "casts", "name").await
}

async fn create_torrents(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("torrents").to_owned();
    table.col(big_pk_auto("id")).col(big_integer("movie_id")).col(text("hash"));
    for name in ["url", "quality", "type"] {
        table.col(text_null(name));
    }
    table.col(boolean_null("is_repack"));
    for name in ["video_codec", "bit_depth", "audio_channels"] {
        table.col(text_null(name));
    }
    table.col(integer_null("seeds").check(Expr::col("seeds").gte(0)));
    table.col(integer_null("peers").check(Expr::col("peers").gte(0)));
    table.col(text_null("size"));
    table.col(big_integer_null("size_bytes").check(Expr::col("size_bytes").gte(0)));
    table.col(timestamp_with_time_zone_null("date_uploaded"));
    table.foreign_key(&mut cascade("fk_torrents_movie", ("torrents", "movie_id"), "movies"));
    table.index(Index::create().name("uq_torrents_movie_id_hash").unique().col("movie_id").col("hash"));
    manager.create_table(table).await
}

async fn create_movie_genres(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("movie_genres").to_owned();
    table.col(big_integer("movie_id")).col(integer("genre_id"));
    table.primary_key(Index::create().col("movie_id").col("genre_id"));
    table.foreign_key(&mut cascade("fk_movie_genres_movie", ("movie_genres", "movie_id"), "movies"));
    table.foreign_key(&mut cascade("fk_movie_genres_genre", ("movie_genres", "genre_id"), "genres"));
    manager.create_table(table).await?;
    create_index(manager, "movie_genres", "genre_id").await
}

/// The key is the place in the billing, since one person may play two roles, and a role may have no name.
async fn create_movie_casts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("movie_casts").to_owned();
    table.col(big_integer("movie_id")).col(small_integer("position")).col(big_integer("cast_id"));
    table.col(text_null("character_name"));
    table.primary_key(Index::create().col("movie_id").col("position"));
    table.foreign_key(&mut cascade("fk_movie_casts_movie", ("movie_casts", "movie_id"), "movies"));
    table.foreign_key(&mut cascade("fk_movie_casts_cast", ("movie_casts", "cast_id"), "casts"));
    manager.create_table(table).await?;
    create_index(manager, "movie_casts", "cast_id").await
}

/// Builds a foreign key from `(table, column)` to the id of another table, cascading on delete.
fn cascade(name: &'static str, from: (&'static str, &'static str), to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(name).from(from.0, from.1).to(to, "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}

async fn create_index(manager: &SchemaManager<'_>, table: &'static str, column: &'static str) -> Result<(), DbErr> {
    let name = format!("idx_{table}_{column}");
    manager.create_index(Index::create().name(name).table(table).col(column).to_owned()).await
}
