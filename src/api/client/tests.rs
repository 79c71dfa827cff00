//! The client against a small server on loopback that answers badly on purpose.

mod stage;

use futures::future::join_all;
use tokio::net::TcpListener;
use tokio::time::Instant;
use url::Url;

use self::stage::{Act, Stage, answer, ok, packed};
use super::*;

const PAGE: &str = r#"{"status":"ok","data":{"movie_count":1,"movies":[{"id":7,"title":"Seven"}]}}"#;

fn options(stages: &[&Stage]) -> Options {
    Options {
        base_urls: stages.iter().map(|stage| stage.base.clone()).collect(),
        base_delay: Duration::from_millis(5),
        max_delay: Duration::from_millis(20),
        read_timeout: Duration::from_millis(300),
        rate: 0.0,
        ..Options::default()
    }
}

fn client(stages: &[&Stage]) -> Client {
    Client::new(options(stages)).unwrap()
}

/// A client of one stage that has had an answer of the API before.
fn seasoned(stage: &Stage) -> Client {
    let client = client(&[stage]);
    client.source.succeeded(0);
    client
}

async fn first_page(client: &Client) -> Result<ListPage, Error> {
    client.list(&ListQuery::default(), 1).await
}

#[tokio::test]
async fn asks_for_lists_and_details_and_counts() {
    let movie = r#"{"status":"ok","data":{"movie":{"id":7,"cast":[{"name":"A. Nobody"}]}}}"#;
    let stage = Stage::open(vec![ok(PAGE), ok(movie)]).await;
    let client = client(&[&stage]);
    let query = ListQuery { limit: 50, ..ListQuery::default() };
    assert_eq!(client.list(&query, 1).await.unwrap().movie_count, 1);
    assert_eq!(client.details(7).await.unwrap().movie.cast.len(), 1);
    let expected = ["/api/v2/list_movies.json?limit=50&page=1", "/api/v2/movie_details.json?movie_id=7&with_cast=true"];
    assert_eq!(stage.paths(), expected);
    let bytes = (PAGE.len() + movie.len()) as u64;
    assert_eq!(client.traffic(), Traffic { total: 2, list: 1, details: 1, retried: 0, bytes });
}

#[tokio::test]
async fn gets_over_everything_that_passes() {
    let broken_off = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", PAGE.len(), &PAGE[..40]).into_bytes();
    let script = vec![
        Act::Reset(broken_off.clone()),
        Act::Send(broken_off),
        ok(&PAGE[..40]),
        ok("<html>Just a moment...</html>"),
        answer("503 Service Unavailable", "", ""),
        ok(r#"{"status":"ok","data":{"movie_count":1}}"#),
        Act::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec()),
        ok(PAGE),
    ];
    let stage = Stage::open(script).await;
    let client = seasoned(&stage);
    assert_eq!(first_page(&client).await.unwrap().entries.len(), 1);
    let traffic = client.traffic();
    assert_eq!((traffic.total, traffic.retried), (8, 7));
}

