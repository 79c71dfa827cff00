//! A source that is not there, is another, or dies: exit code 4 in time, the URL and the remedy in the message.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::catalogue::{Catalogue, list_page_of};
use crate::command::{Ended, FETCH_YTS, Folder, MONITOR_PROGRESS, Running, wait_until};
use crate::source::{Answer, Source};

/// Returns the base URL of a port on which nobody listens.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}/api/v2/", listener.local_addr().expect("its address"))
}

#[test]
fn a_closed_port_is_told_soon_with_the_address_and_a_remedy() {
    let (folder, base_url) = (Folder::new(), closed_port());
    let ended = folder.run(FETCH_YTS, &["--base-url", &base_url]);
    let origin = base_url.trim_end_matches("/api/v2/");
    ended.expect_code(4);
    for named in [origin, "--base-url"] {
        assert!(ended.stderr.contains(named), "{named:?} is not named: {ended}");
    }
    assert!(ended.took < Duration::from_secs(20), "{ended}");
}

#[test]
fn every_mirror_is_tried_before_the_source_counts_as_unreachable() {
    let catalogue = Catalogue::new(30);
    let source = Source::start(move |target| catalogue.answer(target));
    let base_urls = [closed_port(), closed_port(), closed_port(), source.base_url()];
    let mut arguments: Vec<&str> = base_urls.iter().flat_map(|base_url| ["--base-url", base_url]).collect();
    // One page, so that one call alone has to find the mirror that answers.
    arguments.extend(["--max-pages", "1", "--rate", "0"]);
    assert_eq!(Folder::new().json(FETCH_YTS, &arguments)["movies"]["saved"], 30);
}

#[test]
fn an_unknown_host_is_named() {
    let ended = Folder::new().run(FETCH_YTS, &["--base-url", "http://no-such-host.invalid/api/v2/"]);
    ended.expect_code(4);
    assert!(ended.stderr.contains("no-such-host.invalid") && ended.stderr.contains("--base-url"), "{ended}");
}

const PAGE: &str = "<!DOCTYPE html><title>Just a moment...</title>";

/// Expects fetch-yts to give up on a server that answers everything like this.
fn gives_up_on(status: u16, content_type: &'static str, body: &'static str) -> Duration {
    let folder = Folder::new();
    let source = Source::start(move |_| Answer { status, content_type, body: body.as_bytes().to_vec() });
    let ended = folder.run(FETCH_YTS, &["--base-url", &source.base_url()]);
    ended.expect_code(4);
    let base_url = source.base_url();
    for named in [base_url.trim_end_matches("/api/v2/"), "--base-url"] {
        assert!(ended.stderr.contains(named), "{named:?} is not named: {ended}");
    }
    assert!(!ended.shows("<title>"), "a page is shown: {ended}");
    ended.took
}

#[test]
fn an_address_that_is_not_found_is_told_at_once() {
    assert!(gives_up_on(404, "text/html", "<h1>Not Found</h1>") < Duration::from_secs(3));
}

