//! Rows that break the schema's rules, whatever the source says: links to nothing, values out of range, useless vectors.
//!
//! Rows of runs are in `runs`.

use entity::embedding::Embedding;
use entity::{movie, movie_embedding};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};
use yts_ingest::store::Store;

use super::{crawled, damage, found, found_and_repaired, verify};
use crate::support::database::{Database, Kind};
use crate::support::snapshot::Snapshot;

on_both!(
    genres_and_cast_that_nothing_links_to_are_removed,
    links_that_lead_nowhere_are_removed_and_what_they_meant_is_fetched_again,
    empty_texts_and_zeros_are_replaced_by_what_the_source_says,
    a_rating_out_of_range_is_replaced_by_what_the_source_says,
    vectors_of_no_use_are_removed,
);

async fn genres_and_cast_that_nothing_links_to_are_removed(database: &Database) {
    let statements = ["INSERT INTO genres (name) VALUES ('Lost')", "INSERT INTO casts (name) VALUES ('Nobody')"];
    found_and_repaired(database, &statements, &[("unlinked", "casts"), ("unlinked", "genres")]).await;
}

async fn links_that_lead_nowhere_are_removed_and_what_they_meant_is_fetched_again(database: &Database) {
    let statements = [
        "DELETE FROM genres",
        "DELETE FROM casts WHERE name = 'Lead 3'",
        "INSERT INTO torrents (movie_id, hash) VALUES (4000, 'X')",
        "INSERT INTO movie_genres (movie_id, genre_id) VALUES (4000, 4000)",
    ];
    let expected = [
        ("dangling", "movie_casts.cast_id"),
        ("dangling", "movie_genres.genre_id"),
        ("dangling", "movie_genres.movie_id"),
        ("dangling", "torrents.movie_id"),
    ];
    let (source, undamaged) = crawled(database).await;
    damage(database, &statements).await;
    let report = verify(database, &source, false).await;
    let structural: Vec<_> = found(&report).into_iter().filter(|(kind, _)| *kind != "differs").collect();
    assert_eq!(structural, expected, "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn empty_texts_and_zeros_are_replaced_by_what_the_source_says(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(
        database,
        &[
            "UPDATE movies SET language = '', yt_trailer_code = '', year = 0 WHERE external_id IN (1, 2)",
            "UPDATE torrents SET type = '', bit_depth = '', seeds = -1 WHERE hash = 'A3'",
        ],
    )
    .await;
    let report = verify(database, &source, false).await;
    let values: Vec<_> = found(&report).into_iter().filter(|(kind, _)| *kind == "bad_value").collect();
    let columns = ["movies.language", "movies.year", "movies.yt_trailer_code", "torrents.bit_depth", "torrents.seeds"];
    let expected: Vec<_> = columns.into_iter().chain(["torrents.type"]).map(|column| ("bad_value", column)).collect();
    assert_eq!(values, expected, "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    assert_eq!(repaired.repaired.expect("it was repaired").values_cleared, 9);
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn a_rating_out_of_range_is_replaced_by_what_the_source_says(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(database, &["UPDATE movies SET rating = 55 WHERE external_id = 4"]).await;
    let report = verify(database, &source, false).await;
    assert!(found(&report).contains(&("bad_value", "movies.rating")), "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn vectors_of_no_use_are_removed(database: &Database) {
    let (source, _) = crawled(database).await;
    let store = database.store().await;
    let ids = movie::Entity::find().order_by_asc(movie::COLUMN.external_id).all(store.db()).await.expect("movies");
    let mut vectors = vec![vec![0.5_f32, 0.5], vec![0.5, 0.5], vec![0.5, 0.5, 0.5]];
    if database.kind == Kind::Sqlite {
        // pgvector takes no such number in.
        vectors.push(vec![0.5, f32::NAN]);
    }
    let count = vectors.len();
    for (row, vector) in ids.iter().zip(vectors) {
        insert_vector(&store, row.id, &vector).await;
    }
    let report = verify(database, &source, false).await;
    let mut expected = vec![("vector", "movie_embeddings of test")];
    if database.kind == Kind::Sqlite {
        expected.insert(0, ("vector", "movie_embeddings"));
    }
    assert_eq!(found(&report), expected, "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    assert_eq!(repaired.checked.embeddings, 2);
    assert_eq!(repaired.repaired.expect("it was repaired").rows_removed, count as u64 - 2);
}

async fn insert_vector(store: &Store, movie_id: i64, vector: &[f32]) {
    let row = movie_embedding::ActiveModel {
        movie_id: Set(movie_id),
        model: Set("test".to_owned()),
        text_hash: Set("hash".to_owned()),
        embedding: Set(Embedding::new(store.db().get_database_backend(), vector)),
    };
    movie_embedding::Entity::insert(row).exec_without_returning(store.db()).await.expect("a vector is saved");
}
