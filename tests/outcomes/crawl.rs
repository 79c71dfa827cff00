//! A crawl from an empty database to a whole one, and the same again.

use yts_ingest::crawl::MovieCounts;

use crate::support::crawling::{CLOSING_LOOK, Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;

on_both!(
    a_first_run_saves_everything_field_by_field,
    a_small_catalogue_looks_like_this,
    typed_again_it_asks_for_the_list_only_and_skips_every_movie,
    one_worker_and_eight_make_the_same_database,
    max_pages_reads_so_many_and_no_more,
);

async fn a_first_run_saves_everything_field_by_field(database: &Database) {
    let server = demo_server(1000, "").await;
    let crawl = Crawl { limit: 50, ..Crawl::of(server.base_url()) };
    let summary = crawl.run(database).await;

    assert_eq!(summary.status, "complete");
    assert_eq!((summary.pages.planned, summary.pages.done, summary.pages.failed), (20, 20, 0));
    assert_eq!(summary.movies, MovieCounts { listed: 1000, saved: 1000, updated: 0, skipped: 0, failed: 0 });
    assert_eq!((summary.requests.list, summary.requests.details), (20 + CLOSING_LOOK, 1000));
    assert_eq!((server.stats().list, server.stats().details, summary.requests.retried), (20 + CLOSING_LOOK, 1000, 0));
    assert!(summary.failures.is_empty());
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(1000)));
}

async fn a_small_catalogue_looks_like_this(database: &Database) {
    let server = demo_server(3, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let store = database.store().await;
    // One record for both databases: they hold the same.
    insta::assert_debug_snapshot!("small_catalogue", Snapshot::of(store.db()).await);
}

async fn typed_again_it_asks_for_the_list_only_and_skips_every_movie(database: &Database) {
    let server = demo_server(100, "").await;
    let crawl = Crawl::of(server.base_url());
    let first = crawl.run(database).await;
    let second = crawl.run(database).await;

    assert_ne!(second.run_id, first.run_id);
    assert_eq!(second.status, "complete");
    assert_eq!((second.requests.total, second.requests.list, second.requests.details), (10, 10, 0));
    assert_eq!(second.movies, MovieCounts { listed: 100, saved: 0, updated: 0, skipped: 100, failed: 0 });
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(100)));
}

async fn one_worker_and_eight_make_the_same_database(database: &Database) {
    let server = demo_server(200, "").await;
    let expected = Snapshot::expected(&demo_movies(200));
    for workers in [1, 8] {
        Crawl { workers, ..Crawl::of(server.base_url()) }.run(database).await;
        let connection = database.plain_connection().await;
        Snapshot::of(&connection).await.assert_same(&expected);
        migration::migrate(&connection, migration::Step::Fresh).await.expect("the database is emptied");
        connection.close().await.expect("the connection closes");
    }
}

async fn max_pages_reads_so_many_and_no_more(database: &Database) {
    let server = demo_server(100, "").await;
    let crawl = Crawl { max_pages: Some(3), ..Crawl::of(server.base_url()) };
    let summary = crawl.run(database).await;

    assert_eq!((summary.status, summary.pages.planned, summary.pages.done), ("complete", 3, 3));
    assert_eq!((server.stats().list, server.stats().details), (3, 30));
    let newest = demo_movies(100).split_off(70);
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&newest));
}
