//! Verifying and repairing: what is whole has no findings, each kind of damage is found, and a repair mends just that.

use std::time::Duration;

use entity::embedding::Embedding;
use entity::{movie, movie_embedding, run_page};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use url::Url;
use yts_ingest::api::{self, Client};
use yts_ingest::store::Store;
use yts_ingest::verify::{self, Report};

use crate::support::crawling::{Crawl, demo_server};
use crate::support::database::{Database, Kind};
use crate::support::records::ByHand;
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json};
use crate::support::writes;

on_both!(
    what_a_crawl_has_made_has_no_findings_and_verifying_writes_nothing,
    missing_movies_are_listed_and_fetched_again,
    movies_that_differ_are_named_field_by_field_and_brought_up_to_date,
    seeds_peers_and_likes_are_no_differences,
    movies_that_the_source_no_longer_knows_are_told_apart,
    genres_and_cast_that_nothing_links_to_are_removed,
    links_that_lead_nowhere_are_removed_and_what_they_meant_is_fetched_again,
    empty_texts_and_zeros_are_replaced_by_what_the_source_says,
    a_rating_out_of_range_is_replaced_by_what_the_source_says,
    movies_marked_as_deleted_although_they_are_listed_come_back,
    movies_that_the_certified_run_did_not_see_are_told_and_left_alone,
    pages_without_a_reading_and_a_certificate_that_does_not_fit_are_told,
    leases_of_dead_processes_are_freed,
    failures_that_are_not_settled_are_told,
    vectors_of_no_use_are_removed,
    verifying_works_while_another_writes,
);

const MOVIES: u64 = 6;

/// A source of six movies, a crawl of it, and what is in the database after it.
async fn crawled(database: &Database) -> (Source, Snapshot) {
    let source = Source::start((1..=MOVIES).map(movie_json).collect()).await;
    let summary = Crawl::of(source.base_url()).run(database).await;
    assert_eq!((summary.status, summary.movies.saved), ("complete", MOVIES));
    (source, Snapshot::of(database.store().await.db()).await)
}

/// Does what fetch-yts --verify does, with --repair or without.
async fn verify(database: &Database, source: &Source, is_repair: bool) -> Report {
    let store = database.store().await;
    let client = client(&source.base_url());
    let options =
        verify::Options { scope: "source=test".to_owned(), sample: 20, rate: 0.0, patience: Duration::from_secs(30) };
    let presence =
        if is_repair { Some(store.announce(&database.options(1)).await.expect("nobody else writes")) } else { None };
    let outcome = Box::pin(verify::run(&options, &store, &client, presence.as_ref())).await;
    let (report, trouble) = outcome.expect("the database stays");
    assert!(trouble.is_none(), "{trouble:?}");
    report
}

fn client(base_url: &str) -> Client {
    let options = api::Options {
        base_urls: vec![Url::parse(base_url).expect("the base URL is one")],
        rate: 0.0,
        max_attempts: 2,
        base_delay: Duration::from_millis(10),
        ..api::Options::default()
    };
    Client::new(options).expect("the client is set up")
}

/// Returns the kinds of findings with what they are about, sorted.
fn found(report: &Report) -> Vec<(&str, &str)> {
    let mut found: Vec<_> = report.findings.iter().map(|finding| (finding.kind, finding.what.as_str())).collect();
    found.sort_unstable();
    found
}

/// Drops the checks of values, on `PostgreSQL`.
const WITHOUT_CHECKS: &str = "DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE contype = 'c' AND conrelid IN ('movies'::regclass, 'torrents'::regclass)
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.place, found.conname); END LOOP;
END $$";

