//! Carries "stop" to every task: gently, so that pages in hand are finished, or now.

use tokio_util::sync::CancellationToken;

/// A request to stop, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    gently: CancellationToken,
    now: CancellationToken,
}

impl Stop {
    /// Asks to finish the pages in hand and take no new ones.
    pub fn gently(&self) {
        self.gently.cancel();
    }

    /// Asks to give the pages in hand back.
    pub fn now(&self) {
        self.gently.cancel();
        self.now.cancel();
    }

    /// Says whether no new page is to be taken.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.gently.is_cancelled()
    }

    /// Waits until no new page is to be taken.
    pub async fn asked(&self) {
        self.gently.cancelled().await;
    }

    /// Waits until the pages in hand are to be given back.
    pub async fn asked_now(&self) {
        self.now.cancelled().await;
    }
}
