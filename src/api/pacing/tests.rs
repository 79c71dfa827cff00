//! The pacer alone, and against sources that admit so much and no more.

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

#[tokio::test(start_paused = true)]
async fn a_new_rate_holds_for_those_who_already_wait() {
    let pacer = Pacer::new(0.01, MAX_PAUSE);
    let start = Instant::now();
    pacer.wait().await;
    let raise = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        pacer.set_rate(0.2);
    };
    let wait = async {
        pacer.wait().await;
        start.elapsed()
    };
    let (waited, ()) = tokio::join!(wait, raise);
    assert_eq!(waited, Duration::from_secs(5));
    pacer.set_rate(0.0);
    pacer.wait().await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn tells_of_pauses_that_answers_impose_and_of_no_others() {
    let pacer = Pacer::new(0.0, MAX_PAUSE);
    let mut imposed = pacer.imposed();
    pacer.pause_for(Duration::from_secs(5));
    assert_eq!(pacer.pause_left(), Some(Duration::from_secs(5)));
    pacer.throttled(Instant::now(), Some(Duration::from_secs(3)));
    assert!(!imposed.has_changed().unwrap());
    pacer.throttled(Instant::now(), Some(Duration::from_secs(8)));
    assert!(imposed.has_changed().unwrap());
    imposed.mark_unchanged();
    assert_eq!(pacer.pause_left(), Some(Duration::from_secs(8)));
    pacer.pause_for(Duration::from_secs(1_000_000_000));
    assert_eq!((pacer.pause_left(), imposed.has_changed().unwrap()), (Some(MAX_PAUSE), false));
}

/// A source that lets `rate` requests a second through, `held` at once, and answers after `latency`.
#[derive(Clone, Copy, Debug)]
struct Source {
    rate: f64,
    held: f64,
    latency: Duration,
    /// What it asks for when it refuses.
    asked_wait: Duration,
}

/// What a source of [`Source`]'s kind saw.
#[derive(Debug)]
struct Seen {
    tokens: f64,
    filled_at: Instant,
    admitted: u32,
    refused: u32,
}

impl Source {
    /// Is asked by 32 at once for so long.
    async fn asked_for(self, pacer: &Pacer, time: Duration) -> Seen {
        let start = Instant::now();
        let seen = Mutex::new(Seen { tokens: self.held, filled_at: start, admitted: 0, refused: 0 });
        let one = async || {
            while start.elapsed() < time {
                pacer.wait().await;
                if start.elapsed() >= time {
                    return;
                }
                let sent_at = Instant::now();
                tokio::time::sleep(self.latency / 2).await;
                let is_admitted = self.admit(&mut seen.lock().unwrap());
                tokio::time::sleep(self.latency / 2).await;
                if is_admitted { pacer.eased(sent_at) } else { pacer.throttled(sent_at, Some(self.asked_wait)) }
            }
        };
        futures::future::join_all((0..32).map(|_| one())).await;
        seen.into_inner().unwrap()
    }

    fn admit(&self, seen: &mut Seen) -> bool {
        let now = Instant::now();
        let filled = now.duration_since(seen.filled_at).as_secs_f64() * self.rate;
        seen.tokens = (seen.tokens + filled).min(self.held);
        seen.filled_at = now;
        let is_admitted = seen.tokens >= 1.0;
        if is_admitted {
            seen.tokens -= 1.0;
            seen.admitted += 1;
        } else {
            seen.refused += 1;
        }
        is_admitted
    }
}

#[tokio::test(start_paused = true)]
async fn settles_at_what_the_source_admits() {
    const MINUTE: Duration = Duration::from_mins(1);
    for (rate, latency, asked_wait) in
        [(20.0, 2, 1), (20.0, 50, 2), (100.0, 2, 2), (100.0, 50, 1), (500.0, 2, 2), (500.0, 20, 1)]
    {
        let (latency, asked_wait) = (Duration::from_millis(latency), Duration::from_secs(asked_wait));
        let source = Source { rate, held: rate, latency, asked_wait };
        let pacer = Pacer::new(0.0, MAX_PAUSE);
        let first = source.asked_for(&pacer, MINUTE).await;
        let settled = source.asked_for(&pacer, MINUTE * 5).await;
        let share = |seen: &Seen, time: Duration| f64::from(seen.admitted) / time.as_secs_f64() / rate;
        let refused = f64::from(settled.refused) / f64::from(settled.admitted);
        // What the bucket holds comes on top, once.
        assert!((0.9..=1.0 + 1.0 / 60.0).contains(&share(&first, MINUTE)), "{source:?}: {first:?}");
        assert!((0.9..=1.01).contains(&share(&settled, MINUTE * 5)), "{source:?}: {settled:?}");
        assert!(refused < 0.01, "{source:?}: {refused}");
    }
}
