//! What a demo server counts. Where each number is counted is in `service`.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// What a demo server has done so far. `requests` is the sum of `list`, `details`, `other`, `faults` and `throttled`,
/// and of what is being answered at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// All requests that arrived.
    pub requests: u64,
    /// List requests answered in full.
    pub list: u64,
    /// Details requests answered in full, unknown ids among them.
    pub details: u64,
    /// Other requests answered in full: suggestions and unknown paths.
    pub other: u64,
    /// Requests that got the fault they had drawn; for `429` only the one that opened the window.
    pub faults: u64,
    /// Requests refused with 429 by `rate` or inside a window.
    pub throttled: u64,
    /// Requests that arrived inside an announced Retry-After window: 100 ms of an idle machine after its announcement had
    /// left, so that they were not in flight then, and before its first announced end. A client that makes all of its
    /// tasks wait has none.
    pub inside_window: u64,
    /// Movies inserted into the list.
    pub inserted: u64,
    /// Movies removed from the list.
    pub removed: u64,
}

/// A number that many tasks count up.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more and returns the new number.
    pub(super) fn count(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters behind `Stats`.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) requests: Counter,
    pub(super) list: Counter,
    pub(super) details: Counter,
    pub(super) other: Counter,
    pub(super) faults: Counter,
    pub(super) throttled: Counter,
    pub(super) inside_window: Counter,
    pub(super) inserted: Counter,
    pub(super) removed: Counter,
    /// List requests that were not refused, faulty or not: what `insert` and `remove` go by.
    pub(super) admitted_list: Counter,
}

impl Counters {
    /// Reads all counters.
    pub(super) fn read(&self) -> Stats {
        Stats {
            requests: self.requests.read(),
            list: self.list.read(),
            details: self.details.read(),
            other: self.other.read(),
            faults: self.faults.read(),
            throttled: self.throttled.read(),
            inside_window: self.inside_window.read(),
            inserted: self.inserted.read(),
            removed: self.removed.read(),
        }
    }
}
