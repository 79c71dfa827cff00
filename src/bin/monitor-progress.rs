//! `monitor-progress`: shows the run and the catalogue from a second process. Arguments in, one call, exit code out.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use yts_ingest::cli::{self, Common, EXIT_CODES, Exit, Reader};
use yts_ingest::monitor::{Extras, Reading};
use yts_ingest::store::Store;

const EXAMPLES: &str = "Examples:
  monitor-progress                one reading of ./yts.db
  monitor-progress --watch 5      a reading every 5 seconds until the run ends
  monitor-progress --failures     what failed in the last run, and why
  monitor-progress --changes      what updates changed about movies
  monitor-progress --json         for programs; with --watch one document a line";

/// Shows how far the current or last run is, and what the catalogue holds.
#[derive(Parser, Debug)]
#[command(name = "monitor-progress", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Redraw every so many seconds until the run ends or Ctrl-C
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    watch: Option<u64>,
    /// List what failed and why
    #[arg(long)]
    failures: bool,
    /// List the latest changes to movies: what, from, to, when
    #[arg(long)]
    changes: bool,
}

fn main() -> ExitCode {
    cli::main(|arguments: &Arguments| &arguments.common, run)
}

async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let settings = arguments.common.settings()?;
    let store = Store::open_existing(&cli::store_options(&settings)).await?;
    tokio::select! {
        stopped = tokio::signal::ctrl_c(), if arguments.watch.is_some() => {
            stopped.context("cannot listen for Ctrl-C")?;
            return Ok(Exit::Interrupted);
        }
        shown = arguments.show_until_the_end(&store) => shown?,
    }
    store.close().await?;
    Ok(Exit::Complete)
}

impl Arguments {
    /// Shows a reading, or in a watch one after the other, until the run has ended.
    async fn show_until_the_end(&self, store: &Store) -> anyhow::Result<()> {
        let extras = Extras { failures: self.failures, changes: self.changes };
        loop {
            let reading = Reading::take(store, extras).await?;
            if self.show(&reading)? == Reader::Gone {
                return Ok(());
            }
            let Some(seconds) = self.watch.filter(|_| reading.is_running()) else { return Ok(()) };
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
    }

    /// Shows a reading; in a watch on a terminal, over the one before.
    fn show(&self, reading: &Reading) -> anyhow::Result<Reader> {
        const HOME_AND_CLEAR: &str = "\x1b[H\x1b[J";
        match (self.common.json, self.watch.is_some()) {
            (true, false) => cli::print_json(reading),
            (true, true) => cli::print_json_line(reading),
            (false, true) if std::io::stdout().is_terminal() && cli::is_lively() => {
                cli::print(&format!("{HOME_AND_CLEAR}{}", reading.to_string().trim_end()))
            }
            (false, _) => cli::print(reading.to_string().trim_end()),
        }
    }
}
