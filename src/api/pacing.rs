//! When the next request may go out: in even steps, and never inside a pause that the source asked for.
//!
//! One pacer serves all users of a client, so a pause holds for all of them. Nothing here knows HTTP.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// First pause where the source asks to slow down without saying for how long, and the longest it grows to.
const THROTTLE_PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(1));
/// The same where it is busy several times in a row.
const BUSY_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Busy answers in a row that call for a pause of all. A source that is busy at random one time in ten shows six in a
/// row once in a million; each attempt backs off by itself anyway.
const BUSY_IN_A_ROW: u32 = 6;

/// Hands out the moments at which requests may start.
#[derive(Debug)]
pub(super) struct Pacer {
    interval: Duration,
    max_pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next_slot: Instant,
    paused_until: Instant,
    /// When the last pause was called; answers to requests from before belong to the same round.
    pause_called: Option<Instant>,
    /// Pauses called since a request that went out after one succeeded.
    rounds: u32,
    busy_in_a_row: u32,
}

impl Pacer {
    /// Starts with a limit in requests a second (0: none) and the longest pause that will be kept.
    pub(super) fn new(rate: f64, max_pause: Duration) -> Self {
        let interval =
            if rate > 0.0 { Duration::try_from_secs_f64(rate.recip()).unwrap_or(max_pause) } else { Duration::ZERO };
        let now = Instant::now();
        let state = State { next_slot: now, paused_until: now, pause_called: None, rounds: 0, busy_in_a_row: 0 };
        Self { interval, max_pause, state: Mutex::new(state) }
    }

    /// Waits until a request may start. On return no pause is on.
    pub(super) async fn wait(&self) {
        loop {
            sleep_until(self.reserve()).await;
            // A pause may have been called during the sleep; then take a new slot behind it.
            if self.pause_left().is_none() {
                return;
            }
        }
    }

    /// Returns what is left of the pause that is on.
    pub(super) fn pause_left(&self) -> Option<Duration> {
        let left = self.lock().paused_until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Notes that a request sent at `sent_at` was told to slow down, and pauses all for as long as asked, else for a
    /// pause that grows from round to round.
    pub(super) fn throttled(&self, sent_at: Instant, asked: Option<Duration>) {
        let mut state = self.lock();
        let is_new_round = state.begin_round(sent_at);
        let pause = asked.unwrap_or_else(|| grown(THROTTLE_PAUSE, state.rounds)).min(self.max_pause);
        state.pause_for(pause);
        drop(state);
        if is_new_round {
            tracing::warn!(seconds = pause.as_secs_f64(), "the source asks to slow down: all requests pause");
        }
    }

    /// Notes that a request sent at `sent_at` found the source busy; pauses all once that happened several times in a row.
    pub(super) fn busy(&self, sent_at: Instant) {
        let mut state = self.lock();
        state.busy_in_a_row = state.busy_in_a_row.saturating_add(1);
        if state.busy_in_a_row < BUSY_IN_A_ROW {
            return;
        }
        let is_new_round = state.begin_round(sent_at);
        let pause = grown(BUSY_PAUSE, state.rounds).min(self.max_pause);
        state.pause_for(pause);
        drop(state);
        if is_new_round {
            tracing::warn!(seconds = pause.as_secs_f64(), "the source is busy: all requests pause");
        }
    }

    /// Notes that a request sent at `sent_at` succeeded: the next pause starts small again.
    pub(super) fn eased(&self, sent_at: Instant) {
        let mut state = self.lock();
        state.busy_in_a_row = 0;
        if state.is_after_last_pause(sent_at) {
            state.rounds = 0;
        }
    }

    /// Takes the next free slot.
    fn reserve(&self) -> Instant {
        let mut state = self.lock();
        let slot = Instant::now().max(state.next_slot).max(state.paused_until);
        state.next_slot = slot + self.interval;
        slot
    }

    /// Locks the state; it is held for arithmetic only, so a poisoned lock still holds a whole state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Extends the pause to at least `pause` from now; a longer one that is on stands.
    fn pause_for(&mut self, pause: Duration) {
        self.paused_until = self.paused_until.max(Instant::now() + pause);
    }

    /// Counts a round of pauses, unless the request went out before the last was called: sixteen requests in flight
    /// that are all told to slow down were told once.
    fn begin_round(&mut self, sent_at: Instant) -> bool {
        let is_new = self.is_after_last_pause(sent_at);
        if is_new {
            self.rounds = self.rounds.saturating_add(1);
            self.pause_called = Some(Instant::now());
        }
        is_new
    }

    fn is_after_last_pause(&self, sent_at: Instant) -> bool {
        self.pause_called.is_none_or(|called| sent_at >= called)
    }
}

/// Returns the pause of a round: the first, doubled with every further round, up to the longest.
fn grown((first, longest): (Duration, Duration), round: u32) -> Duration {
    let factor = 2_u32.saturating_pow(round.saturating_sub(1));
    first.saturating_mul(factor).min(longest)
}

#[cfg(test)]
mod tests {
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
}