#[tokio::test]
async fn what_stays_wrong_ends_with_its_own_name() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
    for (act, kind) in [
        (Act::Reset(half.into()), "transfer"),
        (Act::Send(half.into()), "transfer"),
        (Act::Send(chunked.into()), "transfer"),
        (Act::Stall(half.into()), "timeout"),
        (ok(&PAGE[..40]), "json"),
        (ok(""), "not-json"),
        (ok("<html>"), "challenge"),
        (answer("403 Forbidden", "Content-Type: text/html\r\n", "no"), "challenge"),
        (answer("403 Forbidden", "", "no"), "status"),
        (answer("522 Origin down", "", "no"), "status"),
        (answer("302 Found", "Location: /api/v2/again\r\n", ""), "redirect-loop"),
        (answer("301 Moved Permanently", "", "Moved"), "status"),
        (ok(r#"{"message":"a clone"}"#), "not-an-api"),
    ] {
        let stage = Stage::open(vec![act]).await;
        let client = Client::new(Options { max_attempts: 2, ..options(&[&stage]) }).unwrap();
        client.source.succeeded(0);
        let error = first_page(&client).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn a_redirect_to_a_foreign_host_is_not_followed() {
    let bystander = Stage::open(vec![ok(PAGE)]).await;
    let location = format!("Location: {}list_movies.json\r\n", bystander.base);
    for location in [location.as_str(), "Location: http://169.254.169.254/\r\n", "Location: file:///etc/passwd\r\n"] {
        let stage = Stage::open(vec![answer("302 Found", location, "")]).await;
        let error = first_page(&client(&[&stage])).await.unwrap_err();
        assert!(error.is_source_down() && error.to_string().contains("not a configured host"), "{error}");
        assert_eq!(stage.paths().len(), 1);
    }
    assert!(bystander.paths().is_empty());
}

#[tokio::test]
async fn a_redirect_among_the_configured_hosts_is_followed() {
    let new = Stage::open(vec![ok(PAGE)]).await;
    let old = Stage::open(vec![answer("301 Moved Permanently", &format!("Location: {}/x\r\n", new.base), "")]).await;
    assert!(first_page(&client(&[&old, &new])).await.is_ok());
    assert_eq!((old.paths().len(), new.paths()), (1, vec!["/api/v2/x".to_owned()]));
}

#[tokio::test]
async fn too_large_an_answer_is_cut_short_however_small_it_is_packed() {
    for act in [ok(&" ".repeat(100_000)), packed()] {
        let stage = Stage::open(vec![act]).await;
        let client = Client::new(Options { max_body_bytes: 10_000, ..options(&[&stage]) }).unwrap();
        client.source.succeeded(0);
        let error = first_page(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.is_transient(), stage.paths().len()), ("too-large", false, 1));
    }
}

#[tokio::test]
async fn not_found_is_told_at_once_with_the_remedy() {
    let stage = Stage::open(vec![answer("404 Not Found", "", "nothing here")]).await;
    let fresh = first_page(&client(&[&stage])).await.unwrap_err();
    assert!(fresh.is_source_down() && fresh.to_string().contains("check --base-url"), "{fresh}");
    let later = first_page(&seasoned(&stage)).await.unwrap_err();
    assert_eq!((later.kind(), later.body_head()), ("status", Some("nothing here")));
    assert_eq!(stage.paths().len(), 2);
}

#[tokio::test]
async fn a_mirror_stands_in_for_one_that_is_no_api() {
    let clone = Stage::open(vec![ok(r#"{"message":"a clone"}"#)]).await;
    let real = Stage::open(vec![ok(PAGE)]).await;
    let client = client(&[&clone, &real]);
    for _ in 0..5 {
        assert!(first_page(&client).await.is_ok());
    }
    // Three failures in a row, and nobody asks the clone any more.
    assert_eq!((clone.paths().len(), real.paths().len()), (3, 5));
}

#[tokio::test]
async fn an_unknown_movie_is_an_answer_and_not_asked_again() {
    let stage = Stage::open(vec![ok(r#"{"status":"ok","data":{"movie":{"id":0}}}"#)]).await;
    let error = client(&[&stage]).details(7).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient(), stage.paths().len()), ("unknown-movie", false, 1));
}

#[tokio::test]
async fn a_closed_port_is_told_soon_to_all_who_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let base_urls = vec![Url::parse(&format!("http://me:secret@{address}/api/v2/")).unwrap()];
    let client = Client::new(Options { base_urls, ..Options::default() }).unwrap();
    let start = Instant::now();
    let calls: Vec<_> = (0..8).map(|_| client.clone()).map(|client| async move { first_page(&client).await }).collect();
    let expected =
        format!("source unreachable: http://{address}: connection refused; check --base-url or try again later");
    for outcome in join_all(calls).await {
        assert_eq!(outcome.unwrap_err().to_string(), expected);
    }
    assert!(start.elapsed() < Duration::from_millis(2_500), "{:?}", start.elapsed());
    assert!(client.details(1).await.unwrap_err().is_source_down());
}

#[tokio::test]
async fn a_pause_holds_for_all_and_none_asks_within() {
    for retry_after in ["1".to_owned(), in_one_second()] {
        let headers = format!("Retry-After: {retry_after}\r\n");
        let stage = Stage::open(vec![answer("429 Too Many Requests", &headers, ""), ok(PAGE)]).await;
        let client = client(&[&stage]);
        let first = {
            let client = client.clone();
            tokio::spawn(async move { first_page(&client).await })
        };
        while client.pause_left().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let calls: Vec<_> = (0..4).map(|_| first_page(&client)).collect();
        assert!(join_all(calls).await.into_iter().all(|outcome| outcome.is_ok()));
        assert!(first.await.unwrap().is_ok());
        let times = stage.times();
        assert_eq!(times.len(), 6);
        let early = times[1..].iter().filter(|time| time.duration_since(times[0]) < Duration::from_millis(990)).count();
        assert_eq!(early, 0, "{retry_after}");
    }
}

#[tokio::test]
async fn throttling_uses_up_no_attempts() {
    let throttle = answer("429 Too Many Requests", "Retry-After: 1\r\n", "");
    let mut script = vec![throttle; 5];
    script.push(ok(PAGE));
    let stage = Stage::open(script).await;
    let options = Options { max_attempts: 1, max_pause: Duration::from_millis(10), ..options(&[&stage]) };
    assert!(first_page(&Client::new(options).unwrap()).await.is_ok());
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_allowed() {
    let stall = Act::Stall(Vec::new());
    let stage = Stage::open(vec![stall]).await;
    let client = Client::new(Options { concurrency: 3, ..options(&[&stage]) }).unwrap();
    let calls: Vec<_> = (0..10).map(|_| first_page(&client)).collect();
    let _ = tokio::time::timeout(Duration::from_millis(200), join_all(calls)).await;
    assert_eq!(stage.paths().len(), 3);
}

/// An answer's `Date` and a `Retry-After` one second later.
fn in_one_second() -> String {
    let now = chrono::Utc::now();
    let format = |time: chrono::DateTime<chrono::Utc>| time.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    format!("{}\r\nDate: {}", format(now + chrono::TimeDelta::seconds(1)), format(now))
}

#[tokio::test]
async fn other_processes_can_be_told_of_a_pause_and_tell_of_theirs() {
    let throttle = answer("429 Too Many Requests", "Retry-After: 1\r\n", "");
    let stage = Stage::open(vec![throttle, ok(PAGE)]).await;
    let (throttled, other) = (client(&[&stage]), client(&[&stage]));
    let mut pauses = throttled.pauses();
    let (outcome, ()) = tokio::join!(first_page(&throttled), async {
        pauses.changed().await.unwrap();
        let left = throttled.pause_left().unwrap();
        assert!(left > Duration::from_millis(800) && left <= Duration::from_secs(1), "{left:?}");
        other.pause_for(left);
        assert!(first_page(&other).await.is_ok());
    });
    assert!(outcome.is_ok());
    assert!(!other.pauses().has_changed().unwrap());
    let times = stage.times();
    assert!(times[1..].iter().all(|time| time.duration_since(times[0]) >= Duration::from_millis(980)), "{times:?}");
}

#[tokio::test]
async fn a_retry_beyond_the_budget_is_made_and_counted() {
    let mut script = vec![answer("500 Internal Server Error", "", ""); 12];
    script.push(ok(PAGE));
    let stage = Stage::open(script).await;
    let client = Client::new(Options { max_attempts: 20, ..options(&[&stage]) }).unwrap();
    client.source.succeeded(0);
    assert!(first_page(&client).await.is_ok());
    let slowed = client.source.counters.slowed.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!((client.traffic().retried, slowed), (12, 2));
}
