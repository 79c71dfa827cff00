//! `fetch-yts --verify`: keys of its JSON, lines for people, exit codes. What it finds and mends is tested elsewhere.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::catalogue::{Catalogue, movie};
use crate::command::{FETCH_YTS, Folder, keys};
use crate::source::Source;

const DEMO: [&str; 3] = ["--demo", "--demo-movies", "100"];
const VERIFY: [&str; 4] = ["--demo", "--demo-movies", "100", "--verify"];

#[test]
fn what_a_crawl_has_made_is_found_whole_and_the_json_has_the_promised_keys() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &DEMO);
    let report = folder.json(FETCH_YTS, &VERIFY);
    assert_eq!(keys(&report), ["checked", "findings", "sample"]);
    assert_eq!(report["findings"], json!([]));
    assert_eq!(keys(&report["sample"]), ["alike", "asked", "differing", "failed", "unknown"]);
    assert_eq!((&report["sample"]["asked"], &report["sample"]["alike"]), (&json!(20), &json!(20)));
    assert_eq!(
        keys(&report["checked"]),
        ["casts", "certified_run", "embeddings", "genres", "movies", "movies_seen", "runs", "torrents"]
    );
    assert_eq!((&report["checked"]["movies"], &report["checked"]["movies_seen"]), (&json!(100), &json!(100)));
    let ended = folder.run(FETCH_YTS, &VERIFY);
    ended.expect_code(0);
    assert!(ended.stdout.ends_with("verified: nothing found\n"), "{ended}");
}

#[test]
fn what_differs_is_exit_code_3_until_it_is_repaired() {
    let folder = Folder::new();
    let before = Catalogue::of(movie(7, "Seven"));
    let now = Catalogue::of(movie(7, "\u{1b}[2JEight"));
    let (old_source, source) =
        (Source::start(move |target| before.answer(target)), Source::start(move |target| now.answer(target)));
    folder.json(FETCH_YTS, &["--base-url", &old_source.base_url()]);
    let base_url = source.base_url();
    let verify = ["--verify", "--base-url", &base_url];
    let found = folder.run(FETCH_YTS, &verify);
    found.expect_code(3);
    assert!(found.stdout.contains("movie 7 title: stored \"Seven\""), "{found}");
    let found = folder.run(FETCH_YTS, &[&verify[..], &["--json"]].concat());
    found.expect_code(3);
    let report = found.json();
    assert_eq!(keys(&report["findings"][0]), ["detail", "kind", "what"]);
    assert_eq!(
        (&report["findings"][0]["kind"], &report["findings"][0]["what"]),
        (&json!("differs"), &json!("movie 7"))
    );
    assert_eq!(report["sample"]["differing"][0]["fields"][0]["field"], "title");
    let repaired = folder.json(FETCH_YTS, &[&verify[..], &["--repair"]].concat());
    assert_eq!((&repaired["findings"], &repaired["repaired"]["movies_saved"]), (&json!([]), &json!(1)));
    folder.run(FETCH_YTS, &verify).expect_code(0);
}

#[test]
fn without_a_sample_the_source_is_not_asked() {
    let folder = Folder::new();
    let (source, asked) = Catalogue::new(30).counted();
    let base_url = source.base_url();
    folder.json(FETCH_YTS, &["--base-url", &base_url]);
    asked.store(0, Ordering::SeqCst);
    let report = folder.json(FETCH_YTS, &["--verify", "--sample", "0", "--base-url", &base_url]);
    assert_eq!((asked.load(Ordering::SeqCst), &report["sample"]["asked"]), (0, &json!(0)));
}

#[test]
fn a_database_that_is_not_there_is_not_created() {
    let folder = Folder::new();
    folder.run(FETCH_YTS, &VERIFY).expect_error(5, &["yts.db", "fetch-yts"]);
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn a_source_that_is_gone_is_exit_code_4_after_what_could_be_checked() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &DEMO);
    let ended = folder.run(FETCH_YTS, &["--verify", "--json", "--base-url", "http://127.0.0.1:9/"]);
    ended.expect_code(4);
    assert_eq!(ended.json()["checked"]["movies"], 100);
}
