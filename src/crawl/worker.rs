//! A worker: claims one page after another until nothing is left. What it does with a page is in `page`.

use std::pin::pin;
use std::time::Duration;

use super::{Error, Shared};
use crate::store::{self, Claim, Lease, retry};

/// How long to wait for pages that others have in hand before looking again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A worker of a run.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) shared: Shared,
}

impl Worker {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Works until nothing is left or a stop is asked for.
    pub(super) async fn work(self) -> Result<(), Error> {
        let Shared { store, run, presence, stop, options, pages_changed, .. } = &self.shared;
        while !stop.is_asked() {
            // Registered before the look, so that a change between the look and the wait is not missed.
            let mut changed = pin!(pages_changed.notified());
            changed.as_mut().enable();
            match retry(options.patience, || async { store.claim(run.id, presence.owner).await }).await? {
                Claim::Page(lease) => self.finish_or_give_back(lease).await?,
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

    /// Deals with a page and wakes those who wait for it. It is given back where it can't be finished, so that it is due again at once.
    async fn finish_or_give_back(&self, lease: Lease) -> Result<(), Error> {
        let Shared { store, stop, options, presence, pages_changed, .. } = &self.shared;
        let _in_hand = presence.hold(lease);
        let finished = tokio::select! {
            biased;
            finished = self.deal_with(lease) => finished,
            () = stop.asked_now() => {
                retry(options.patience, || async { store.release(lease).await }).await?;
                return Ok(());
            }
        };
        pages_changed.notify_waiters();
        match finished {
            Err(Error::Store(error @ store::Error::LeaseLost { .. })) => {
                tracing::warn!("{error}");
                Ok(())
            }
            Err(Error::Source(error)) => {
                retry(options.patience, || async { store.release(lease).await }).await?;
                Err(Error::Source(error))
            }
            finished => finished,
        }
    }
}
