//! Learns from refusals how many requests a second the source admits. It counts and computes; waiting is done in
//! [`super`].
//!
//! **What is admitted.** Nothing is assumed until the source refuses (429). The estimate then is what it admitted since
//! the refusal before, divided by the time that took, the pause included: right for a quota per window, and for a token
//! bucket, which is empty at both ends. But a bucket is full after a second or so and fills no further; so of a pause
//! shorter than the time between pauses one second counts. The first estimate has but one end and takes at least a
//! second.
//!
//! **How to go on.** At 97 % of the estimate E. After t seconds of use the pace is E · (0.97 + 0.03 · (t / p)³): it
//! creeps past E at t = p, and grows the faster the longer the source goes along, until the limit is forgotten.
//!
//! **How gently.** p is 2 s at first. Each estimate that confirms the one before (within 10 %) doubles it, up to 16 s,
//! so that a steady limit is met about once in half a minute; any other makes it 2 s again. A source that refuses at random,
//! whatever the pace, never confirms an estimate for long and so slows us down but little.

use std::time::Duration;

use tokio::time::Instant;

/// Admitted requests that an estimate takes at least.
const MIN_SAMPLE: u32 = 10;
/// Time that an estimate takes at least, and the time after which a bucket is taken to be full.
const SECOND: Duration = Duration::from_secs(1);
/// Part of the estimate to go on with.
const BELOW: f64 = 0.97;
/// Difference up to which an estimate confirms the one before.
const CONFIRMING: f64 = 0.1;
/// p in the file's head: at first, and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(16));
/// A source that goes along with so many times the estimate has no such limit any more.
const FORGET_AT: f64 = 10.0;

/// What is known of the source's limit.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// When the last estimate was made.
    refused_at: Option<Instant>,
    /// When the first request went out after that.
    resumed_at: Option<Instant>,
    admitted: u32,
    learnt: Option<Learnt>,
}

/// An estimate, and how far it is outgrown.
#[derive(Clone, Copy, Debug)]
struct Learnt {
    rate: f64,
    patience: Duration,
    used_for: Duration,
}

impl Limit {
    /// Returns the pace to keep, in requests a second; infinite where no limit is known.
    pub(super) fn rate(&self) -> f64 {
        self.learnt.map_or(f64::INFINITY, |learnt| learnt.rate * learnt.growth())
    }

    /// Whether the last estimate confirmed the one before.
    pub(super) fn is_confirmed(&self) -> bool {
        self.learnt.is_some_and(|learnt| learnt.patience > PATIENCE.0)
    }

    /// Notes that a request goes out `gap` after the one before. Only time in use lets the pace grow: who asks less
    /// than allowed learns nothing about the limit.
    pub(super) fn used(&mut self, now: Instant, gap: Duration, ceiling: f64) {
        self.resumed_at.get_or_insert(now);
        let Some(learnt) = &mut self.learnt else { return };
        let usual_gap = Duration::try_from_secs_f64((learnt.rate * learnt.growth()).recip()).unwrap_or(gap);
        learnt.used_for += gap.min(usual_gap * 2);
        if learnt.growth() >= FORGET_AT || learnt.rate * learnt.growth() >= ceiling {
            self.learnt = None;
        }
    }

    /// Notes that a request sent at `sent_at` was admitted. One from before the last estimate tells nothing new.
    pub(super) fn admitted(&mut self, sent_at: Instant) {
        if self.refused_at.is_none_or(|refused_at| sent_at > refused_at) {
            self.admitted = self.admitted.saturating_add(1);
        }
    }

    /// Notes a refusal, once for all that were in flight together. Returns a new estimate, unless it only confirms the
    /// one before.
    pub(super) fn refused(&mut self, now: Instant) -> Option<f64> {
        let time = self.time_until(now)?;
        if self.admitted < MIN_SAMPLE {
            // Too few to measure, and refused all the same: half as fast, and count on.
            if let Some(learnt) = &mut self.learnt {
                *learnt = Learnt { rate: learnt.rate / 2.0, used_for: Duration::ZERO, ..*learnt };
            }
            return None;
        }
        let rate = f64::from(self.admitted) / time.as_secs_f64();
        let confirmed = self.learnt.filter(|before| (rate / before.rate - 1.0).abs() <= CONFIRMING);
        let patience = confirmed.map_or(PATIENCE.0, |before| (before.patience * 2).min(PATIENCE.1));
        let learnt = Some(Learnt { rate, patience, used_for: Duration::ZERO });
        *self = Self { refused_at: Some(now), resumed_at: None, admitted: 0, learnt };
        confirmed.is_none().then_some(rate)
    }

