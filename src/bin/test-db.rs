//! `test-db`: says whether fetch-yts could use the database, and changes nothing. Arguments in, one call, exit code out.

use std::process::ExitCode;

use clap::Parser;
use yts_ingest::cli::{self, Common, EXIT_CODES, Exit};
use yts_ingest::health::Report;
use yts_ingest::store;

const EXAMPLES: &str = "Examples:
  test-db                                                  ./yts.db
  test-db --database-url postgres://me@localhost/yts       a PostgreSQL server
  DATABASE_URL=postgres://me:secret@db/yts test-db --json  for programs; the password is never shown";

/// Connects, times a round trip, checks tables, migrations and the vector extension, and prints counts.
#[derive(Parser, Debug)]
#[command(name = "test-db", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
struct Arguments {
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    cli::main(|arguments: &Arguments| &arguments.common, run)
}

async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let settings = arguments.common.settings()?;
    let options = cli::store_options(&settings);
    let report = Report::new(options.redacted_url(), store::check(&options).await?);
    if arguments.common.json {
        cli::print_json(&report)?;
    } else {
        cli::print(report.to_string().trim_end())?;
    }
    Ok(if report.is_usable { Exit::Complete } else { Exit::Database })
}
