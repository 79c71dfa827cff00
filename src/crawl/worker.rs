//! A worker: claims pages until nothing is left, several at a time where they take next to no time. What it does with them
//! is in `page`.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, mpsc, oneshot};
use tokio::time::Instant;

use super::saver::Ready;
use super::{Error, Shared};
use crate::store::{Claim, Lease, PageResult, retry};

/// How long to wait for pages that others have in hand before looking again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// More pages are taken at a time while they take less than this: what claiming them and looking them up costs then counts.
const SHORT: Duration = Duration::from_millis(250);

/// And fewer where they take longer than this, so that other processes do not wait for pages that lie here.
const LONG: Duration = Duration::from_secs(1);

/// The most movies that the pages taken at a time may have.
const MAX_MOVIES_AT_A_TIME: u32 = 200;

/// A worker of a run.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) shared: Shared,
    /// Where pages go that are to be saved.
    ready: mpsc::Sender<Ready>,
    /// The movies that the run saw before its workers began, sorted; looked up when the first page is read again.
    pub(super) seen_before: Arc<OnceCell<Vec<i32>>>,
}

impl Worker {
    pub(super) fn new(shared: Shared, ready: mpsc::Sender<Ready>, seen_before: Arc<OnceCell<Vec<i32>>>) -> Self {
        Self { shared, ready, seen_before }
    }

    /// Works until nothing is left or a stop is asked for.
    pub(super) async fn work(self) -> Result<(), Error> {
        let Shared { store, run, presence, stop, options, counters, pages_changed, .. } = &self.shared;
        let mut pages_at_a_time = 1;
        while !stop.is_asked() {
            // Registered before the look, so that a change between the look and the wait is not missed.
            let mut changed = pin!(pages_changed.notified());
            changed.as_mut().enable();
            let at_most = counters.share_of(pages_at_a_time, options.workers);
            match retry(options.patience, || async { store.claim(run.id, presence.owner, at_most).await }).await? {
                Claim::Pages(leases) => {
                    let begun_at = Instant::now();
                    self.finish_or_give_back(&leases).await?;
                    pages_at_a_time = adapted(pages_at_a_time, begun_at.elapsed(), run.page_limit);
                }
                Claim::Wait => tokio::select! {
                    () = stop.asked() => {}
                    () = changed => {}
                    () = tokio::time::sleep(LOOK_AGAIN_AFTER) => {}
                },
                Claim::Finished => break,
            }
        }
        Ok(())
    }

    /// Deals with pages and wakes those who wait for them. They are given back where they can't be finished, so that they
    /// are due again at once.
    async fn finish_or_give_back(&self, leases: &[Lease]) -> Result<(), Error> {
        let Shared { store, stop, options, presence, pages_changed, .. } = &self.shared;
        let _in_hand: Vec<_> = leases.iter().map(|lease| presence.hold(*lease)).collect();
        let finished = tokio::select! {
            biased;
            finished = self.deal_with(leases) => finished,
            () = stop.asked_now() => {
                retry(options.patience, || async { store.release(leases).await }).await?;
                return Ok(());
            }
        };
        pages_changed.notify_waiters();
        if let Err(Error::Source(_)) = finished {
            retry(options.patience, || async { store.release(leases).await }).await?;
        }
        finished
    }

    /// Hands a page over to be saved; returns what tells when it is.
    pub(super) async fn hand_over(&self, page: PageResult) -> oneshot::Receiver<()> {
        let (is_saved, saved) = oneshot::channel();
        // The savers end before the workers only where the run ends: then nobody answers, and this worker is stopped.
        let _ = self.ready.send(Ready { page, is_saved }).await;
        saved
    }
}

/// Returns how many pages to take next, where taking so many took that long.
fn adapted(pages_at_a_time: u32, took: Duration, page_limit: u32) -> u32 {
    let next = match took {
        took if took < SHORT => pages_at_a_time * 2,
        took if took > LONG => pages_at_a_time / 2,
        _ => pages_at_a_time,
    };
    next.min(MAX_MOVIES_AT_A_TIME / page_limit.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_taken_together_only_where_they_take_next_to_no_time() {
        let (no_time, some_time, long) = (Duration::ZERO, SHORT, Duration::from_secs(3));
        assert_eq!([1, 2, 4].map(|pages| adapted(pages, no_time, 50)), [2, 4, 4]);
        assert_eq!([1, 2, 4].map(|pages| adapted(pages, some_time, 50)), [1, 2, 4]);
        assert_eq!([1, 2, 4].map(|pages| adapted(pages, long, 50)), [1, 1, 2]);
        assert_eq!(adapted(64, no_time, 1), 128, "small pages may be many");
        assert_eq!(adapted(1, no_time, 250), 1, "one is always taken");
    }
}
