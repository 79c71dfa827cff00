//! One call from start to end: attempts, the delays between them, and when to stop.
//!
//! What a failure is, is said in [`super::error`]; the pause that holds for all users is [`super::pacing`]'s; giving
//! up on the source altogether is [`super::breaker`]'s, and what retries may cost is [`super::budget`]'s.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::Utc;
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, sleep};

use super::client::Source;
use super::error::Error;
use super::http::{Answer, Call};
use super::options::Options;
use super::retry_after;

/// Answers of 429 after which one call gives up. They do not count as attempts, for they say "later", not "no".
const MAX_THROTTLES: u32 = 50;

/// Asks until there is an answer that `read` understands, or until there is no sense in it any more.
pub(super) async fn fetch<T>(
    source: &Source,
    call: &Call,
    read: impl Fn(&Answer) -> Result<T, Error>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        source_down = source.breaker.opened() => Err(source_down),
        outcome = ask_until_settled(source, call, read) => outcome,
    }
}

async fn ask_until_settled<T>(
    source: &Source,
    call: &Call,
    read: impl Fn(&Answer) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut tries = Tries::default();
    let mut mirror = source.mirrors.pick(&[]).unwrap_or_default();
    loop {
        let failure = match attempt(source, call, mirror, tries.made()).await.and_then(|answer| read(&answer)) {
            Ok(value) => {
                source.succeeded(mirror);
                return Ok(value);
            }
            Err(error) if error.is_from_the_api() => {
                source.succeeded(mirror);
                return Err(error);
            }
            Err(error) => error,
        };
        let next = tries.next_step(source, mirror, failure)?;
        mirror = next.mirror;
        sleep(next.delay).await;
    }
}

/// Sends one request and reads its answer. The place among those in flight is taken before waiting for a slot, so that
/// a slot, once given, is used at once and no request slips into a pause.
async fn attempt(source: &Source, call: &Call, mirror: usize, made: u32) -> Result<Answer, Error> {
    // Fails only for a closed semaphore, and nobody closes this one.
    let _place = source.places.acquire().await.ok();
    source.pacer.wait().await;
    let sent_at = Instant::now();
    source.counters.count(call.endpoint, made > 0);
    let response = source.http.send(source.mirrors.base(mirror), call).await?;
    heed(source, sent_at, &response);
    source.http.read(response, &source.counters.bytes).await
}

/// Does as the head of an answer asks, before its body is read: pauses all, or lets all go on.
fn heed(source: &Source, sent_at: Instant, response: &Response) {
    let asked = retry_after::asked_wait(response.headers(), Utc::now());
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => source.pacer.throttled(sent_at, asked),
        StatusCode::SERVICE_UNAVAILABLE if asked.is_some() => source.pacer.throttled(sent_at, asked),
        StatusCode::SERVICE_UNAVAILABLE => source.pacer.busy(sent_at),
        status if status.is_success() => source.pacer.eased(sent_at),
        _ => {}
    }
}

/// What one call has been through.
#[derive(Debug, Default)]
struct Tries {
    failures: u32,
    throttles: u32,
    ruled_out: Vec<usize>,
}

/// Where and when to ask again.
#[derive(Debug)]
struct NextStep {
    mirror: usize,
    delay: Duration,
}

impl Tries {
    /// Returns the number of attempts made.
    fn made(&self) -> u32 {
        self.failures + self.throttles
    }

    /// Decides what follows a failure: another attempt, or the error to end with.
    fn next_step(&mut self, source: &Source, mirror: usize, error: Error) -> Result<NextStep, Error> {
        tracing::debug!(%error, attempt = self.made() + 1, "attempt failed");
        if let Error::Status { url, status: 429, .. } = &error {
            self.throttles += 1;
            let is_enough = self.throttles >= MAX_THROTTLES;
            let given_up = Error::Throttled { url: url.clone(), times: self.throttles };
            return if is_enough { Err(given_up) } else { Ok(NextStep { mirror, delay: Duration::ZERO }) };
        }
        source.mirrors.failed(mirror, &error);
        if let Some(source_down) = source.breaker.failed(mirror, &error) {
            return Err(source_down);
        }
        self.failures += 1;
        let is_new_here = !source.breaker.has_ever_succeeded();
        // A working source may show a passing redirect to a challenge; one never seen to work has likely moved.
        let has_moved = is_new_here && matches!(error, Error::ForeignRedirect { .. });
        if error.rules_out_mirror() || has_moved {
            self.ruled_out.push(mirror);
        }
        let mirrors = u32::try_from(source.mirrors.count()).unwrap_or(u32::MAX);
        // Before any has answered, each has to have its turn.
        let attempts = source.options.max_attempts.saturating_mul(if is_new_here { mirrors } else { 1 });
        match source.mirrors.pick(&self.ruled_out) {
            Some(next) if self.failures < attempts => {
                let rounds = self.failures.div_ceil(mirrors);
                Ok(NextStep { mirror: next, delay: delay_after(rounds + pay(source), &source.options) })
            }
            _ => Err(source.breaker.gave_up(error)),
        }
    }
}

/// Pays for a retry. Returns the failures to add for its delay where the budget is spent: one, so that it is twice as
/// long.
fn pay(source: &Source) -> u32 {
    if source.budget.pay() {
        return 0;
    }
    source.counters.slowed.fetch_add(1, Ordering::Relaxed);
    1
}

/// Returns the delay after the given number of failures (from 1): doubled with each, capped, and of that at least half
/// and at most all, so that callers that failed together do not return together.
fn delay_after(failures: u32, options: &Options) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
    let longest = options.base_delay.saturating_mul(factor).min(options.max_delay);
    longest.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_keep_at_least_half() {
        let options = Options::default();
        for (failures, longest_ms) in [(1, 250), (2, 500), (3, 1_000), (8, 30_000), (4_000_000_000, 30_000)] {
            let longest = Duration::from_millis(longest_ms);
            for _ in 0..100 {
                let delay = delay_after(failures, &options);
                assert!(longest / 2 <= delay && delay <= longest, "{failures} failures: {delay:?}");
            }
        }
    }
}
