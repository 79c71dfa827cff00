//! `fetch-yts` when all goes well: what it prints where, what it repeats and what it leaves alone.

use std::process::Command;
use std::sync::atomic::Ordering;

use serde_json::json;

use crate::catalogue::{Catalogue, movie};
use crate::command::{Ended, FETCH_YTS, Folder, MONITOR_PROGRESS, YTS_CATALOG, keys, run};
use crate::source::Source;

const TWO_PAGES: [&str; 3] = ["--demo", "--max-pages", "2"];

#[test]
fn two_pages_of_the_demo_are_100_movies_and_the_summary_has_the_promised_keys() {
    let folder = Folder::new();
    let ended = folder.run(FETCH_YTS, &[&TWO_PAGES[..], &["--json"]].concat());
    ended.expect_code(0);
    let summary = ended.json();
    assert_eq!(
        keys(&summary),
        ["bytes", "failures", "movies", "movies_per_second", "pages", "requests", "run_id", "seconds", "status"]
    );
    assert_eq!(summary["pages"], json!({"planned": 2, "done": 2, "failed": 0}));
    assert_eq!(summary["movies"], json!({"listed": 100, "saved": 100, "updated": 0, "skipped": 0, "failed": 0}));
    assert_eq!(summary["requests"], json!({"total": 102, "list": 2, "details": 100, "retried": 0}));
    assert_eq!((&summary["status"], &summary["failures"]), (&json!("complete"), &json!([])));
    assert_eq!(folder.totals()["movies"], 100);
}

#[test]
fn the_same_command_again_costs_one_request_a_page_and_skips_every_movie() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &TWO_PAGES);
    let totals = folder.totals();
    let again = folder.json(FETCH_YTS, &TWO_PAGES);
    assert_eq!(again["movies"], json!({"listed": 100, "saved": 0, "updated": 0, "skipped": 100, "failed": 0}));
    assert_eq!(again["requests"]["total"], 2);
    assert_eq!(folder.totals(), totals);
}

#[test]
fn the_summary_for_people_gives_the_same_figures_in_one_last_line() {
    let folder = Folder::new();
    let ended = folder.run(FETCH_YTS, &TWO_PAGES);
    ended.expect_code(0);
    let last_line = ended.stdout.lines().last().unwrap();
    for figure in
        ["complete", "pages 2 planned, 2 done, 0 failed", "100 listed, 100 saved", "requests 102 (2 list, 100 details"]
    {
        assert!(last_line.contains(figure), "{figure:?} is missing: {ended}");
    }
}

