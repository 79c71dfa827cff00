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
