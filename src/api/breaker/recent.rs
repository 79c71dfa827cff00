//! The last attempts, over all users of a client: how many failed, and over how long.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Attempts looked back on at least. A source that fails every other time fails 85 % of sixty once in fifty million.
const MIN_ATTEMPTS: usize = 60;
/// Percent of them that are too many failures.
const TOO_MANY_PERCENT: usize = 85;

/// How the last attempts ended, oldest first: those of the last `min_time`, and [`MIN_ATTEMPTS`] at least.
#[derive(Debug)]
pub(super) struct Recent {
    min_time: Duration,
    attempts: VecDeque<(Instant, bool)>,
    failures: usize,
}

impl Recent {
    pub(super) fn new(min_time: Duration) -> Self {
        Self { min_time, attempts: VecDeque::new(), failures: 0 }
    }

    /// Notes how an attempt ended.
    pub(super) fn note(&mut self, is_failure: bool) {
        self.attempts.push_back((Instant::now(), is_failure));
        self.failures += usize::from(is_failure);
        // The one before the second stays, so that what stays is never shorter than the time asked for.
        while self.attempts.len() > MIN_ATTEMPTS && self.attempts[1].0.elapsed() >= self.min_time {
            let left = self.attempts.pop_front();
            self.failures -= usize::from(left.is_some_and(|(_, was_failure)| was_failure));
        }
    }

    /// Whether nearly all of them failed, and not within one bad moment.
    pub(super) fn failed_nearly_all(&self) -> bool {
        let too_many = (self.attempts.len().max(MIN_ATTEMPTS) * TOO_MANY_PERCENT).div_ceil(100);
        let first_failure = self.attempts.iter().find(|(_, is_failure)| *is_failure);
        self.failures >= too_many && first_failure.is_some_and(|(noted_at, _)| noted_at.elapsed() >= self.min_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN_TIME: Duration = Duration::from_secs(15);

    /// How long it takes until attempts that fail so many times in ten are too many, if they ever are.
    async fn too_much_after(failures_in_ten: u32, between: Duration) -> Option<Duration> {
        let start = Instant::now();
        let mut recent = Recent::new(MIN_TIME);
        for attempt in 0..10_000 {
            recent.note(attempt % 10 < failures_in_ten);
            if recent.failed_nearly_all() {
                return Some(start.elapsed());
            }
            tokio::time::sleep(between).await;
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn nine_failures_in_ten_are_too_many_and_eight_are_not() {
        for between in [2, 100, 1_000].map(Duration::from_millis) {
            for failures_in_ten in [9, 10] {
                let time = too_much_after(failures_in_ten, between).await.unwrap();
                assert!(time >= MIN_TIME && time <= MIN_TIME.max(between * 60), "{between:?}: {time:?}");
            }
            assert_eq!(too_much_after(8, between).await, None);
            assert_eq!(too_much_after(5, between).await, None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_moment_is_not_enough() {
        let mut recent = Recent::new(MIN_TIME);
        (0..9).for_each(|_| recent.note(false));
        tokio::time::sleep(MIN_TIME * 2).await;
        (0..200).for_each(|_| recent.note(true));
        assert!(!recent.failed_nearly_all());
        tokio::time::sleep(MIN_TIME).await;
        assert!(recent.failed_nearly_all());
        (0..40).for_each(|_| recent.note(false));
        assert!(!recent.failed_nearly_all());
    }
}