#[test]
fn stdout_holds_the_result_alone_and_stderr_nothing_where_quiet_is_asked_for() {
    let folder = Folder::new();
    let loud = folder.run(FETCH_YTS, &[&TWO_PAGES[..], &["--json", "-vv"]].concat());
    loud.json();
    assert!(!loud.stderr.is_empty(), "-vv says nothing");
    let quiet = folder.run(FETCH_YTS, &[&TWO_PAGES[..], &["--json", "--quiet", "--fresh"]].concat());
    quiet.json();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn there_is_no_colour_off_a_terminal_whatever_the_environment_says_of_it() {
    // Every run is checked for escape characters; these are the variables that terminals set.
    let folder = Folder::new();
    for (name, value) in [("NO_COLOR", "1"), ("CLICOLOR", "1"), ("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]
    {
        for (arguments, code) in
            [(&["--demo", "--max-pages", "2", "-v"][..], 0), (&["--nonsense"], 2), (&["--help"], 0)]
        {
            let mut command = folder.command(FETCH_YTS, arguments);
            command.env(name, value);
            run(command).expect_code(code);
        }
    }
}

#[test]
fn a_dry_run_asks_one_request_and_leaves_nothing_behind() {
    let folder = Folder::new();
    let (source, asked) = Catalogue::new(120).counted();
    let forecast = folder.json(FETCH_YTS, &["--dry-run", "--base-url", &source.base_url()]);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(folder.names(), Vec::<String>::new());
    assert_eq!((&forecast["movie_count"], &forecast["pages"]), (&json!(120), &json!(3)));
    assert_eq!((&forecast["requests_at_most"], &forecast["seconds_at_most"]), (&json!(123), &json!(6.15)));
}

#[test]
fn an_escape_sequence_in_a_title_reaches_no_terminal() {
    let folder = Folder::new();
    let mut evil = movie(7, "\u{1b}[2Jgone\u{202e}");
    evil["genres"] = json!(["\u{1b}]0;owned\u{7}"]);
    evil["torrents"][0]["hash"] = json!(null);
    let catalogue = Catalogue::of(evil);
    let source = Source::start(move |target| catalogue.answer(target));
    // Every run is checked for escape characters; here they would come in with the data.
    let fetched = folder.run(FETCH_YTS, &["-vv", "--base-url", &source.base_url()]);
    fetched.expect_code(3);
    for arguments in [&["--failures"][..], &["--watch", "1"], &["--json", "--failures"]] {
        let shown = folder.run(MONITOR_PROGRESS, arguments);
        shown.expect_code(0);
        assert!(shown.stdout.contains("gone"), "the title is not shown: {shown}");
        assert!(arguments.contains(&"--json") || !shown.shows("\u{202e}"), "an override is shown: {shown}");
    }
}

#[test]
fn not_even_as_json_and_written_as_one_character() {
    // U+009B begins an escape sequence as well as ESC [ does, and JSON does not have to escape it.
    let folder = Folder::new();
    let catalogue = Catalogue::of(movie(7, "\u{9b}2Jgone"));
    let source = Source::start(move |target| catalogue.answer(target));
    folder.json(FETCH_YTS, &["--base-url", &source.base_url()]);
    folder.run(MONITOR_PROGRESS, &[]).expect_code(0);
    let reading = folder.json(MONITOR_PROGRESS, &[]);
    assert_eq!(reading["newest_movies"][0]["title"], "\u{9b}2Jgone");
}

#[test]
fn a_movie_that_failed_is_listed_and_makes_the_run_incomplete() {
    let folder = Folder::new();
    let mut nameless = movie(7, "Seven");
    nameless["id"] = json!(5_000_000_000_u64);
    let catalogue = Catalogue::of(nameless);
    let source = Source::start(move |target| catalogue.answer(target));
    let ended = folder.run(FETCH_YTS, &["--json", "--base-url", &source.base_url()]);
    ended.expect_code(3);
    let summary = ended.json();
    assert_eq!((&summary["status"], &summary["movies"]["failed"]), (&json!("incomplete"), &json!(1)));
    let failure = &summary["failures"][0];
    assert_eq!((&failure["external_id"], &failure["stage"]), (&json!(5_000_000_000_u64), &json!("parse")));
    assert!(failure["reason"].as_str().unwrap().contains("5000000000"), "{failure}");
    for arguments in [&["--base-url", &source.base_url()][..], &["--base-url", &source.base_url(), "--fresh"]] {
        let told = folder.run(FETCH_YTS, arguments);
        told.expect_code(3);
        assert!(told.stdout.contains("movie 5000000000 (parse)"), "{told}");
    }
}

/// Runs a script in which `$0` is `monitor-progress`, `$1` fetch-yts and `$2` yts-catalog.
fn run_script(folder: &Folder, script: &str) -> Ended {
    let mut command = Command::new("bash");
    command.args(["-c", script, MONITOR_PROGRESS, FETCH_YTS, YTS_CATALOG]);
    command.current_dir(folder.path("")).env_clear().env("PATH", "/usr/bin:/bin");
    run(command)
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &TWO_PAGES);
    for command in ["\"$0\"", "\"$0\" --watch --json", "\"$1\" --demo --max-pages 2", "\"$2\" stats --json"] {
        run_script(&folder, &format!("{command} > /dev/full"))
            .expect_error(1, &["cannot write the result", "No space"]);
    }
}

#[test]
fn a_watch_ends_with_its_reader() {
    let folder = Folder::new();
    let slowly = r#""$1" --demo --demo-faults latency=10s -q & trap "kill $!" EXIT
        until "$0" >/dev/null 2>&1; do sleep 0.05; done; "$0" --watch 1 | head -1 >/dev/null; exit "${PIPESTATUS[0]}""#;
    run_script(&folder, slowly).expect_code(0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &TWO_PAGES);
    let script = r#"set -o pipefail
        "$0" --json | head -1 && "$0" --failures | true && "$0" | head -c 1 && "$1" --demo --max-pages 2 --json | true && "$1" --help | true"#;
    run_script(&folder, script).expect_code(0);
}
