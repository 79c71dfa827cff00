//! A progress bar, and a way for log lines to pass it without tearing it. The only user of indicatif.

use std::io::{self, Write};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;

use super::Reading;

const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// The bar on the screen, if there is one.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Redraws the bar until it is stopped.
pub(super) async fn show(read: impl Fn() -> Reading, stop: CancellationToken) {
    let bar = ProgressBar::new(0).with_style(style());
    set_shown(Some(bar.clone()));
    while stop.run_until_cancelled(tokio::time::sleep(REDRAW_EVERY)).await.is_some() {
        let reading = read();
        bar.set_length(reading.pages_planned);
        bar.set_position(reading.pages_finished);
        bar.set_message(reading.figures());
    }
    bar.finish_and_clear();
    set_shown(None);
}

fn style() -> ProgressStyle {
    let template = "pages {pos}/{len} [{bar:24}] {wide_msg}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

fn set_shown(bar: Option<ProgressBar>) {
    if let Ok(mut shown) = SHOWN.lock() {
        *shown = bar;
    }
}

/// Writes log lines to stderr, above the bar where one is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bar = SHOWN.lock().ok().and_then(|shown| shown.clone());
        match bar {
            Some(bar) => bar.suspend(|| io::stderr().write_all(bytes))?,
            None => io::stderr().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}
