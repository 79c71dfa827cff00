//! `monitor-progress`: one reading, a watch, and beside a run that goes on.

use std::time::Duration;

use serde_json::Value;

use crate::command::{FETCH_YTS, Folder, MONITOR_PROGRESS, Running, keys, wait_until};
use crate::postgres::Postgres;

#[test]
fn without_a_database_it_says_what_makes_one_and_makes_none() {
    let folder = Folder::new();
    folder.run(MONITOR_PROGRESS, &[]).expect_error(5, &["yts.db", "fetch-yts"]);
    folder.run(MONITOR_PROGRESS, &["--watch", "1", "--json"]).expect_error(5, &["yts.db"]);
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn a_reading_has_the_promised_parts() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &["--demo", "--max-pages", "2"]);
    let reading = folder.json(MONITOR_PROGRESS, &["--failures"]);
    assert_eq!(keys(&reading), ["failures", "newest_movies", "run", "top_genres", "totals"]);
    assert_eq!(keys(&reading["totals"]), ["cast_members", "embeddings", "genres", "movies", "torrents"]);
    let run = &reading["run"];
    for key in [
        "run_id",
        "status",
        "pages_planned",
        "pages_done",
        "pages_failed",
        "saved",
        "skipped",
        "failed",
        "requests",
        "movies_per_second",
        "eta_seconds",
        "heartbeat_age_seconds",
    ] {
        assert!(run.get(key).is_some(), "the run's {key} is missing: {run}");
    }
    assert_eq!(
        (run["status"].as_str(), run["pages_done"].as_u64(), run["saved"].as_u64()),
        (Some("complete"), Some(2), Some(100))
    );
    assert_eq!(run["requests"], 102);
    assert_eq!(reading["failures"], Value::Array(Vec::new()));
    assert!(
        !reading["top_genres"].as_array().unwrap().is_empty()
            && !reading["newest_movies"].as_array().unwrap().is_empty()
    );

    let told = folder.run(MONITOR_PROGRESS, &[]);
    told.expect_code(0);
    for part in ["complete", "2/2 done", "100 saved", "100 movies", "top genres", "newest movies"] {
        assert!(told.stdout.contains(part), "{part:?} is missing: {told}");
    }
    assert_eq!(told.stderr, "");
}

#[test]
fn failures_are_listed_with_their_reasons() {
    // Its id in the list is none.
    let folder = Folder::new();
    let mut movie = crate::catalogue::movie(1, "One");
    movie["id"] = Value::from("none");
    let catalogue = crate::catalogue::Catalogue::of(movie);
    let source = crate::source::Source::start(move |target| catalogue.answer(target));
    folder.run(FETCH_YTS, &["--base-url", &source.base_url()]).expect_code(3);
    let reading = folder.json(MONITOR_PROGRESS, &["--failures"]);
    let failure = &reading["failures"][0];
    assert_eq!(failure["stage"], "parse");
    assert!(failure["reason"].as_str().unwrap().contains("id"), "{failure}");
    assert_eq!(reading["run"]["failed"], 1);
    let told = folder.run(MONITOR_PROGRESS, &["--failures"]);
    assert!(told.stdout.contains("1 failures") && told.stdout.contains("parse"), "{told}");
}

#[test]
fn a_watch_beside_a_run_reads_on_and_ends_with_it() {
    let folder = Folder::new();
    let slowly =
        ["--demo", "--demo-movies", "200", "--limit", "10", "--demo-faults", "latency=150ms", "--workers", "2"];
    let fetch = Running::start(folder.command(FETCH_YTS, &slowly));
    wait_until("a run", || folder.run(MONITOR_PROGRESS, &["--json"]).code == Some(0));
    let watch = Running::start(folder.command(MONITOR_PROGRESS, &["--watch", "1", "--json"]));
    fetch.end_within(Duration::from_mins(1)).expect_code(0);
    let watched = watch.end_within(Duration::from_secs(5));
    watched.expect_code(0);
    let readings: Vec<Value> =
        watched.stdout.lines().map(|line| serde_json::from_str(line).expect("one document a line")).collect();
    assert!(readings.len() >= 2, "{watched}");
    assert_eq!(readings[0]["run"]["status"], "running");
    let last = &readings.last().unwrap()["run"];
    assert_eq!((last["status"].as_str(), last["pages_done"].as_u64()), (Some("complete"), Some(20)));
    let done: Vec<u64> = readings.iter().map(|reading| reading["run"]["pages_done"].as_u64().unwrap()).collect();
    assert!(done.is_sorted(), "{done:?}");
}

#[test]
fn ctrl_c_ends_a_watch() {
    let folder = Folder::new();
    let _fetch = Running::start(folder.command(FETCH_YTS, &["--demo", "--demo-faults", "latency=10s"]));
    wait_until("a run", || folder.run(MONITOR_PROGRESS, &["--json"]).code == Some(0));
    let watch = Running::start(folder.command(MONITOR_PROGRESS, &["--watch", "60"]));
    watch.wait_for_words("catalogue");
    watch.signal("INT");
    watch.end_within(Duration::from_secs(5)).expect_code(130);
}

#[test]
fn it_reads_a_run_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::new());
    let url = ["--database-url", database.url()];
    folder.run(MONITOR_PROGRESS, &url).expect_error(5, &["fetch-yts"]);
    folder.json(FETCH_YTS, &[&["--demo", "--max-pages", "2"], &url[..]].concat());
    let reading = folder.json(MONITOR_PROGRESS, &url);
    assert_eq!(
        (reading["run"]["status"].as_str(), reading["totals"]["movies"].as_u64()),
        (Some("complete"), Some(100))
    );
    let again = folder.json(FETCH_YTS, &[&["--demo", "--max-pages", "2"], &url[..]].concat());
    assert_eq!((&again["movies"]["skipped"], &again["requests"]["total"]), (&100.into(), &2.into()));
    assert_eq!(folder.names(), Vec::<String>::new());
}
