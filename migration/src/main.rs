//! The command line of the migrations: `cargo run -p migration -- up|down|fresh|refresh|reset|status`.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use migration::sea_orm::{ConnectOptions, Database, DatabaseConnection};
use migration::{Migrator, MigratorTrait, Step};

/// Moves the schema forwards and backwards.
#[derive(Parser)]
#[command(version, after_help = "Examples:\n  migration up\n  migration -u postgres://me@localhost/yts down -n 1")]
struct Arguments {
    /// Database to migrate.
    #[arg(short = 'u', long, env = "DATABASE_URL", global = true, hide_env_values = true)]
    #[arg(default_value = "sqlite://yts.db?mode=rwc")]
    database_url: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Apply pending steps.
    Up {
        /// How many; all by default.
        #[arg(short, long)]
        number: Option<u32>,
    },
    /// Take steps back.
    Down {
        /// How many.
        #[arg(short, long, default_value_t = 1)]
        number: u32,
    },
    /// Drop every table, then apply all steps.
    Fresh,
    /// Take all steps back, then apply them again.
    Refresh,
    /// Take all steps back.
    Reset,
    /// Show which steps are applied.
    Status,
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = dotenvy::from_filename(".env")
        && !error.not_found()
    {
        eprintln!("error: cannot read .env: {error}");
        return ExitCode::FAILURE;
    }
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(5)
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut options = ConnectOptions::new(arguments.database_url);
    options.max_connections(1).sqlx_logging(false);
    // Dropping tables one by one would otherwise trip over the keys that point at those already gone.
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(false));
    let db = Database::connect(options).await.context("cannot open the database; check --database-url")?;
    let step = match arguments.command.unwrap_or(Command::Up { number: None }) {
        Command::Up { number } => Step::Up(number),
        Command::Down { number } => Step::Down(Some(number)),
        Command::Fresh => Step::Fresh,
        Command::Refresh => Step::Refresh,
        Command::Reset => Step::Reset,
        Command::Status => return show_status(&db).await,
    };
    migration::migrate(&db, step).await.context("cannot migrate; nothing was changed")?;
    show_status(&db).await
}

async fn show_status(db: &DatabaseConnection) -> anyhow::Result<()> {
    for step in Migrator::get_migration_with_status_read_only(db).await? {
        println!("{:<8} {}", step.status().to_string().to_lowercase(), step.name());
    }
    Ok(())
}
