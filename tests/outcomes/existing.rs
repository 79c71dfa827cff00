//! What becomes of movies that are in the database already, when the source has changed meanwhile.

use entity::torrent;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use yts_ingest::crawl::{Existing, MovieCounts};
use yts_ingest::movie::Movie;
use yts_ingest::store::Scope;

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie};
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json, torrent_json};
use crate::support::waiting::until_somebody_waits;
use crate::support::writes;

on_both!(
    update_changes_rating_and_torrents_and_nothing_else,
    update_reaches_a_movie_that_the_list_moved_while_it_was_read,
    update_writes_nothing_where_nothing_changed,
    refetch_writes_nothing_where_nothing_changed,
    refetch_brings_everything_up_to_date,
    what_the_source_no_longer_says_stays_known,
    new_movies_are_saved_whole_whatever_is_done_with_the_others,
    a_torrent_that_the_source_repeats_is_kept_once,
    a_torrent_of_an_update_that_cannot_be_understood_is_recorded,
    a_movie_on_two_pages_that_are_read_together_is_asked_for_once,
);
on_one!(Postgres: an_update_from_the_list_takes_nothing_back_that_another_process_writes);

/// Returns the six movies of the source as they are at first.
fn movies() -> Vec<Value> {
    (1..=6).map(movie_json).collect()
}

/// Returns a source whose movies are in the database.
async fn crawled(database: &Database) -> (Source, Crawl, Snapshot) {
    let source = Source::start(movies()).await;
    let crawl = Crawl::of(source.base_url());
    let summary = crawl.run(database).await;
    assert_eq!((summary.status, summary.movies.saved), ("complete", 6));
    let snapshot = read(database).await;
    (source, crawl, snapshot)
}

async fn read(database: &Database) -> Snapshot {
    Snapshot::of(database.store().await.db()).await
}

async fn update_changes_rating_and_torrents_and_nothing_else(database: &Database) {
    let (source, crawl, mut expected) = crawled(database).await;
    {
        let mut script = source.script();
        // Movie 1: a rating and seeds that count, and texts that don't.
        script.movies[0]["rating"] = json!(8.2);
        script.movies[0]["torrents"][0]["seeds"] = json!(99);
        script.movies[0]["title"] = json!("Renamed");
        script.movies[0]["genres"] = json!(["Comedy"]);
        // Movie 2: another torrent instead of the one that is known.
        script.movies[1]["torrents"] = json!([torrent_json("B2", 7)]);
    }
    let summary = Crawl { existing: Existing::Update, ..crawl }.run(database).await;

    assert_eq!(summary.movies, MovieCounts { listed: 6, saved: 0, updated: 2, skipped: 4, failed: 0 });
    assert_eq!((summary.requests.list, summary.requests.details), (1, 0));
    let movie = expected.movie(1);
    movie.columns.rating = Some("8.2".parse().expect("a number"));
    movie.torrents.get_mut("A1").expect("it has one").seeds = Some(99);
    let movie = expected.movie(2);
    let url = Some("https://yts.example/B2".to_owned());
    let added = torrent::Model { hash: "B2".to_owned(), url, seeds: Some(7), ..movie.torrents["A2"].clone() };
    movie.torrents.insert("B2".to_owned(), added);
    read(database).await.assert_same(&expected);
}

async fn update_reaches_a_movie_that_the_list_moved_while_it_was_read(database: &Database) {
    let source = Source::start((1..=20).map(movie_json).collect()).await;
    let crawl = Crawl { workers: 1, ..Crawl::of(source.base_url()) };
    assert_eq!(crawl.run(database).await.status, "complete");
    source.script().movies[10]["rating"] = json!(8.2);
    // When page 1 has been read, one of its movies goes: the first of page 2 moves to page 1 unseen.
    source.script().removed_after.insert(1, 5);
    let summary = Crawl { existing: Existing::Update, ..crawl }.run(database).await;

    assert_eq!((summary.status, summary.movies.updated, summary.movies.skipped), ("complete", 1, 19));
    let rating = read(database).await.movie(11).columns.rating;
    assert_eq!(rating, Some("8.2".parse().expect("a number")));
}