#[test]
fn another_api_is_told_at_once() {
    assert!(gives_up_on(200, "application/json", r#"{"message":"welcome to the clone"}"#) < Duration::from_secs(3));
}

#[test]
fn a_web_site_is_told_after_some_attempts_since_it_may_be_a_challenge() {
    assert!(gives_up_on(200, "text/html", PAGE) < Duration::from_secs(50));
}

#[test]
fn a_source_that_refuses_everybody_is_told_after_some_attempts() {
    assert!(gives_up_on(403, "text/html", PAGE) < Duration::from_secs(50));
}

#[test]
fn a_source_that_is_never_available_is_told_after_some_attempts() {
    assert!(gives_up_on(503, "text/html", PAGE) < Duration::from_secs(50));
}

#[test]
fn a_password_in_the_base_url_is_never_shown() {
    let folder = Folder::new();
    let base_url = closed_port().replace("http://", "http://me:s3cr3t@");
    let ended = folder.run(FETCH_YTS, &["-vv", "--base-url", &base_url]);
    ended.expect_code(4);
    assert!(!ended.shows("s3cr3t"), "{ended}");
    let monitor = folder.run(MONITOR_PROGRESS, &["--failures", "--json"]);
    assert!(!monitor.shows("s3cr3t"), "{monitor}");
    assert!(!folder.run(FETCH_YTS, &["--base-url", "ftp://me:s3cr3t@host/"]).shows("s3cr3t"));
}

const MOVIES: u32 = 400;
/// 80 pages of 5.
const IN_SMALL_PAGES: [&str; 6] = ["--limit", "5", "--workers", "2", "--rate", "0"];

fn fetch(base_url: &str) -> Vec<&str> {
    [&["--base-url", base_url], &IN_SMALL_PAGES[..]].concat()
}

/// A source that lets a test know when page 4 is asked for, and answers that and all later requests as told.
fn source_with_a_turning_point(
    catalogue: &Arc<Catalogue>,
    afterwards: impl Fn(&Catalogue, &str) -> Answer + Send + Sync + 'static,
) -> (Source, Arc<AtomicBool>) {
    let has_turned = Arc::new(AtomicBool::new(false));
    let (catalogue, turned) = (Arc::clone(catalogue), Arc::clone(&has_turned));
    let source = Source::start(move |target| {
        if list_page_of(target).is_some_and(|page| page > 3) {
            turned.store(true, Ordering::SeqCst);
        }
        if turned.load(Ordering::SeqCst) { afterwards(&catalogue, target) } else { catalogue.answer(target) }
    });
    (source, has_turned)
}

/// Expects a run to have ended since the source was lost.
fn was_lost(ended: &Ended) {
    ended.expect_code(4);
    assert!(ended.stderr.contains("127.0.0.1") && ended.stderr.contains("--base-url"), "{ended}");
}

#[test]
fn a_source_that_dies_in_the_middle_ends_the_run_and_the_same_command_completes_it() {
    let (folder, catalogue) = (Folder::new(), Arc::new(Catalogue::new(MOVIES)));
    let (source, has_turned) = source_with_a_turning_point(&catalogue, |catalogue, target| {
        std::thread::sleep(Duration::from_millis(50));
        catalogue.answer(target)
    });
    let running = Running::start(folder.command(FETCH_YTS, &fetch(&source.base_url())));
    wait_until("page 4", || has_turned.load(Ordering::SeqCst));
    drop(source);
    was_lost(&running.end_within(Duration::from_mins(2)));

    let healthy = Source::start(move |target| catalogue.answer(target));
    let summary = folder.json(FETCH_YTS, &fetch(&healthy.base_url()));
    assert_eq!((&summary["status"], &summary["pages"]["done"]), (&"complete".into(), &80.into()), "{summary}");
    assert_eq!(folder.totals()["movies"], MOVIES);
}

#[test]
fn a_source_that_turns_into_something_else_ends_the_run_soon_and_costs_nothing_for_good() {
    let (folder, catalogue) = (Folder::new(), Arc::new(Catalogue::new(MOVIES)));
    let (source, _) = source_with_a_turning_point(&catalogue, |_, _| Answer {
        status: 404,
        content_type: "text/html",
        body: b"<h1>Gone</h1>".to_vec(),
    });
    let ended = folder.run(FETCH_YTS, &fetch(&source.base_url()));
    was_lost(&ended);
    assert!(ended.took < Duration::from_secs(30), "{ended}");

    // Movies whose details were refused then may make the first attempt incomplete; they are new to the second.
    let healthy = Source::start(move |target| catalogue.answer(target));
    let first = folder.run(FETCH_YTS, &fetch(&healthy.base_url()));
    assert!(matches!(first.code, Some(0 | 3)), "{first}");
    folder.run(FETCH_YTS, &fetch(&healthy.base_url())).expect_code(0);
    assert_eq!(folder.totals()["movies"], MOVIES);
}
