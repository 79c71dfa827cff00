//! Shows how far a crawl is, on stderr: bars on a terminal, a line now and then elsewhere, or nothing.
//!
//! Progress is data: the crawl says how to read it, and what is shown is decided here.

mod bars;
mod lines;

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::bars::LogWriter;

/// How to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A bar that is redrawn; for terminals.
    Bars,
    /// A plain line every ten seconds.
    Lines,
    /// Nothing.
    #[default]
    Silent,
}

/// How far a crawl is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// List pages to read, as far as known.
    pub pages_planned: u64,
    /// List pages done or given up.
    pub pages_finished: u64,
    /// List pages that this process finished.
    pub pages_here: u64,
    /// Movies saved new.
    pub saved: u64,
    /// Movies changed.
    pub updated: u64,
    /// Movies left as they were.
    pub skipped: u64,
    /// Movies that failed.
    pub failed: u64,
    /// Requests sent.
    pub requests: u64,
    /// How long all workers still pause because the server asked for it.
    pub pause_left: Option<Duration>,
    /// How long this process has worked.
    pub elapsed: Duration,
}

impl Reading {
    /// Returns movies dealt with a second.
    fn movies_per_second(&self) -> f64 {
        let movies = self.saved + self.updated + self.skipped + self.failed;
        movies as f64 / self.elapsed.as_secs_f64().max(0.001)
    }

    /// Returns the time until the last page is finished at the pace so far; nothing before the first page.
    fn time_left(&self) -> Option<Duration> {
        let pages_left = self.pages_planned.checked_sub(self.pages_finished)?;
        (self.pages_here > 0).then(|| self.elapsed.mul_f64(pages_left as f64 / self.pages_here as f64))
    }

    /// Returns everything but the pages, in a line.
    fn figures(&self) -> String {
        let counts =
            [(self.saved, "saved"), (self.updated, "updated"), (self.skipped, "skipped"), (self.failed, "failed")];
        let counts = counts.iter().filter(|(count, word)| *count > 0 || *word == "saved");
        let mut parts: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        parts.push(format!("{:.0} movies/s", self.movies_per_second()));
        parts.push(format!("{} requests", self.requests));
        parts.extend(self.time_left().map(|left| format!("{} left", clock(left))));
        parts.extend(self.pause_left.map(|pause| format!("pausing {} s as the server asked", pause.as_secs() + 1)));
        parts.join(" · ")
    }
}

/// Returns a duration as `1:02:03` or `2:03`.
#[must_use]
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Progress being shown, until it is stopped.
#[derive(Debug)]
pub struct Display {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Display {
    /// Begins to show what `read` returns.
    pub fn start(mode: Mode, read: impl Fn() -> Reading + Send + 'static) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            match mode {
                Mode::Bars => bars::show(read, stopped).await,
                Mode::Lines => lines::show(read, stopped).await,
                Mode::Silent => {}
            }
        });
        Self { stop, task }
    }

    /// Takes the bars away, so that what is printed next stands alone.
    pub async fn stop(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::debug!("the progress display had already ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_name_what_there_is_and_leave_out_what_there_is_not() {
        let reading = Reading {
            pages_planned: 10,
            pages_finished: 5,
            pages_here: 4,
            saved: 150,
            skipped: 50,
            requests: 154,
            elapsed: Duration::from_secs(8),
            ..Reading::default()
        };
        assert_eq!(reading.figures(), "150 saved · 50 skipped · 25 movies/s · 154 requests · 0:10 left");
    }

    #[test]
    fn nothing_is_foretold_before_the_first_page() {
        let reading = Reading { pages_planned: 10, elapsed: Duration::from_secs(8), ..Reading::default() };
        assert_eq!(reading.time_left(), None);
    }
}