async fn update_writes_nothing_where_nothing_changed(database: &Database) {
    writes_nothing(database, Existing::Update).await;
}

async fn refetch_writes_nothing_where_nothing_changed(database: &Database) {
    writes_nothing(database, Existing::Refetch).await;
}

async fn writes_nothing(database: &Database, existing: Existing) {
    let server = demo_server(100, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let store = database.store().await;
    writes::note(store.db()).await;
    let summary = Crawl { existing, ..Crawl::of(server.base_url()) }.run(database).await;

    assert_eq!(summary.movies, MovieCounts { listed: 100, saved: 0, updated: 0, skipped: 100, failed: 0 });
    assert_eq!(summary.requests.details, if existing == Existing::Update { 0 } else { 100 });
    assert_eq!(writes::noted(store.db()).await, [].into());
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(100)));
}

async fn refetch_brings_everything_up_to_date(database: &Database) {
    let (source, crawl, _) = crawled(database).await;
    let mut changed = movie_json(1);
    for (field, value) in [
        ("title", json!("Renamed")),
        ("slug", json!("renamed-2002")),
        ("year", json!(2002)),
        ("rating", json!(8.2)),
        ("language", json!("fr")),
        ("like_count", json!(4)),
        ("genres", json!(["Comedy", "Crime"])),
        ("torrents", json!([torrent_json("A1", 99), torrent_json("B1", 1)])),
    ] {
        changed[field] = value;
    }
    // Billed the other way round, one of them in two roles, and one with a portrait that was unknown.
    changed["cast"] = json!([
        {"name": "Everywhere", "character_name": "Guest", "imdb_code": "9000000", "url_small_image": "https://yts.example/e.jpg"},
        {"name": "Everywhere", "character_name": "Ghost", "imdb_code": "9000000"},
        {"name": "Lead 1", "character_name": "Lead", "imdb_code": "0000001"},
    ]);
    source.script().movies[0] = changed.clone();
    let summary = Crawl { existing: Existing::Refetch, ..crawl }.run(database).await;
    assert_eq!(summary.movies, MovieCounts { listed: 6, saved: 0, updated: 1, skipped: 5, failed: 0 });
    assert_eq!(summary.requests.details, 6);
    let mut refetched = read(database).await;

    // A database that never knew the old state says what the movie must look like now.
    migrate_afresh(database).await;
    Crawl::of(source.base_url()).run(database).await;
    let mut anew = read(database).await;
    assert_eq!(refetched.movie(1), anew.movie(1));
    assert_eq!(refetched.movies, anew.movies);
    assert_eq!(refetched.cast_members, anew.cast_members);
}

async fn migrate_afresh(database: &Database) {
    let connection = database.plain_connection().await;
    migration::migrate(&connection, migration::Step::Fresh).await.expect("the database is emptied");
    connection.close().await.expect("the connection closes");
}

async fn what_the_source_no_longer_says_stays_known(database: &Database) {
    let (source, crawl, expected) = crawled(database).await;
    for movie in &mut source.script().movies {
        let id = movie["id"].clone();
        *movie = json!({"id": id, "title": null, "slug": "", "year": 0, "rating": 0, "runtime": 0, "genres": null});
    }
    for existing in [Existing::Update, Existing::Refetch] {
        let summary = Crawl { existing, ..crawl.clone() }.run(database).await;
        assert_eq!((summary.status, summary.movies.updated, summary.movies.skipped), ("complete", 0, 6));
        read(database).await.assert_same(&expected);
    }
}

