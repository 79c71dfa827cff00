//! Shares the politeness between the processes of a run: one rate for all of them, and one pause when the source asks.
//!
//! Each process takes an equal part of its rate. A process that joins tells the others, so that they make room at once;
//! one that ended is noticed a few seconds later, on the polite side. What a client does with rate and pause is api's.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Error, Shared};
use crate::store::{self, Bulletin, Bulletins, retry};

/// How often the number of processes is looked up.
const COUNT_EVERY: Duration = Duration::from_secs(3);

/// How long a newcomer waits for what the others have to say.
const NEWS_ARRIVE_WITHIN: Duration = Duration::from_millis(200);

/// The sharing of a run, until it is dropped.
#[derive(Debug)]
pub(super) struct Politeness {
    _stop: DropGuard,
    _task: JoinHandle<()>,
}

/// Takes this process's part of the rate, tells the others, and keeps both up to date from then on.
pub(super) async fn start(shared: Shared) -> Result<Politeness, Error> {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let (bulletins, is_alone) = retry(shared.options.patience, || shared.join()).await?;
    let task = tokio::spawn(async move {
        stopped.run_until_cancelled(Box::pin(share(shared, bulletins))).await;
    });
    if !is_alone {
        // One that pauses at the moment tells it to a newcomer.
        tokio::time::sleep(NEWS_ARRIVE_WITHIN).await;
    }
    Ok(Politeness { _stop: stop.drop_guard(), _task: task })
}

async fn share(shared: Shared, mut bulletins: Option<Bulletins>) {
    let mut pauses = shared.client.pauses();
    loop {
        let step = tokio::select! {
            Ok(()) = pauses.changed() => {
                shared.tell_of_pause().await
            }
            bulletin = next(&mut bulletins) => shared.heed(bulletin).await,
            () = tokio::time::sleep(COUNT_EVERY) => shared.look_around(&mut bulletins).await,
        };
        if let Err(error) = step {
            tracing::warn!("cannot share the politeness for the moment: {error}");
            tokio::time::sleep(COUNT_EVERY).await;
        }
    }
}

async fn next(bulletins: &mut Option<Bulletins>) -> Result<Bulletin, store::Error> {
    match bulletins {
        Some(bulletins) => bulletins.next().await,
        None => std::future::pending().await,
    }
}

impl Shared {
    /// Begins to listen, tells the others, and takes this process's part; says whether it is the whole.
    async fn join(&self) -> Result<(Option<Bulletins>, bool), store::Error> {
        let bulletins = self.store.listen(self.presence.owner, &self.options.source).await?;
        self.presence.ask_the_source().await?;
        self.publish(Bulletin::Joined).await?;
        Ok((bulletins, self.take_part().await?))
    }

    /// Counts the processes, and makes sure that they are still heard; where not, it joins them again.
    async fn look_around(&self, bulletins: &mut Option<Bulletins>) -> Result<(), store::Error> {
        self.take_part().await?;
        let Some(listening) = bulletins else { return Ok(()) };
        if let Err(error) = listening.make_sure_of_hearing().await {
            tracing::debug!("listening anew: {error}");
            *bulletins = self.join().await?.0;
        }
        Ok(())
    }

    async fn heed(&self, bulletin: Result<Bulletin, store::Error>) -> Result<(), store::Error> {
        match bulletin? {
            Bulletin::Joined => {
                self.tell_of_pause().await?;
                self.take_part().await.map(drop)
            }
            Bulletin::Pause(pause) => {
                self.client.pause_for(pause);
                Ok(())
            }
        }
    }

    async fn publish(&self, bulletin: Bulletin) -> Result<(), store::Error> {
        self.presence.publish(&self.options.source, bulletin).await
    }

    /// Tells the others how long this process still pauses, if it does.
    async fn tell_of_pause(&self) -> Result<(), store::Error> {
        match self.client.pause_left() {
            Some(left) => self.publish(Bulletin::Pause(left)).await,
            None => Ok(()),
        }
    }

    /// Sets this process's part of the rate; says whether it is the whole.
    async fn take_part(&self) -> Result<bool, store::Error> {
        let processes = self.store.processes().await?.max(1);
        self.client.set_rate(self.options.rate / f64::from(processes));
        Ok(processes == 1)
    }
}
