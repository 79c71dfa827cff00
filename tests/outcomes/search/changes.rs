//! What is found after something changed beneath an open catalogue: rows by hand, movies that went, an index built.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use yts_ingest::embed::StaticModel;
use yts_ingest::movie::Movie;
use yts_ingest::search::{Catalogue, Error, Mode, Query};
use yts_ingest::store::Store;

use super::plots::{PLOTS, catalogue, embed_all, movie_of};
use super::{first, ids, query};
use crate::support::database::{Database, Kind};

on_one!(Postgres: the_index_finds_as_many_as_are_asked_for);
on_one!(Sqlite: an_id_that_is_out_of_range_hides_its_movie_alone);
on_both!(
    follows_changes_made_by_hand,
    warming_up_changes_no_answer,
    any_number_of_movies_may_be_asked_for,
    movies_that_went_are_left_out,
    movies_that_went_take_no_places,
    an_index_of_vectors_is_built_once
);

async fn execute(store: &Store, sql: &str) {
    store.db().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn follows_changes_made_by_hand(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    assert_eq!(first(&catalogue, "the quiet lighthouse").await, Some(2));
    // By another connection, as somebody with psql or sqlite3 would.
    let other = database.plain_connection().await;
    let hand = |sql: &'static str| other.execute_unprepared(sql);
    hand("UPDATE movies SET title = 'Zwölf Zebras', description_full = 'Gallops.' WHERE external_id = 2")
        .await
        .expect("a statement by hand");
    assert_eq!(first(&catalogue, "zwolf zebras").await, Some(2));
    assert_eq!(first(&catalogue, "gallop").await, Some(2));
    assert!(!ids(&catalogue, &query("lighthouse", Mode::Text)).await.contains(&2));
    hand("UPDATE casts SET name = 'Quentin Quark' WHERE name = 'Chiwetel Obi'").await.expect("a statement by hand");
    assert_eq!(first(&catalogue, "quark").await, Some(5));
    execute(&store, "DELETE FROM movies WHERE external_id = 2").await;
    assert!(!ids(&catalogue, &query("zwolf zebras", Mode::Hybrid)).await.contains(&2));
    store.save_movie(&movie_of(&PLOTS[1])).await.expect("a movie is saved");
    assert_eq!(first(&catalogue, "quiet lighthouse").await, Some(2));
    other.close().await.expect("the connection closes");
}

async fn warming_up_changes_no_answer(database: &Database) {
    let (store, warm) = catalogue(database).await;
    let model = StaticModel::load().expect("the built-in model");
    // Brings the statistics up to date, from which the common words are known.
    store.settle_search(model.model_id(), model.dimension()).await.expect("the search settles");
    let words = warm.warm_up().await.expect("the catalogue warms up");
    assert_eq!(words > 0, database.kind == Kind::Postgres, "{words} words");
    let cold = Catalogue::open(&store, None).await.expect("the catalogue opens");
    for plot in &PLOTS {
        for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
            let query = query(plot.about, mode);
            assert_eq!(ids(&warm, &query).await, ids(&cold, &query).await, "{query:?}");
        }
    }
    execute(&store, "DELETE FROM movies WHERE external_id = 3").await;
    assert!(!ids(&warm, &query(PLOTS[2].about, Mode::Hybrid)).await.contains(&3));
}

async fn movies_that_went_are_left_out(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    execute(&store, "UPDATE movies SET deleted_at = CURRENT_TIMESTAMP WHERE external_id = 3").await;
    for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
        assert!(!ids(&catalogue, &query("dark harbour smugglers", mode)).await.contains(&3), "{mode:?}");
    }
    assert!(catalogue.similar("2", 10).await.expect("an answer").hits.iter().all(|hit| hit.movie.id != 3));
    assert!(matches!(catalogue.show("3").await, Err(Error::NotFound { .. } | Error::Ambiguous { .. })));
    assert_eq!(catalogue.top(10).await.expect("a list").movies.len(), 6);
    assert_eq!(catalogue.recent(10).await.expect("a list").movies.len(), 6);
}