async fn new_movies_are_saved_whole_whatever_is_done_with_the_others(database: &Database) {
    let (source, crawl, _) = crawled(database).await;
    let mut known = 6;
    for existing in [Existing::Skip, Existing::Update, Existing::Refetch] {
        known += 1;
        source.script().movies.insert(0, movie_json(known));
        let summary = Crawl { existing, ..crawl.clone() }.run(database).await;
        assert_eq!((summary.movies.saved, summary.movies.skipped), (1, known - 1), "{existing:?}");
        let mut snapshot = read(database).await;
        let saved = snapshot.movie(i32::try_from(known).expect("a small number"));
        assert_eq!((saved.roles.len(), saved.genres.len(), saved.torrents.len()), (2, 1, 1), "{existing:?}");
    }
}

async fn a_torrent_that_the_source_repeats_is_kept_once(database: &Database) {
    let (source, crawl, _) = crawled(database).await;
    // Known to the database at the first crawl, new to it at the later ones.
    for (seeds, existing) in [(50, Existing::Update), (60, Existing::Refetch)] {
        let repeated =
            [torrent_json("A1", seeds), torrent_json("A1", seeds), torrent_json("C1", 1), torrent_json("C1", 1)];
        source.script().movies[0]["torrents"] = json!(repeated);
        let summary = Crawl { existing, ..crawl.clone() }.run(database).await;
        assert_eq!((summary.status, summary.movies.updated, summary.movies.failed), ("complete", 1, 0), "{existing:?}");
        let mut snapshot = read(database).await;
        let seeds_of: Vec<_> = snapshot.movie(1).torrents.values().map(|torrent| torrent.seeds).collect();
        assert_eq!(seeds_of, [i32::try_from(seeds).ok(), Some(1)], "{existing:?}");
    }
}

async fn a_torrent_of_an_update_that_cannot_be_understood_is_recorded(database: &Database) {
    let (source, crawl, _) = crawled(database).await;
    source.script().movies[0]["torrents"] = json!([torrent_json("A1", 77), {"quality": "720p"}]);
    let summary = Crawl { existing: Existing::Update, ..crawl }.run(database).await;
    assert_eq!((summary.status, summary.movies.updated, summary.movies.failed), ("incomplete", 1, 0));
    let reasons: Vec<_> = summary.failures.iter().map(|failure| failure.reason.as_str()).collect();
    assert_eq!(reasons, ["in the list: torrents[1]: no hash"]);
}

async fn a_movie_on_two_pages_that_are_read_together_is_asked_for_once(database: &Database) {
    // Each page but the first begins with the movie that the one before ended with.
    let listed = [1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11, 11, 12, 13];
    let source = Source::start(listed.into_iter().map(movie_json).collect()).await;
    let summary = Crawl { limit: 3, workers: 1, ..Crawl::of(source.base_url()) }.run(database).await;
    assert_eq!(summary.movies, MovieCounts { listed: 18, saved: 13, updated: 0, skipped: 5, failed: 0 });
    let mut asked = source.script().asked_details.clone();
    asked.sort_unstable();
    assert_eq!(asked, (1..=13).collect::<Vec<_>>());
}

async fn an_update_from_the_list_takes_nothing_back_that_another_process_writes(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let store = by_hand.store.clone();
    store.save_movie(&full_movie(1)).await.expect("the movie is saved");
    let rated = Movie { rating: Some(8.2), ..full_movie(1) };
    let page = by_hand.page_of_updates(vec![rated], Scope::RatingAndTorrents).await;
    let db = database.plain_connection().await;
    let other = db.begin().await.expect("a transaction begins");
    other.execute_unprepared("UPDATE movies SET title = 'Renamed'").await.expect("the movie can be changed");
    let saving = tokio::spawn(async move { by_hand.store.save_page(&page).await });
    until_somebody_waits(store.db()).await;
    other.commit().await.expect("the change is committed");
    let saved = saving.await.expect("no panic").expect("the page is saved");

    assert_eq!(saved.updated, 1);
    let columns = Snapshot::of(store.db()).await.movie(1).columns.clone();
    assert_eq!((columns.title.as_str(), columns.rating), ("Renamed", Some("8.2".parse().expect("a number"))));
}
