//! Another program holds the lock of a `SQLite` file for seconds: a crawl waits for it, and nothing fails.

use std::time::Duration;

use sea_orm::{SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;

on_one!(Sqlite: a_lock_that_another_program_holds_for_seconds_is_waited_for);

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
