use super::*;

const MAX_PAUSE: Duration = Duration::from_mins(15);

#[tokio::test(start_paused = true)]
async fn spaces_requests_evenly_and_saves_up_no_burst() {
    let pacer = Pacer::new(10.0, MAX_PAUSE);
    let start = Instant::now();
    for _ in 0..5 {
        pacer.wait().await;
    }
    assert_eq!(start.elapsed(), Duration::from_millis(400));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let later = Instant::now();
    pacer.wait().await;
    pacer.wait().await;
    assert_eq!(later.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn does_not_wait_without_a_rate() {
    let start = Instant::now();
    for rate in [0.0, -1.0, f64::NAN] {
        let pacer = Pacer::new(rate, MAX_PAUSE);
        pacer.wait().await;
        pacer.wait().await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_even_for_those_who_already_wait_for_their_slot() {
    let pacer = Pacer::new(1.0, MAX_PAUSE);
    let start = Instant::now();
    pacer.wait().await;
    let pause_after_half_a_second = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        pacer.throttled(Instant::now(), Some(Duration::from_secs(20)));
    };
    let wait = async {
        pacer.wait().await;
        start.elapsed()
    };
    let (waited, ()) = tokio::join!(wait, pause_after_half_a_second);
    assert_eq!(waited, Duration::from_millis(20_500));
}

#[tokio::test(start_paused = true)]
async fn keeps_no_pause_longer_than_allowed_and_shortens_none() {
    let pacer = Pacer::new(0.0, MAX_PAUSE);
    pacer.throttled(Instant::now(), Some(Duration::from_secs(1_000_000_000)));
    pacer.throttled(Instant::now(), Some(Duration::from_secs(1)));
    assert_eq!(pacer.pause_left(), Some(MAX_PAUSE));
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_with_rounds_not_with_requests_in_flight() {
    let pacer = Pacer::new(0.0, MAX_PAUSE);
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let sent_at = Instant::now();
        tokio::time::sleep(Duration::from_millis(1)).await;
        for _ in 0..16 {
            pacer.throttled(sent_at, None);
        }
        pauses.push(pacer.pause_left().unwrap().as_secs());
        pacer.wait().await;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
    pacer.eased(Instant::now());
    pacer.throttled(Instant::now(), None);
    assert_eq!(pacer.pause_left(), Some(Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn being_busy_now_and_then_pauses_nobody() {
    let pacer = Pacer::new(0.0, MAX_PAUSE);
    for _ in 0..100 {
        pacer.busy(Instant::now());
        pacer.busy(Instant::now());
        pacer.busy(Instant::now());
        assert_eq!(pacer.pause_left(), None);
        pacer.eased(Instant::now());
    }
    for _ in 0..BUSY_IN_A_ROW {
        pacer.busy(Instant::now());
    }
    assert_eq!(pacer.pause_left(), Some(BUSY_PAUSE.0));
}
