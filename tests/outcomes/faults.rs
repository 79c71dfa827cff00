//! A source that fails in every way that a source can: the database is the same as if it had not.

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;

on_both!(
    a_source_that_fails_one_request_in_five_gives_the_same_database,
    a_list_that_grows_under_the_crawl_is_seen_whole_and_doubles_nothing,
);

async fn a_source_that_fails_one_request_in_five_gives_the_same_database(database: &Database) {
    let server = demo_server(500, "5xx=10,reset=5,truncate=2,html=2,429=1,missing=10,seed=3").await;
    let crawl = Crawl { limit: 50, ..Crawl::of(server.base_url()) };
    let summary = crawl.run(database).await;

    assert_eq!((summary.status, summary.movies.saved), ("complete", 500), "{:?}", summary.failures);
    assert_eq!(summary.pages.done, 10);
    assert!(summary.requests.retried > 0 && server.stats().faults > 50, "{:?}", server.stats());
    assert_eq!(server.stats().inside_window, 0, "everybody waits when the server asks for it");
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(500)));
}

async fn a_list_that_grows_under_the_crawl_is_seen_whole_and_doubles_nothing(database: &Database) {
    // With every fifth list request a new movie pushes the last one of each page to the next, read already or not.
    let server = demo_server(300, "insert=5").await;
    let summary = Crawl { workers: 8, ..Crawl::of(server.base_url()) }.run(database).await;
    assert_eq!((summary.status, summary.movies.failed), ("complete", 0));

    let store = database.store().await;
    let snapshot = Snapshot::of(store.db()).await;
    let missing: Vec<u32> = demo_movies(300)
        .into_iter()
        .map(|movie| movie.id)
        .filter(|id| !snapshot.movies.contains_key(&id.cast_signed()))
        .collect();
    assert_eq!(missing, Vec::<u32>::new(), "of the movies that were listed all the time");
    assert!(server.stats().inserted > 0 && snapshot.movies.len() > 300);
    assert_eq!(summary.movies.saved, snapshot.movies.len() as u64, "each counts once");
}
