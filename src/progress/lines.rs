//! Plain lines for logs and pipes: one every ten seconds.

use std::io::Write;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Reading, clock};

const LINE_EVERY: Duration = Duration::from_secs(10);

/// Writes a line now and then until it is stopped.
pub(super) async fn show(read: impl Fn() -> Reading, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(LINE_EVERY)).await.is_some() {
        let reading = read();
        let (elapsed, figures) = (clock(reading.elapsed), reading.figures());
        let line = format!("{elapsed} · pages {}/{} · {figures}\n", reading.pages_finished, reading.pages_planned);
        if std::io::stderr().write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}