    /// Returns the time in which the source admitted what it did since the last estimate.
    fn time_until(&self, now: Instant) -> Option<Duration> {
        let resumed_at = self.resumed_at?;
        let in_use = now.saturating_duration_since(resumed_at);
        let Some(refused_at) = self.refused_at else { return Some(in_use.max(SECOND)) };
        let pause = resumed_at.saturating_duration_since(refused_at);
        Some(in_use + if pause > in_use { pause } else { pause.min(SECOND) })
    }
}

impl Learnt {
    fn growth(&self) -> f64 {
        BELOW + (1.0 - BELOW) * self.used_for.div_duration_f64(self.patience).powi(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A limit that was refused after `admitted` requests in `seconds`.
    fn learnt_from(admitted: u32, seconds: f64) -> (Limit, Instant) {
        let start = Instant::now();
        let mut limit = Limit::default();
        limit.used(start, Duration::ZERO, f64::INFINITY);
        (0..admitted).for_each(|_| limit.admitted(start));
        let refused_at = start + Duration::from_secs_f64(seconds);
        limit.refused(refused_at);
        (limit, refused_at)
    }

    fn is_about(rate: f64, expected: f64) -> bool {
        (rate / expected - 1.0).abs() < 0.001
    }

    #[test]
    fn goes_on_slightly_below_what_was_admitted() {
        assert!(is_about(learnt_from(100, 5.0).0.rate(), 19.4));
        // A bucket that holds a second's worth is emptied in an instant.
        assert!(is_about(learnt_from(20, 0.05).0.rate(), 19.4));
    }

    #[test]
    fn a_handful_of_requests_is_no_measure() {
        assert!(learnt_from(9, 1.0).0.rate().is_infinite());
        let (mut limit, refused_at) = learnt_from(100, 1.0);
        limit.used(refused_at, Duration::ZERO, f64::INFINITY);
        assert_eq!(limit.refused(refused_at + Duration::from_secs(1)), None);
        assert!(is_about(limit.rate(), 48.5));
    }

    #[test]
    fn answers_to_requests_from_before_an_estimate_count_for_nothing() {
        let (mut limit, refused_at) = learnt_from(100, 1.0);
        (0..100).for_each(|_| limit.admitted(refused_at));
        limit.used(refused_at, Duration::ZERO, f64::INFINITY);
        assert_eq!(limit.refused(refused_at + Duration::from_secs(5)), None);
    }

    #[test]
    fn grows_past_the_estimate_with_use_and_forgets_it() {
        let (mut limit, refused_at) = learnt_from(100, 1.0);
        // Idle time teaches nothing.
        limit.used(refused_at, Duration::from_hours(1), f64::INFINITY);
        assert!(is_about(limit.rate(), 97.0));
        (0..198).for_each(|_| limit.used(refused_at, Duration::from_millis(10), f64::INFINITY));
        assert!(is_about(limit.rate(), 100.0), "{}", limit.rate());
        (0..10_000).for_each(|_| limit.used(refused_at, Duration::from_millis(10), f64::INFINITY));
        assert!(limit.rate().is_infinite());
    }

    #[test]
    fn a_limit_above_our_own_is_forgotten() {
        let (mut limit, refused_at) = learnt_from(100, 1.0);
        limit.used(refused_at, Duration::ZERO, 90.0);
        assert!(limit.rate().is_infinite());
    }

    #[test]
    fn probes_the_more_gently_the_more_often_the_limit_is_confirmed() {
        let (mut limit, mut refused_at) = learnt_from(100, 1.0);
        let mut patience = Vec::new();
        for admitted in [100, 105, 100, 100, 100, 70] {
            limit.used(refused_at, Duration::ZERO, f64::INFINITY);
            refused_at += Duration::from_secs(1);
            (0..admitted).for_each(|_| limit.admitted(refused_at));
            limit.refused(refused_at);
            patience.push(limit.learnt.unwrap().patience.as_secs());
        }
        assert_eq!(patience, [4, 8, 16, 16, 16, 2]);
    }

    #[test]
    fn counts_a_pause_as_a_bucket_or_a_quota_would() {
        let next = |pause: u64, in_use: u64| {
            let (mut limit, refused_at) = learnt_from(100, 1.0);
            let resumed_at = refused_at + Duration::from_secs(pause);
            limit.used(resumed_at, Duration::ZERO, f64::INFINITY);
            (0..100).for_each(|_| limit.admitted(resumed_at));
            limit.refused(resumed_at + Duration::from_secs(in_use));
            limit.learnt.unwrap().rate
        };
        assert!(is_about(next(2, 9), 10.0));
        assert!(is_about(next(40, 10), 2.0));
    }
}
