//! When the breaker opens, and when it does not.

use super::*;

fn refused() -> Error {
    Error::Connect { url: "http://127.0.0.1:9".to_owned(), reason: "connection refused".to_owned() }
}

fn not_found() -> Error {
    Error::Status { url: "http://a/".to_owned(), status: 404, head: String::new() }
}

fn breaker(mirror_count: usize) -> Breaker {
    Breaker::new(&Options::default(), mirror_count)
}

#[tokio::test(start_paused = true)]
async fn a_closed_port_is_told_after_four_failures() {
    let breaker = breaker(1);
    for _ in 0..3 {
        assert!(breaker.failed(0, &refused()).is_none());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let verdict = breaker.failed(0, &refused()).unwrap();
    assert_eq!(
        verdict.to_string(),
        "source unreachable: http://127.0.0.1:9: connection refused; check --base-url or try again later"
    );
    assert!(breaker.opened().await.is_source_down());
}

#[tokio::test(start_paused = true)]
async fn many_failures_in_one_instant_are_not_yet_a_verdict() {
    let breaker = breaker(1);
    assert!((0..16).all(|_| breaker.failed(0, &refused()).is_none()));
}

#[tokio::test(start_paused = true)]
async fn every_mirror_must_have_failed() {
    let breaker = breaker(2);
    for _ in 0..100 {
        assert!(breaker.failed(0, &refused()).is_none());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(breaker.failed(1, &refused()).is_some());
}

#[tokio::test(start_paused = true)]
async fn after_a_success_it_takes_both_many_failures_and_a_minute() {
    let breaker = breaker(1);
    breaker.succeeded();
    assert!((0..40).all(|_| breaker.failed(0, &refused()).is_none()));
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(breaker.failed(0, &refused()).is_none());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(breaker.failed(0, &refused()).is_some());
}

#[tokio::test(start_paused = true)]
async fn any_success_starts_the_minute_anew() {
    let breaker = breaker(1);
    breaker.succeeded();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert!((0..4).all(|_| breaker.failed(0, &refused()).is_none()));
        breaker.succeeded();
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_nine_times_in_ten_is_given_up_soon() {
    let breaker = breaker(1);
    let start = Instant::now();
    let is_over = || {
        breaker.succeeded();
        (0..9).any(|_| breaker.failed(0, &refused()).is_some())
    };
    while !is_over() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(start.elapsed(), Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn an_api_that_went_away_is_not_asked_for_a_minute() {
    let breaker = breaker(1);
    breaker.succeeded();
    assert!((0..23).all(|_| breaker.failed(0, &not_found()).is_none()));
    assert!(breaker.failed(0, &not_found()).is_some());
}

#[tokio::test]
async fn a_call_that_gives_up_fails_alone_once_the_source_has_answered() {
    let breaker = breaker(1);
    breaker.succeeded();
    assert_eq!(breaker.gave_up(not_found()).kind(), "status");
    let fresh = self::breaker(1);
    assert_eq!(fresh.gave_up(not_found()).kind(), "source-down");
}
