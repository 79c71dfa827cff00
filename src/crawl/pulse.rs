//! Keeps the run's sign of life, renews the leases and reports what was asked of the source, beside the workers.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::store::{Error, Traffic};

/// Many times within a lease's term, so that a lost beat costs nothing, and often enough for one who watches.
const BEAT_EVERY: Duration = Duration::from_secs(2);

/// The pulse of a run, until it is stopped.
#[derive(Debug)]
pub(super) struct Pulse {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Starts the pulse.
pub(super) fn start(shared: Shared) -> Pulse {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        let mut reported = Traffic::default();
        loop {
            let goes_on = stopped.run_until_cancelled(tokio::time::sleep(BEAT_EVERY)).await.is_some();
            match beat(&shared, &mut reported).await {
                Ok(()) => {}
                // The end of the run says it; until then nothing more goes into a file that is gone.
                Err(Error::Removed { .. }) => shared.stop.now(),
                Err(error) => tracing::warn!("{error}"),
            }
            if !goes_on {
                return;
            }
        }
    });
    Pulse { stop, task }
}

impl Pulse {
    /// Beats once more, so that the figures are whole, and stops.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::warn!("the run's sign of life had ended before the run");
        }
    }
}

/// Reports what was asked since the last report. A beat that fails is made up for by the next.
async fn beat(shared: &Shared, reported: &mut Traffic) -> Result<(), Error> {
    let traffic = shared.client.traffic();
    let now = Traffic {
        total: traffic.total,
        list: traffic.list,
        details: traffic.details,
        retried: traffic.retried,
        bytes: traffic.bytes,
    };
    let since = Traffic {
        total: now.total - reported.total,
        list: now.list - reported.list,
        details: now.details - reported.details,
        retried: now.retried - reported.retried,
        bytes: now.bytes - reported.bytes,
    };
    shared.store.heartbeat(shared.run.id, &shared.presence, since).await?;
    *reported = now;
    Ok(())
}