async fn movies_that_went_take_no_places(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    // More than are joined, and all of them nearer.
    for external_id in 8..158 {
        let gone = Movie { external_id, title: Some("Ships".to_owned()), ..Movie::default() };
        store.save_movie(&gone).await.expect("a movie is saved");
    }
    embed_all(&store).await;
    assert!(ids(&catalogue, &query("ships", Mode::Vector)).await.iter().all(|id| *id > 7));
    execute(&store, "UPDATE movies SET deleted_at = CURRENT_TIMESTAMP WHERE external_id > 7").await;
    assert_eq!(ids(&catalogue, &query("ships", Mode::Vector)).await.len(), 5);
    assert_eq!(catalogue.similar("2", 5).await.expect("an answer").hits.len(), 5);
}

async fn an_id_that_is_out_of_range_hides_its_movie_alone(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    execute(&store, "UPDATE movies SET external_id = 3000000000 WHERE external_id = 1").await;
    let others: Vec<i32> = (2..=7).collect();
    for (plot, id) in PLOTS[1..].iter().zip(&others) {
        assert_eq!(first(&catalogue, plot.about).await, Some(*id), "{}", plot.about);
    }
    execute(&store, "UPDATE movies SET external_id = 'one' WHERE external_id = 3000000000").await;
    assert_eq!(first(&catalogue, PLOTS[6].about).await, Some(7));
}

async fn any_number_of_movies_may_be_asked_for(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    assert_eq!(Query::default().limit, 10);
    let all = Query { limit: usize::MAX, ..query("ships", Mode::Hybrid) };
    assert_eq!(ids(&catalogue, &all).await.len(), 7);
    assert_eq!(catalogue.similar("5", usize::MAX).await.expect("an answer").hits.len(), 6);
    let columns = "external_id, title, date_uploaded, rating, created_at, updated_at";
    let now = "CURRENT_TIMESTAMP";
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 40100)";
    let select = format!("SELECT i, 'Movie', {now}, 5, {now}, {now} FROM n");
    execute(&store, &format!("{numbers} INSERT INTO movies ({columns}) {select}")).await;
    for limit in [40_000, usize::MAX] {
        let (top, recent) = (catalogue.top(limit).await, catalogue.recent(limit).await);
        for movies in [top.expect("a list").movies, recent.expect("a list").movies] {
            assert_eq!(movies.len(), limit.min(40_008));
        }
        let by_words = Query { limit, ..query("movie", Mode::Text) };
        assert_eq!(ids(&catalogue, &by_words).await.len(), limit.min(40_001));
    }
}

async fn an_index_of_vectors_is_built_once(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    let before = ids(&catalogue, &query("ships", Mode::Vector)).await;
    for model in [StaticModel::load().expect("the built-in model").model_id(), "it's \"another\" model; --"] {
        let due = store.settle_search_once(model, 128, Duration::MAX).await.expect("the vectors are counted");
        assert_eq!(due, None, "they are few");
        for _ in 0..2 {
            store.settle_search(model, 128).await.expect("the index is built");
        }
    }
    assert_eq!(ids(&catalogue, &query("ships", Mode::Vector)).await, before);
}

async fn the_index_finds_as_many_as_are_asked_for(database: &Database) {
    const MODEL: &str = r#"it's \ "any" ? $1; --"#;
    let store = database.store().await;
    let columns = "external_id, title, created_at, updated_at";
    let movies = "SELECT i, 'Movie', now(), now() FROM generate_series(1, 400) i";
    execute(&store, &format!("INSERT INTO movies ({columns}) {movies}")).await;
    let vectors = format!("SELECT id, $model${MODEL}$model$, '0', ARRAY[cos(id), sin(id)]::vector FROM movies");
    execute(&store, &format!("INSERT INTO movie_embeddings (movie_id, model, text_hash, embedding) {vectors}")).await;
    store.settle_search(MODEL, 2).await.expect("the index is built");
    store.close().await.expect("the store closes");
    // So few are compared each, unless the planner is kept from it.
    database.plan_without(&["seqscan", "sort"]).await;
    let store = database.store().await;
    let near = async |limit| store.nearest(MODEL, &[1.0, 0.0], limit, None).await.expect("the nearest are found");
    let found = near(300).await;
    assert_eq!(found.len(), 300);
    // More than the index keeps in view at first.
    let gone: Vec<String> = found[..200].iter().map(|(id, _)| id.to_string()).collect();
    execute(&store, &format!("UPDATE movies SET deleted_at = now() WHERE id IN ({})", gone.join(", "))).await;
    assert_eq!(near(100).await, found[200..]);
}
