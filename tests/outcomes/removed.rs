//! Somebody removes the database in the middle of a run: the run ends soon, says so, and makes no new one.

use std::time::{Duration, Instant};

use crate::support::command::fetch_yts;
use crate::support::crawling::demo_server;
use crate::support::database::{Database, Kind};

on_both!(a_database_that_is_removed_in_mid_run_ends_the_run_with_its_name);

async fn a_database_that_is_removed_in_mid_run_ends_the_run_with_its_name(database: &Database) {
    let server = demo_server(2000, "latency=50ms").await;
    let child = fetch_yts(database, &server.base_url(), 10, 4);
    while server.stats().details < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    database.lose().await;
    let lost_at = Instant::now();
    let output = child.output().await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(lost_at.elapsed() < Duration::from_secs(30), "{:?}", lost_at.elapsed());
    assert!(output.stdout.is_empty(), "nothing is summed up that is not there");
    match database.kind {
        Kind::Postgres => assert!(said.contains("does not exist"), "{said}"),
        Kind::Sqlite => {
            assert!(said.contains("yts.db was removed or replaced"), "{said}");
            assert!(!database.folder().join("yts.db").exists(), "no empty one takes its place");
        }
    }
}
