//! The retry budget: how many retries a run may afford at their usual speed.
//!
//! Each success pays in a tenth of a retry, so that retries stay below a tenth of the requests as long as the source
//! fails seldom enough for that. A source that fails one time in five cannot be mirrored with a tenth more requests,
//! and a mirror without holes is what a run is for. So a retry that the budget does not cover is made all the same, but
//! later ([`super::retry`]): the more fails, the slower the source is asked, which gives it room and costs no movie.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a retry costs, in successes.
const PRICE: u32 = 10;
/// What is there at the start, for runs too short to have earned anything.
const RESERVE: u32 = 10 * PRICE;
/// What can be saved up. More would let a long good time pay for a storm.
const MOST: u32 = 50 * PRICE;

/// The successes that have not been spent yet.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    /// Starts with the reserve.
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(RESERVE))
    }

    /// Notes a success.
    pub(super) fn earn(&self) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| (saved < MOST).then_some(saved + 1));
    }

    /// Pays for a retry; false if there is not enough.
    pub(super) fn pay(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(PRICE)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Retries that are paid for when every so many successes one is wanted.
    fn paid(budget: &Budget, wanted: u32, successes_between: u32) -> usize {
        let one = || {
            (0..successes_between).for_each(|_| budget.earn());
            budget.pay()
        };
        (0..wanted).filter(|_| one()).count()
    }

    #[test]
    fn pays_for_one_retry_in_ten_successes_and_a_few_more() {
        let steady = Budget::new();
        assert_eq!(paid(&steady, 1_000, 10), 1_000);
        let troubled = Budget::new();
        assert_eq!(paid(&troubled, 1_000, 4), 10 + 400);
    }

    #[test]
    fn a_long_good_time_does_not_pay_for_a_storm() {
        let budget = Budget::new();
        (0..1_000_000).for_each(|_| budget.earn());
        assert_eq!(paid(&budget, 1_000, 0), 50);
    }
}
