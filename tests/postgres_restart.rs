//! `PostgreSQL` restarted in mid-run, in three ways: the run goes on by itself, and the database is the same.
//!
//! It has a file to itself, since the other tests share the server.

#[path = "outcomes/support/crawling.rs"]
#[expect(dead_code, reason = "it is shared with tests that need more of it")]
mod crawling;
#[path = "outcomes/support/database.rs"]
#[expect(dead_code, unused_macros, reason = "it is shared with tests that need more of it")]
mod database;
#[path = "outcomes/support/snapshot.rs"]
mod snapshot;

use std::process::Command;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crawling::{Crawl, demo_movies, demo_server};
use database::{Database, Kind, with_database};
use snapshot::Snapshot;

const MOVIES: u32 = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_by_itself_through_every_kind_of_postgres_restart() {
    if std::env::var_os("TEST_POSTGRES_NO_RESTART").is_some_and(|value| value == "1") {
        return;
    }
    with_database(Kind::Postgres, through_restarts).await;
}

async fn through_restarts(database: &Database) {
    let server = demo_server(MOVIES, "latency=20ms").await;
    let crawl = Crawl { rate: 100.0, ..Crawl::of(server.base_url()) };
    let data = data_directory(database).await;
    let disturb = async {
        for (details, how) in [(100, "fast"), (250, "immediate"), (400, "kill -9")] {
            while server.stats().details < details {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let data = data.clone();
            tokio::task::spawn_blocking(move || restart(how, &data)).await.expect("the server comes back");
        }
    };
    let (summary, ()) = tokio::join!(crawl.run(database), disturb);

    assert_eq!((summary.status, summary.movies.saved), ("complete", MOVIES.into()), "{:?}", summary.failures);
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(MOVIES)));
}

async fn data_directory(database: &Database) -> String {
    let statement = Statement::from_string(DbBackend::Postgres, "SELECT current_setting('data_directory') AS data");
    let row = database.store().await.db().query_one_raw(statement).await.expect("the server answers");
    row.expect("a setting is one row").try_get("", "data").expect("a folder is a text")
}

/// Runs `pg_ctl` for the server; says whether it succeeded.
fn control(arguments: &[&str]) -> bool {
    let program = std::env::var_os("TEST_POSTGRES_CTL").expect(
        "TEST_POSTGRES_CTL names the server's pg_ctl; set TEST_POSTGRES_NO_RESTART=1 where it must not be restarted",
    );
    Command::new(program).args(arguments).output().expect("pg_ctl starts").status.success()
}

fn restart(how: &str, data: &str) {
    if how != "kill -9" {
        assert!(control(&["restart", "-m", how]), "restart -m {how}");
        return;
    }
    let pid_file = std::fs::read_to_string(format!("{data}/postmaster.pid")).expect("the server's pid is known");
    let pid = pid_file.lines().next().expect("it is the first line");
    assert!(Command::new("kill").args(["-9", pid]).status().expect("there is a kill").success());
    // Its children must have noticed before another can start.
    let is_back = || control(&["start"]);
    let came_back = (0..60).any(|_| {
        std::thread::sleep(Duration::from_millis(500));
        is_back()
    });
    assert!(came_back, "the server comes back");
}
