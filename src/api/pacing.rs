//! When the next request may go out: in even steps, never faster than told or than the source admits, and never inside a
//! pause that the source asked for.
//!
//! One pacer serves all users of a client, so a pause holds for all of them. What the source admits is learnt in
//! [`limit`]. Nothing here knows HTTP.

mod limit;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use self::limit::Limit;

/// First pause where the source asks to slow down without saying for how long, and the longest it grows to.
const THROTTLE_PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(1));
/// The same where it is busy several times in a row.
const BUSY_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Busy answers in a row that call for a pause of all. A source that is busy at random one time in ten shows six in a
/// row once in a million; each attempt backs off by itself anyway.
const BUSY_IN_A_ROW: u32 = 6;
/// Lateness of the timer that is made up for; who comes later than that has been idle, and idling saves up nothing.
const TIMER_SLACK: Duration = Duration::from_millis(5);
/// Longest time between two requests that a rate can stand for.
const LONGEST_INTERVAL: Duration = Duration::from_hours(24);

/// Hands out the moments at which requests may start.
#[derive(Debug)]
pub(super) struct Pacer {
    max_pause: Duration,
    /// Held by the one who waits for the next slot; the others queue behind. So a change of rate holds at once.
    turn: tokio::sync::Mutex<()>,
    rate_changed: Notify,
    imposed: watch::Sender<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests a second at most; infinite for no limit.
    ceiling: f64,
    limit: Limit,
    last_slot: Option<Instant>,
    paused_until: Instant,
    /// When the last pause was called; answers to requests from before belong to the same round.
    pause_called: Option<Instant>,
    /// Pauses called since a request that went out after one succeeded.
    rounds: u32,
    busy_in_a_row: u32,
}

impl Pacer {
    /// Starts with a ceiling in requests a second (0: none) and the longest pause that will be kept.
    pub(super) fn new(rate: f64, max_pause: Duration) -> Self {
        let state = State {
            ceiling: ceiling(rate),
            limit: Limit::default(),
            last_slot: None,
            paused_until: Instant::now(),
            pause_called: None,
            rounds: 0,
            busy_in_a_row: 0,
        };
        Self {
            max_pause,
            turn: tokio::sync::Mutex::default(),
            rate_changed: Notify::new(),
            imposed: watch::Sender::new(()),
            state: Mutex::new(state),
        }
    }

    /// Changes the ceiling, in requests a second (0: none), from the next request on.
    pub(super) fn set_rate(&self, rate: f64) {
        self.lock().ceiling = ceiling(rate);
        self.rate_changed.notify_one();
    }

    /// Waits until a request may start. On return no pause is on.
    pub(super) async fn wait(&self) {
        let _turn = self.turn.lock().await;
        while let Err(due) = self.take_slot() {
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.rate_changed.notified() => {}
            }
        }
    }

    /// Returns what is left of the pause that is on.
    pub(super) fn pause_left(&self) -> Option<Duration> {
        let left = self.lock().paused_until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Pauses all for a reason learnt elsewhere: it is not told on.
    pub(super) fn pause_for(&self, pause: Duration) {
        self.lock().pause_for(pause.min(self.max_pause));
    }

    /// Tells of the pauses that answers impose, the latest only.
    pub(super) fn imposed(&self) -> watch::Receiver<()> {
        self.imposed.subscribe()
    }

    /// Notes that a request sent at `sent_at` was told to slow down, and pauses all for as long as asked, else for a
    /// pause that grows from round to round. From then on requests are sent at the pace that the source admits.
    pub(super) fn throttled(&self, sent_at: Instant, asked: Option<Duration>) {
        let mut state = self.lock();
        let is_new_round = state.begin_round(sent_at);
        let estimate = if is_new_round { state.limit.refused(Instant::now()) } else { None };
        let pause = asked.unwrap_or_else(|| grown(THROTTLE_PAUSE, state.rounds)).min(self.max_pause);
        self.impose(&mut state, pause);
        let is_expected = state.limit.is_confirmed();
        drop(state);
        if let Some(estimate) = estimate {
            tracing::info!("the source admits about {estimate:.1} requests a second; going on slightly below");
        }
        // A limit that is known is met now and then, on purpose; that is no news.
        if is_new_round && !is_expected {
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
        self.impose(&mut state, pause);
        drop(state);
        if is_new_round {
            tracing::warn!(seconds = pause.as_secs_f64(), "the source is busy: all requests pause");
        }
    }

    /// Notes that a request sent at `sent_at` succeeded: the next pause starts small again.
    pub(super) fn eased(&self, sent_at: Instant) {
        let mut state = self.lock();
        state.busy_in_a_row = 0;
        state.limit.admitted(sent_at);
        if state.is_after_last_pause(sent_at) {
            state.rounds = 0;
        }
    }

    /// Takes the slot that is due, or says when the next will be.
    fn take_slot(&self) -> Result<(), Instant> {
        let mut state = self.lock();
        let now = Instant::now();
        let due = state.last_slot.map_or(now, |last| last + state.interval()).max(state.paused_until);
        if due > now {
            return Err(due);
        }
        let slot = if now - due > TIMER_SLACK { now } else { due };
        let gap = state.last_slot.map_or(Duration::ZERO, |last| slot.saturating_duration_since(last));
        let ceiling = state.ceiling;
        state.limit.used(slot, gap, ceiling);
        state.last_slot = Some(slot);
        Ok(())
    }

    /// Pauses all because an answer says so, and tells who listens.
    fn impose(&self, state: &mut State, pause: Duration) {
        if state.pause_for(pause) {
            self.imposed.send_replace(());
        }
    }

    /// Locks the state; it is held for arithmetic only, so a poisoned lock still holds a whole state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the time between two requests, by the ceiling or by the source's limit, whichever is lower.
    fn interval(&self) -> Duration {
        let rate = self.ceiling.min(self.limit.rate());
        Duration::try_from_secs_f64(rate.recip()).map_or(LONGEST_INTERVAL, |interval| interval.min(LONGEST_INTERVAL))
    }

    /// Extends the pause to at least `pause` from now and returns true; a longer one that is on stands.
    fn pause_for(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let is_longer = until > self.paused_until;
        self.paused_until = self.paused_until.max(until);
        is_longer
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
        self.pause_called.is_none_or(|called| sent_at > called)
    }
}

/// Reads a rate: anything that is no positive number means no limit.
fn ceiling(rate: f64) -> f64 {
    if rate > 0.0 { rate } else { f64::INFINITY }
}

/// Returns the pause of a round: the first, doubled with every further round, up to the longest.
fn grown((first, longest): (Duration, Duration), round: u32) -> Duration {
    let factor = 2_u32.saturating_pow(round.saturating_sub(1));
    first.saturating_mul(factor).min(longest)
}

#[cfg(test)]
mod tests;
