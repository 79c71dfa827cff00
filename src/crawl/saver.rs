//! Savers: save the pages that workers are done with, those that are ready at the same moment in one transaction.
//!
//! No page waits for others to be ready. Where the source is slow each is saved alone; where the database is, workers wait
//! for it, and a commit then does for several.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::{Error, Shared};
use crate::store::{PageResult, Saved, retry};

/// The most pages of a transaction.
const MAX_PAGES_TOGETHER: usize = 16;

/// A page that is to be saved, and who waits for that.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) page: PageResult,
    pub(super) is_saved: oneshot::Sender<()>,
}

/// One of the savers of a run, which all take from one queue.
#[derive(Debug)]
pub(super) struct Saver {
    shared: Shared,
    /// Locked only while pages are taken from it: whichever saver is idle takes what is ready.
    queue: Arc<Mutex<mpsc::Receiver<Ready>>>,
}

/// Returns the savers of a run, as many as its database has use for, and the end of the queue at which pages come in.
pub(super) fn savers(shared: &Shared) -> (Vec<Saver>, mpsc::Sender<Ready>) {
    let (sender, queue) = mpsc::channel(MAX_PAGES_TOGETHER);
    let queue = Arc::new(Mutex::new(queue));
    let saver = |_| Saver { shared: shared.clone(), queue: Arc::clone(&queue) };
    ((0..shared.store.useful_writers()).map(saver).collect(), sender)
}

impl Saver {
    /// Saves pages until no worker is left, or until all of them are to be given back.
    pub(super) async fn work(self) -> Result<(), Error> {
        let stop = self.shared.stop.clone();
        tokio::select! {
            biased;
            () = stop.asked_now() => Ok(()),
            saved = self.save_all() => saved,
        }
    }

    async fn save_all(&self) -> Result<(), Error> {
        let Shared { store, options, counters, .. } = &self.shared;
        loop {
            let (pages, waiting) = self.take_ready().await;
            if pages.is_empty() {
                return Ok(());
            }
            let figures = retry(options.patience, || async { store.save_pages(&pages).await }).await?;
            for (page, saved) in pages.iter().zip(figures) {
                let Some(saved) = saved else { continue };
                let Saved { saved: new, skipped, failed, .. } = saved;
                tracing::debug!("page {}: {new} saved, {skipped} skipped, {failed} failed", page.lease.page);
                counters.add(saved);
            }
            for is_saved in waiting {
                // Who waits no longer has given its page back.
                let _ = is_saved.send(());
            }
        }
    }

    /// Waits for a page and takes those with it that are ready; none where no more will come.
    async fn take_ready(&self) -> (Vec<PageResult>, Vec<oneshot::Sender<()>>) {
        let mut queue = self.queue.lock().await;
        let mut ready = Vec::new();
        queue.recv_many(&mut ready, MAX_PAGES_TOGETHER).await;
        ready.into_iter().map(|Ready { page, is_saved }| (page, is_saved)).unzip()
    }
}
