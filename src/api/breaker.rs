//! When to give up on the source altogether, judged by the attempts of all users of a client.
//!
//! A source that has never answered is given up soon, for its address is likely wrong. One that has answered is given
//! up when nothing but failures came for a minute, when nearly all of the [`recent`] attempts failed, or when every
//! answer says that there is no API any more. 429 is no failure here: a source that says "later" is not down.
//!
//! Once open it stays open, and every call in flight or waiting is told at once. One call's own patience is
//! [`super::retry`]'s.

mod recent;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use self::recent::Recent;
use super::error::Error;
use super::options::Options;

/// Shares one verdict on the source.
#[derive(Debug)]
pub(super) struct Breaker {
    rules: Rules,
    state: Mutex<State>,
    down: watch::Sender<Option<String>>,
}

#[derive(Debug)]
struct Rules {
    connect_failures: u32,
    start_failures: u32,
    streak: u32,
    streak_time: Duration,
    base_delay: Duration,
    mirror_count: usize,
}

#[derive(Debug)]
struct State {
    ever_succeeded: bool,
    streak: Option<Streak>,
    recent: Recent,
}

/// Failures since the last success.
#[derive(Debug)]
struct Streak {
    since: Instant,
    failures: u32,
    connects: u32,
    /// Failures that ruled their mirror out.
    refusals: u32,
    mirrors: BTreeSet<usize>,
}

impl Breaker {
    /// Starts closed.
    pub(super) fn new(options: &Options, mirror_count: usize) -> Self {
        let for_each_mirror = |failures: u32| failures.saturating_mul(u32::try_from(mirror_count).unwrap_or(u32::MAX));
        let rules = Rules {
            connect_failures: for_each_mirror(options.breaker_connect_failures),
            start_failures: for_each_mirror(options.breaker_start_failures),
            streak: options.breaker_streak,
            streak_time: options.breaker_streak_time,
            base_delay: options.base_delay,
            mirror_count,
        };
        let recent = Recent::new(options.breaker_ratio_time);
        let state = State { ever_succeeded: false, streak: None, recent };
        Self { rules, state: Mutex::new(state), down: watch::Sender::new(None) }
    }

    /// Waits until the breaker opens; may be for ever.
    pub(super) async fn opened(&self) -> Error {
        let mut down = self.down.subscribe();
        let verdict = down.wait_for(Option::is_some).await.map_or(None, |last| last.clone());
        match verdict {
            Some(last) => Error::SourceDown { last },
            // Cannot be: the sender lives as long as `self`.
            None => std::future::pending().await,
        }
    }

    /// Notes an answer of the API.
    pub(super) fn succeeded(&self) {
        let mut state = self.lock();
        state.ever_succeeded = true;
        state.streak = None;
        state.recent.note(false);
    }

    /// Whether the source has ever answered.
    pub(super) fn has_ever_succeeded(&self) -> bool {
        self.lock().ever_succeeded
    }

    /// Notes a failed attempt. Returns the verdict if that was one too many.
    pub(super) fn failed(&self, mirror: usize, error: &Error) -> Option<Error> {
        if matches!(error, Error::MissingMovies { .. }) {
            // An answer of the API all the same: it is there, only busy.
            self.succeeded();
            return None;
        }
        let mut state = self.lock();
        let is_over = self.rules.is_over(&mut state, mirror, error);
        drop(state);
        is_over.then(|| self.open(error))
    }

    /// Notes that one call is at the end of its patience. If the source has never answered anybody, it is down;
    /// otherwise the call fails alone.
    pub(super) fn gave_up(&self, error: Error) -> Error {
        if self.has_ever_succeeded() { error } else { self.open(&error) }
    }

    /// Opens for good and returns what every call is told from now on.
    fn open(&self, error: &Error) -> Error {
        let last = if error.rules_out_mirror() || matches!(error, Error::ForeignRedirect { .. }) {
            // These name their remedy.
            error.to_string()
        } else {
            format!("{error}; check --base-url or try again later")
        };
        self.down.send_if_modified(|down| {
            let is_first = down.is_none();
            if is_first {
                tracing::warn!(%error, "giving up on the source");
                *down = Some(last.clone());
            }
            is_first
        });
        Error::SourceDown { last }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rules {
    /// Counts a failure and judges.
    fn is_over(&self, state: &mut State, mirror: usize, error: &Error) -> bool {
        state.recent.note(true);
        let streak = state.streak.get_or_insert_with(Streak::new);
        streak.count(mirror, error);
        if state.ever_succeeded {
            self.is_gone(streak) || state.recent.failed_nearly_all()
        } else {
            self.is_unreachable(streak)
        }
    }

    /// Before the first success: told soon, for it is likely a wrong address. The times keep many requests that fail
    /// in the same instant from counting as many attempts; one caller's back-off takes at least as long.
    fn is_unreachable(&self, streak: &Streak) -> bool {
        let lasted = streak.since.elapsed();
        let every_mirror_failed = streak.mirrors.len() == self.mirror_count;
        let cannot_connect = streak.connects >= self.connect_failures && lasted >= self.base_delay * 3;
        let keeps_failing = streak.failures >= self.start_failures && lasted >= self.base_delay * 30;
        every_mirror_failed && (cannot_connect || keeps_failing)
    }

    /// After a success: patient, unless every answer says that there is no API any more.
    fn is_gone(&self, streak: &Streak) -> bool {
        let is_long = streak.since.elapsed() >= self.streak_time;
        let is_refused = streak.refusals == streak.failures;
        streak.failures >= self.streak && (is_long || is_refused)
    }
}

impl Streak {
    fn new() -> Self {
        Self { since: Instant::now(), failures: 0, connects: 0, refusals: 0, mirrors: BTreeSet::new() }
    }

    fn count(&mut self, mirror: usize, error: &Error) {
        self.failures = self.failures.saturating_add(1);
        self.connects = self.connects.saturating_add(u32::from(error.is_connect()));
        self.refusals = self.refusals.saturating_add(u32::from(error.rules_out_mirror()));
        self.mirrors.insert(mirror);
    }
}

#[cfg(test)]
mod tests;
