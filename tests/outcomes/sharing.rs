//! Several processes on one database: on `PostgreSQL` they share a run, on `SQLite` the second one is turned away.

use std::time::Duration;

use yts_ingest::store::{Error, Store};

use crate::support::crawling::{CLOSING_LOOK, Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;

on_both!(stores_that_open_an_empty_database_at_once_all_come_up);
on_one!(Postgres:
    two_crawls_started_at_once_on_an_empty_database_share_the_run,
    two_crawls_share_one_rate,
    a_process_that_asks_nothing_takes_no_part_of_the_rate,
    a_pause_that_one_is_asked_for_holds_for_the_other,
);
on_one!(Sqlite: a_second_writer_is_turned_away_until_the_first_has_ended);

async fn two_crawls_started_at_once_on_an_empty_database_share_the_run(database: &Database) {
    let server = demo_server(300, "latency=50ms").await;
    let crawl = Crawl { concurrency: 4, ..Crawl::of(server.base_url()) };
    let (one, other) = tokio::join!(crawl.run(database), crawl.run(database));

    assert_eq!(one.run_id, other.run_id);
    assert_eq!((one.status, other.status), ("complete", "complete"));
    assert_eq!((one.movies.saved, one.pages.done), (300, 30));
    assert!(one.requests.details > 0 && other.requests.details > 0, "each did its part");
    // No page was done twice: each was listed once, and each movie's details were asked for once.
    assert_eq!((server.stats().list, server.stats().details), (30 + CLOSING_LOOK, 300));
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(300)));
}

async fn two_crawls_share_one_rate(database: &Database) {
    // What is above 40 a second is refused: one rate of 30 stays below it, two of them would not.
    let server = demo_server(150, "rate=40").await;
    let crawl = Crawl { rate: 30.0, ..Crawl::of(server.base_url()) };
    let (one, other) = tokio::join!(crawl.run(database), crawl.run(database));
    assert_eq!((one.status, other.status), ("complete", "complete"));
    assert!(one.requests.total > 0 && other.requests.total > 0, "each did its part");
    assert_eq!(server.stats().throttled, 0, "{:?}", server.stats());
}

async fn a_process_that_asks_nothing_takes_no_part_of_the_rate(database: &Database) {
    let store = database.store().await;
    let processes = || async { store.processes().await.expect("processes can be counted") };
    let making_vectors = store.announce(&database.options(1)).await.expect("the server takes several");
    assert_eq!(processes().await, 0);
    let crawling = store.announce(&database.options(1)).await.expect("the server takes several");
    for _ in 0..2 {
        crawling.ask_the_source().await.expect("it is said");
        making_vectors.renew().await.expect("it is said");
        assert_eq!(processes().await, 1);
    }
}

async fn a_pause_that_one_is_asked_for_holds_for_the_other(database: &Database) {
    let server = demo_server(300, "429=2,latency=20ms,seed=5").await;
    let crawl = Crawl { rate: 150.0, ..Crawl::of(server.base_url()) };
    let (one, other) = tokio::join!(crawl.run(database), crawl.run(database));
    assert_eq!((one.status, other.status), ("complete", "complete"));
    let stats = server.stats();
    assert!(stats.faults > 0, "there was a window: {stats:?}");
    // A loaded machine may hold up a request on its way, which then counts as inside. Where the pause is not shared, each
    // window has several of the other's.
    assert!(stats.inside_window <= stats.faults, "{stats:?}");
}

async fn a_second_writer_is_turned_away_until_the_first_has_ended(database: &Database) {
    let options = database.options(2);
    let store = database.store().await;
    let first = store.announce(&options).await.expect("nobody else writes");
    let second = Store::open(&options).await.expect("reading is free");
    let refusal = second.announce(&options).await.expect_err("the first still writes");
    assert!(matches!(refusal, Error::InUse { .. }), "{refusal}");
    drop(first);
    second.announce(&options).await.expect("the first has ended");
}

async fn stores_that_open_an_empty_database_at_once_all_come_up(database: &Database) {
    let options = database.options(2);
    let opened = (0..4).map(|_| {
        let options = options.clone();
        tokio::spawn(async move { Store::connect(&options).await })
    });
    let opened = tokio::time::timeout(Duration::from_mins(1), futures::future::join_all(opened)).await;
    for store in opened.expect("nobody waits for ever") {
        let store = store.expect("no panic").expect("the database comes up");
        assert!(!store.movie_exists(1).await.expect("its schema is there"));
    }
}
