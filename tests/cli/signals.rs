//! Ctrl-C and SIGTERM: what is committed stays, and the same command goes on.

use std::time::{Duration, Instant};

use crate::command::{FETCH_YTS, Folder, MONITOR_PROGRESS, Running, run, wait_until};

const MOVIES: u64 = 400;
/// 40 pages of 10, slow enough to be stopped in the middle.
const SLOWLY: [&str; 9] =
    ["--demo", "--demo-movies", "400", "--limit", "10", "--demo-faults", "latency=150ms", "--workers", "2"];

fn pages_done(folder: &Folder) -> u64 {
    let ended = folder.run(MONITOR_PROGRESS, &["--json"]);
    // There may be no database yet.
    if ended.code == Some(0) { ended.json()["run"]["pages_done"].as_u64().unwrap_or_default() } else { 0 }
}

/// Starts a fetch, sends it a signal in the middle, and expects it to end as interrupted.
fn interrupt(folder: &Folder, signal: &str) {
    let running = Running::start(folder.command(FETCH_YTS, &SLOWLY));
    wait_until("two pages", || pages_done(folder) >= 2);
    running.signal(signal);
    let ended = running.end_within(Duration::from_secs(20));
    ended.expect_code(130);
    assert!(ended.stderr.contains("stopping"), "{ended}");
    assert!(ended.stdout.contains("interrupted"), "{ended}");
    let done = pages_done(folder);
    assert!((2..40).contains(&done), "{done} pages done");
}

/// Expects the same command to complete the run, and the catalogue to be what an undisturbed run makes of it.
fn goes_on_to_completion(folder: &Folder) {
    let before = pages_done(folder);
    let mut command = folder.command(FETCH_YTS, &SLOWLY);
    command.arg("--json");
    let ended = run(command);
    ended.expect_code(0);
    let summary = ended.json();
    assert_eq!((summary["status"].as_str(), summary["pages"]["done"].as_u64()), (Some("complete"), Some(40)));
    assert_eq!((&summary["movies"]["saved"], &summary["movies"]["failed"]), (&MOVIES.into(), &0.into()));
    // The top of the list may be read once more, to see what came in meanwhile.
    let asked = summary["requests"]["list"].as_u64().unwrap_or_default();
    assert!((40 - before..=41 - before).contains(&asked), "{asked} list requests for {} pages left", 40 - before);

    let undisturbed = Folder::new();
    undisturbed.json(FETCH_YTS, &["--demo", "--demo-movies", "400", "--limit", "10"]);
    assert_eq!(folder.totals(), undisturbed.totals());
}

#[test]
fn ctrl_c_finishes_the_pages_in_hand_and_the_same_command_completes_the_run() {
    let folder = Folder::new();
    interrupt(&folder, "INT");
    let reading = folder.json(MONITOR_PROGRESS, &[]);
    assert_eq!(reading["run"]["status"], "interrupted");
    goes_on_to_completion(&folder);
}

#[test]
fn a_polite_kill_does_the_same() {
    let folder = Folder::new();
    interrupt(&folder, "TERM");
    goes_on_to_completion(&folder);
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let folder = Folder::new();
    let running = Running::start(folder.command(FETCH_YTS, &["--demo", "--demo-faults", "latency=30s"]));
    wait_until("the run", || folder.run(MONITOR_PROGRESS, &["--json"]).code == Some(0));
    running.signal("INT");
    running.wait_for_words("stopping");
    let again = Instant::now();
    running.signal("INT");
    let ended = running.end_within(Duration::from_secs(20));
    assert!(again.elapsed() < Duration::from_secs(2), "{:?}: {ended}", again.elapsed());
    ended.expect_code(130);
    assert!(ended.stderr.contains("the same command goes on"), "{ended}");
}

#[test]
fn a_stop_does_not_wait_for_ever_for_a_source_that_hangs() {
    let folder = Folder::new();
    folder.write("short.toml", "[crawl]\ndrain_seconds = 1\n");
    let running =
        Running::start(folder.command(FETCH_YTS, &["--demo", "--demo-faults", "stall=100", "--config", "short.toml"]));
    wait_until("the run", || folder.run(MONITOR_PROGRESS, &["--json"]).code == Some(0));
    running.signal("INT");
    let ended = running.end_within(Duration::from_secs(6));
    ended.expect_code(130);
    let reading = folder.json(MONITOR_PROGRESS, &[]);
    assert_eq!(reading["run"]["status"], "interrupted");
}

#[test]
fn ctrl_c_before_the_run_has_begun_ends_it_too() {
    // The forecast waits for the first page.
    let folder = Folder::new();
    let stalled = ["--demo", "--demo-faults", "stall=100", "--dry-run", "-vv"];
    let running = Running::start(folder.command(FETCH_YTS, &stalled));
    running.wait_for_words("drew a fault");
    running.signal("INT");
    let ended = running.end_within(Duration::from_secs(6));
    ended.expect_error(130, &["stopping"]);
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn ctrl_c_ends_a_verification_which_speaks_of_no_pages() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &["--demo", "--demo-movies", "20"]);
    let stalled = ["--demo", "--demo-movies", "20", "--demo-faults", "stall=100", "--verify", "-vv"];
    let running = Running::start(folder.command(FETCH_YTS, &stalled));
    running.wait_for_words("drew a fault");
    running.signal("INT");
    let ended = running.end_within(Duration::from_secs(6));
    ended.expect_error(130, &["stopping\n"]);
}
