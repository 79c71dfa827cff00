//! The real command, killed with SIGKILL at random moments, and typed again until it is through.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use yts_ingest::demo;

use crate::support::command::{Running, fetch_yts, summary_of};
use crate::support::crawling::{demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;

const MOVIES: u32 = 400;
const KILLS: u64 = 6;
/// Pages in hand at a time, and movies on them: what a kill may cost.
const WORKERS: u64 = 4;
const LIMIT: u64 = 10;

on_both!(killed_again_and_again_the_same_command_still_finishes_the_job);

async fn killed_again_and_again_the_same_command_still_finishes_the_job(database: &Database) {
    let server = demo_server(MOVIES, "latency=20ms").await;
    let mut rng = StdRng::seed_from_u64(5);
    let mut kills = 0;
    for _ in 0..KILLS {
        let command = fetch_yts(database, &server.base_url(), LIMIT, WORKERS);
        kills += u64::from(was_killed_midway(command, &server, &mut rng).await);
    }
    assert!(kills >= KILLS / 2, "only {kills} kills came before the end");

    let command = fetch_yts(database, &server.base_url(), LIMIT, WORKERS);
    let output = command.output().await;
    let summary = summary_of(&output);
    assert_eq!((output.status.code(), &summary["status"]), (Some(0), &Value::from("complete")), "{summary}");
    assert_eq!(summary["pages"]["done"], MOVIES / 10);
    assert_eq!(summary["movies"]["saved"], MOVIES);
    let details = server.stats().details;
    assert!(details <= u64::from(MOVIES) + kills * WORKERS * LIMIT, "{details} details: finished pages were refetched");
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(MOVIES)));
}

/// Kills the command some answers of the source later; the answers are counted and not the time, so that it is midway
/// on a slow machine too. Says whether the command was still running.
async fn was_killed_midway(mut command: Running, server: &demo::Server, rng: &mut StdRng) -> bool {
    let last_answer = server.stats().details + rng.random_range(15..75);
    while server.stats().details < last_answer && !command.is_over() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_micros(rng.random_range(0..20_000))).await;
    let was_running = !command.is_over();
    drop(command);
    was_running
}
