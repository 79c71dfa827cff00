//! The figures of a run while it goes on, for showing progress. The summary comes from the database instead.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::progress::Reading;
use crate::store::{RunTotals, Saved};

/// Figures that workers add to.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pages_planned: AtomicU64,
    pages_finished: AtomicU64,
    pages_here: AtomicU64,
    saved: AtomicU64,
    updated: AtomicU64,
    skipped: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    /// Begins with the pages that a run gone on with has finished; movies count from here.
    pub(super) fn of_run(totals: RunTotals, pages_planned: u32) -> Self {
        let counters = Self::default();
        counters.pages_planned.store(pages_planned.into(), Relaxed);
        counters.pages_finished.store((totals.done + totals.given_up).cast_unsigned(), Relaxed);
        counters
    }

    /// Notes how many pages there are to read; says whether that is more than was known.
    pub(super) fn plan(&self, pages: u32) -> bool {
        self.pages_planned.fetch_max(pages.into(), Relaxed) < pages.into()
    }

    /// Returns how many pages one of so many workers takes at a time, which would be `wanted`: fewer towards the end, so
    /// that there are some for each.
    pub(super) fn share_of(&self, wanted: u32, workers: u32) -> u32 {
        let left = self.pages_planned.load(Relaxed).saturating_sub(self.pages_finished.load(Relaxed));
        let share = left / u64::from(workers.max(1));
        wanted.min(u32::try_from(share).unwrap_or(u32::MAX)).max(1)
    }

    /// Adds a page that is finished.
    pub(super) fn add(&self, saved: Saved) {
        self.pages_finished.fetch_add(1, Relaxed);
        self.pages_here.fetch_add(1, Relaxed);
        self.saved.fetch_add(saved.saved.into(), Relaxed);
        self.updated.fetch_add(saved.updated.into(), Relaxed);
        self.skipped.fetch_add(saved.skipped.into(), Relaxed);
        self.failed.fetch_add(saved.failed.into(), Relaxed);
    }

    /// Returns the figures.
    pub(super) fn read(&self) -> Reading {
        Reading {
            pages_planned: self.pages_planned.load(Relaxed),
            pages_finished: self.pages_finished.load(Relaxed),
            pages_here: self.pages_here.load(Relaxed),
            saved: self.saved.load(Relaxed),
            updated: self.updated.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            failed: self.failed.load(Relaxed),
            ..Reading::default()
        }
    }

    /// Returns how many movies this process dealt with.
    pub(super) fn movies_here(&self) -> u64 {
        let reading = self.read();
        reading.saved + reading.updated + reading.skipped + reading.failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn towards_the_end_there_are_pages_for_each_worker() {
        let counters = Counters::of_run(RunTotals::default(), 20);
        assert_eq!(counters.share_of(4, 8), 2);
        assert_eq!(counters.share_of(1, 8), 1, "no more than wanted");
        for _ in 0..20 {
            counters.add(Saved::default());
        }
        assert_eq!(counters.share_of(4, 8), 1, "there may be one that was not known of");
    }
}
