//! Tries again what failed because the database was away for a moment: a restart, a deadlock, a lost connection.

use std::time::{Duration, Instant};

use super::Error;

/// The first pause; each one doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Runs an operation until it succeeds, fails for good, or `patience` has passed since the first failure.
///
/// It must be one transaction, only reads, or several that change nothing the second time: a failed attempt may have been
/// committed, and only its answer lost.
pub async fn retry<T, F>(patience: Duration, mut operation: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut pause = FIRST_PAUSE;
    let mut first_failure = None;
    loop {
        let error = match operation().await {
            Err(error) if error.is_transient() => error,
            result => return result,
        };
        let since = *first_failure.get_or_insert_with(Instant::now);
        if since.elapsed() >= patience {
            return Err(error);
        }
        tracing::warn!("{error}; trying again");
        // Half of the pause is random, so that those who collided do not collide again.
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..=1.0))).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
