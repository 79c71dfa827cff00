//! Locks that others hold: of a `SQLite` file for seconds, and on `PostgreSQL` in the opposite order. Nothing fails by it.

use std::time::Duration;

use sea_orm::{ConnectionTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use yts_ingest::store::retry;

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie};
use crate::support::snapshot::Snapshot;

on_one!(Sqlite: a_lock_that_another_program_holds_for_seconds_is_waited_for);
on_one!(Postgres: a_page_that_the_server_gives_up_in_a_deadlock_is_saved_again);

async fn a_lock_that_another_program_holds_for_seconds_is_waited_for(database: &Database) {
    let server = demo_server(200, "latency=20ms").await;
    let crawl = Crawl::of(server.base_url());
    let hold = async {
        while server.stats().details < 40 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let other = database.plain_connection().await;
        let exclusive = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Exclusive),
            ..TransactionOptions::default()
        };
        let lock = other.begin_with_options(exclusive).await.expect("the other waits for its turn too");
        tokio::time::sleep(Duration::from_secs(3)).await;
        lock.rollback().await.expect("the lock is given up");
        other.close().await.expect("the connection closes");
    };
    let (summary, ()) = tokio::join!(crawl.run(database), hold);

    assert_eq!((summary.status, summary.movies.saved), ("complete", 200), "{:?}", summary.failures);
    assert_eq!(server.stats().details, 200, "no page was fetched again");
    Snapshot::of(database.store().await.db()).await.assert_same(&Snapshot::expected(&demo_movies(200)));
}

async fn a_page_that_the_server_gives_up_in_a_deadlock_is_saved_again(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let page = by_hand.page_of_new((1..=3).map(full_movie).collect()).await;
    let other = database.plain_connection().await;
    // The other takes the tables in the opposite order, and waits longer before it looks for a deadlock: so it wins.
    let lock = other.begin().await.expect("a transaction begins");
    lock.execute_unprepared("SET LOCAL deadlock_timeout = '20s'; LOCK TABLE torrents IN EXCLUSIVE MODE")
        .await
        .expect("the table can be locked");
    let attempts = std::sync::atomic::AtomicU32::new(0);
    let save = async {
        let attempt = async || {
            let saved = by_hand.store.save_page(&page).await;
            let said = saved.as_ref().map_or_else(ToString::to_string, |_| String::new());
            let is_first = attempts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            assert!(!is_first || said.contains("deadlock"), "{said:?}");
            saved
        };
        retry(Duration::from_secs(20), attempt).await
    };
    let oppose = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        lock.execute_unprepared("LOCK TABLE movies IN EXCLUSIVE MODE").await.expect("the page gives way");
        lock.commit().await.expect("the locks are given up");
    };
    let (saved, ()) = tokio::join!(save, oppose);
    assert_eq!(saved.expect("it is saved again").saved, 3);
    assert!(attempts.into_inner() >= 2, "there was a deadlock");
    assert_eq!(Snapshot::of(by_hand.store.db()).await.movies.len(), 3);
    other.close().await.expect("the connection closes");
}