/// Carries out statements that break the schema's rules, past what guards them.
async fn damage(database: &Database, statements: &[&str]) {
    let connection = database.plain_connection().await;
    let past_the_guards: &[&str] = match database.kind {
        Kind::Sqlite => &["PRAGMA ignore_check_constraints = ON"],
        Kind::Postgres => &["SET session_replication_role = replica", WITHOUT_CHECKS],
    };
    for sql in [past_the_guards, statements].concat() {
        connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    connection.close().await.expect("the connection closes");
}

/// Plants damage, expects that just this is found, and that a repair brings everything back as it was.
async fn found_and_repaired(database: &Database, statements: &[&str], expected: &[(&str, &str)]) -> Report {
    let (source, undamaged) = crawled(database).await;
    damage(database, statements).await;
    let report = verify(database, &source, false).await;
    assert_eq!(found(&report), expected, "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    assert_eq!(repaired.repaired.expect("something was repaired").found, expected.len());
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
    repaired
}

async fn what_a_crawl_has_made_has_no_findings_and_verifying_writes_nothing(database: &Database) {
    let server = demo_server(60, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let store = database.store().await;
    writes::note(store.db()).await;
    let options =
        verify::Options { scope: "source=test".to_owned(), sample: 60, rate: 0.0, patience: Duration::from_secs(30) };
    let outcome = verify::run(&options, &store, &client(&server.base_url()), None).await;
    let (report, trouble) = outcome.expect("the database stays");
    assert!(trouble.is_none(), "{trouble:?}");
    assert_eq!(found(&report), [], "{report}");
    assert_eq!((report.checked.movies, report.checked.movies_seen, report.checked.runs), (60, 60, 1));
    assert_eq!((report.sample.asked, report.sample.alike), (60, 60));
    assert_eq!(writes::noted(store.db()).await, [].into());
}

async fn missing_movies_are_listed_and_fetched_again(database: &Database) {
    let statements = [
        "DELETE FROM torrents WHERE movie_id IN (SELECT id FROM movies WHERE external_id IN (2, 5))",
        "DELETE FROM movie_genres WHERE movie_id IN (SELECT id FROM movies WHERE external_id IN (2, 5))",
        "DELETE FROM movie_casts WHERE movie_id IN (SELECT id FROM movies WHERE external_id IN (2, 5))",
        "DELETE FROM movies WHERE external_id IN (2, 5)",
    ];
    let expected = [("missing_movie", "movie 2"), ("missing_movie", "movie 5"), ("unlinked", "casts")];
    let repaired = found_and_repaired(database, &statements, &expected).await;
    assert_eq!(repaired.repaired.expect("it was repaired").movies_saved, 2);
}

async fn movies_that_differ_are_named_field_by_field_and_brought_up_to_date(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(
        database,
        &[
            "UPDATE movies SET title = 'Other', rating = 1.5 WHERE external_id = 3",
            "UPDATE torrents SET quality = '720p' WHERE hash = 'A4'",
            "DELETE FROM torrents WHERE hash = 'A5'",
            "UPDATE movie_casts SET character_name = 'Nobody' \
             WHERE position = 0 AND movie_id = (SELECT id FROM movies WHERE external_id = 6)",
            "DELETE FROM movie_genres WHERE movie_id = (SELECT id FROM movies WHERE external_id = 1)",
        ],
    )
    .await;
    let report = verify(database, &source, false).await;
    let expected: Vec<_> =
        ["movie 1", "movie 3", "movie 4", "movie 5", "movie 6"].into_iter().map(|what| ("differs", what)).collect();
    assert_eq!(found(&report), expected, "{report}");
    let sample = serde_json::to_value(&report.sample.differing).expect("it is data");
    assert_eq!(
        sample,
        json!([
            {"external_id": 1, "fields": [{"field": "genres", "stored": "", "source": "Drama"}]},
            {"external_id": 3, "fields": [
                {"field": "title", "stored": "Other", "source": "Movie 3"},
                {"field": "rating", "stored": "1.5", "source": "6.5"},
            ]},
            {"external_id": 4, "fields": [{"field": "torrent A4 quality", "stored": "720p", "source": "1080p"}]},
            {"external_id": 5, "fields": [{"field": "torrent A5", "stored": Value::Null, "source": "A5"}]},
            {"external_id": 6, "fields": [{
                "field": "cast",
                "stored": "Lead 6 as Nobody, Everywhere as Guest",
                "source": "Lead 6 as Lead, Everywhere as Guest",
            }]},
        ])
    );
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    assert_eq!(repaired.repaired.expect("it was repaired").movies_saved, 5);
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn seeds_peers_and_likes_are_no_differences(database: &Database) {
    let (source, _) = crawled(database).await;
    damage(database, &["UPDATE torrents SET seeds = 77, peers = 78", "UPDATE movies SET like_count = 79"]).await;
    let report = verify(database, &source, false).await;
    assert_eq!((found(&report), report.sample.alike), (vec![], 6), "{report}");
}

async fn movies_that_the_source_no_longer_knows_are_told_apart(database: &Database) {
    let (source, _) = crawled(database).await;
    // One that is there and one that is not, both gone from the source.
    let store = database.store().await;
    movie::Entity::delete_many()
        .filter(movie::COLUMN.external_id.eq(2))
        .exec(store.db())
        .await
        .expect("a movie can be removed");
    store.remove_unlinked().await.expect("its lead goes with it");
    source.script().movies.retain(|movie| movie["id"] != 1 && movie["id"] != 2);
    for is_repair in [false, true] {
        let report = verify(database, &source, is_repair).await;
        assert_eq!(found(&report), [], "{report}");
        assert_eq!(report.sample.unknown, [1, 2]);
    }
    assert!(store.movie_exists(1).await.expect("reading works"), "it is not for a repair to remove a movie");
}

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

async fn movies_marked_as_deleted_although_they_are_listed_come_back(database: &Database) {
    let statements = ["UPDATE movies SET deleted_at = updated_at WHERE external_id = 6"];
    found_and_repaired(database, &statements, &[("deleted_movie", "movie 6")]).await;
}

async fn movies_that_the_certified_run_did_not_see_are_told_and_left_alone(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(database, &["UPDATE run_readings SET external_ids = '6,5,4,3,2'", "UPDATE runs SET distinct_movies = 5"])
        .await;
    for is_repair in [false, true] {
        let report = verify(database, &source, is_repair).await;
        assert_eq!(found(&report), [("unlisted_movies", "run 1")], "{report}");
    }
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn pages_without_a_reading_and_a_certificate_that_does_not_fit_are_told(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(database, &["DELETE FROM run_readings"]).await;
    let report = verify(database, &source, true).await;
    let expected = [("certificate", "run 1"), ("page_without_reading", "run_pages"), ("unlisted_movies", "run 1")];
    assert_eq!(found(&report), expected, "{report}");
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn leases_of_dead_processes_are_freed(database: &Database) {
    let source = Source::start(Vec::new()).await;
    let by_hand = ByHand::begin(database, 2).await;
    by_hand.claim().await;
    assert_eq!(found(&verify(database, &source, false).await), [], "its holder lives");
    let ByHand { store, presence, .. } = by_hand;
    drop(presence);
    damage(database, &["UPDATE run_pages SET lease_expires_at = '2001-01-01T00:00:00+00:00' WHERE status = 'leased'"])
        .await;
    let report = verify(database, &source, false).await;
    assert_eq!(found(&report), [("dead_lease", "run_pages")], "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!((found(&repaired), repaired.repaired.expect("it was repaired").leases_freed), (vec![], 1), "{repaired}");
    let pages = run_page::Entity::find().order_by_asc(run_page::COLUMN.page).all(store.db()).await.expect("pages");
    assert!(pages.iter().all(|page| page.status == "due"), "{pages:?}");
}

async fn failures_that_are_not_settled_are_told(database: &Database) {
    let source = Source::start((1..=MOVIES).map(movie_json).collect()).await;
    source.script().broken_details.insert(2);
    let crawl = Crawl { max_attempts: 1, ..Crawl::of(source.base_url()) };
    assert_eq!(crawl.run(database).await.status, "incomplete");
    source.script().broken_details.clear();
    let report = verify(database, &source, true).await;
    assert_eq!(found(&report), [("open_failures", "source=test")], "{report}");
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

async fn verifying_works_while_another_writes(database: &Database) {
    let (source, _) = crawled(database).await;
    let by_hand = ByHand::begin(database, 1).await;
    by_hand.claim().await;
    let report = verify(database, &source, false).await;
    assert_eq!((found(&report), report.sample.alike), (vec![], 6), "{report}");
}
