//! The last attempts, over all users of a client: how many failed, and over how long.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Attempts looked back on. A source that fails every other time fails 85 % of sixty once in fifty million.
const ATTEMPTS: usize = 60;
/// Failures among them that are too many: 85 %.
const TOO_MANY: usize = 51;

/// How the last attempts ended, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    attempts: VecDeque<(Instant, bool)>,
    failures: usize,
}

impl Recent {
    /// Notes how an attempt ended.
    pub(super) fn note(&mut self, is_failure: bool) {
        if self.attempts.len() == ATTEMPTS
            && let Some((_, was_failure)) = self.attempts.pop_front()
        {
            self.failures -= usize::from(was_failure);
        }
        self.attempts.push_back((Instant::now(), is_failure));
        self.failures += usize::from(is_failure);
    }

    /// Whether nearly all of the last attempts failed, and not within one bad moment: the failures took `min_time` at least.
    pub(super) fn failed_nearly_all(&self, min_time: Duration) -> bool {
        let first_failure = self.attempts.iter().find(|(_, is_failure)| *is_failure);
        let lasted = first_failure.map_or(Duration::ZERO, |(noted_at, _)| noted_at.elapsed());
        self.failures >= TOO_MANY && lasted >= min_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN_TIME: Duration = Duration::from_secs(15);

    /// Whether attempts that fail so many times in ten, 0.4 s apart, are ever too many.
    async fn is_too_much(failures_in_ten: u32) -> bool {
        let mut recent = Recent::default();
        for attempt in 0..1_000 {
            recent.note(attempt % 10 < failures_in_ten);
            tokio::time::sleep(Duration::from_millis(400)).await;
            if recent.failed_nearly_all(MIN_TIME) {
                return true;
            }
        }
        false
    }

    #[tokio::test(start_paused = true)]
    async fn nine_failures_in_ten_are_too_many_and_eight_are_not() {
        assert!(is_too_much(10).await);
        assert!(is_too_much(9).await);
        assert!(!is_too_much(8).await);
        assert!(!is_too_much(5).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_moment_is_not_enough() {
        let mut recent = Recent::default();
        (0..ATTEMPTS).for_each(|_| recent.note(true));
        assert!(!recent.failed_nearly_all(MIN_TIME));
        tokio::time::sleep(MIN_TIME).await;
        assert!(recent.failed_nearly_all(MIN_TIME));
        (0..=ATTEMPTS - TOO_MANY).for_each(|_| recent.note(false));
        assert!(!recent.failed_nearly_all(MIN_TIME));
    }
}
