//! What the binaries share: common flags, settings, logs, exit codes and printing. No command's own work stands here.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser};
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::config::{self, Embeddings, Provider, Settings};
use crate::embed::{self, Embedder, HttpModel, HttpOptions, StaticModel};
use crate::progress::LogWriter;
use crate::redact::redact_url;
use crate::{api, crawl, fill, search, store};

mod files;
mod print;
mod signals;

pub use self::print::{Reader, print, print_json, print_json_line};
pub use self::signals::{stop_on_signals, wait_for_stop};

/// How a command ended, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Complete = 0,
    /// An error that has no code of its own.
    Error = 1,
    /// A flag or a setting is wrong.
    Usage = 2,
    /// Finished, but a page or a movie failed; each is recorded.
    Incomplete = 3,
    /// The source does not answer; try later.
    SourceUnreachable = 4,
    /// The database can't be reached or used.
    Database = 5,
    /// Stopped by a signal; the same command goes on.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit codes, for every command's help.
pub const EXIT_CODES: &str = "Exit codes:
  0 complete · 1 error · 2 usage · 3 finished but incomplete, each failure is recorded
  4 source unreachable, try later · 5 database unreachable or unusable · 130 interrupted, the same command goes on";

/// Flags that every command has.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Database: `sqlite://FILE?mode=rwc` or `postgres://USER@HOST/NAME` [default: `DATABASE_URL`, else the config]
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
    /// Settings file, above the built-in defaults
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Print one JSON document on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for debugging
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Common {
    /// Loads the settings, with `--database-url` above them.
    pub fn settings(&self) -> Result<Settings, config::Error> {
        let mut settings = Settings::load(self.config.as_deref())?;
        if let Some(url) = &self.database_url {
            settings.database.url.clone_from(url);
        }
        Ok(settings)
    }

    /// Sends logs to stderr, as many as were asked for.
    fn start_logs(&self) {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (_, 0) => "warn",
            (_, 1) => "warn,yts_ingest=info",
            _ => "info,yts_ingest=debug",
        };
        // The database libraries would log URLs with their passwords.
        let level = std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned());
        let filter = EnvFilter::new(format!("{level},sea_orm=off,sqlx_postgres::options=off"));
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(LogWriter).with_target(false);
        // A second start can only happen in tests, where the first one serves.
        if logs.with_ansi(is_lively()).try_init().is_err() {
            tracing::debug!("logs had been started already");
        }
    }
}

/// Says whether stderr may be coloured and animated.
#[must_use]
pub fn is_lively() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns the store's options from the settings; a pool with room for each worker, or the saver that it
/// waits for, and for the run's pulse.
#[must_use]
pub fn store_options(settings: &Settings) -> store::Options {
    store::Options {
        max_connections: settings.crawl.workers + 2,
        acquire_timeout: settings.database.acquire_timeout,
        statement_timeout: settings.database.statement_timeout,
        answer_timeout: settings.database.answer_timeout,
        ..store::Options::new(settings.database.url.clone())
    }
}

/// Returns the client's options from the settings.
pub fn client_options(settings: &Settings) -> anyhow::Result<api::Options> {
    let api = &settings.api;
    let base_urls = api.base_urls.iter().map(|text| parse_base_url(text)).collect::<Result<_, _>>()?;
    Ok(api::Options {
        base_urls,
        user_agent: api.user_agent.clone(),
        connect_timeout: api.connect_timeout,
        read_timeout: api.read_timeout,
        total_timeout: api.total_timeout,
        max_body_bytes: api.max_body_mib * 1024 * 1024,
        concurrency: files::affordable(api.concurrency, store_options(settings).open_files())?,
        rate: api.rate,
        max_attempts: api.max_attempts,
        max_pause: api.max_pause,
        ..api::Options::default()
    })
}

/// Reads a flag that says what makes the vectors.
#[must_use]
pub fn provider_parser() -> impl TypedValueParser<Value = Provider> {
    PossibleValuesParser::new(["off", "static", "local", "http"]).map(|word| match word.as_str() {
        "off" => Provider::Off,
        "local" => Provider::Local,
        "http" => Provider::Http,
        _ => Provider::Static,
    })
}

/// Loads what makes the vectors, or nothing where the settings turn it off.
pub fn embedder(settings: &Embeddings) -> anyhow::Result<Option<Embedder>> {
    Ok(match settings.provider {
        Provider::Off => None,
        Provider::Static => Some(Embedder::Static(StaticModel::load()?)),
        Provider::Http => {
            let mut options = HttpOptions::new(&settings.base_url, &settings.model);
            options.key = if settings.key_file.as_os_str().is_empty() {
                embed::key_from_env(&settings.key_variable).or_else(|| settings.key_in_dot_env.clone())
            } else {
                Some(embed::key_from_file(&settings.key_file)?)
            };
            Some(Embedder::Http(HttpModel::new(options)?))
        }
        #[cfg(feature = "local-embeddings")]
        Provider::Local if settings.folder.as_os_str().is_empty() => {
            return Err(config::Error::Range {
                key: "embeddings.folder",
                value: String::new(),
                remedy: "name the folder of your model",
            }
            .into());
        }
        #[cfg(feature = "local-embeddings")]
        Provider::Local => Some(Embedder::Local(embed::LocalModel::load(&settings.folder)?)),
        #[cfg(not(feature = "local-embeddings"))]
        Provider::Local => {
            return Err(config::Error::Range {
                key: "embeddings.provider",
                value: "local".to_owned(),
                remedy: "build with --features local-embeddings",
            }
            .into());
        }
    })
}

/// Reads a base URL, with or without a slash at its end.
fn parse_base_url(text: &str) -> Result<Url, config::Error> {
    let refuse = || config::Error::Range {
        key: "api.base_urls",
        value: redact_url(text),
        remedy: "give a URL such as https://HOST/api/v2/",
    };
    let url = Url::parse(text).map_err(|_| refuse())?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_http { Ok(url) } else { Err(refuse()) }
}

/// Runs a command: parses its arguments, starts logs and the runtime, and turns its end into an exit code.
pub fn main<A, C>(common: impl Fn(&A) -> &Common, command: impl FnOnce(A) -> C) -> ExitCode
where
    A: Parser,
    C: Future<Output = anyhow::Result<Exit>> + Send + 'static,
{
    let arguments = A::parse();
    common(&arguments).start_logs();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime");
    let ended = runtime.and_then(|runtime| {
        let command = command(arguments);
        // On a thread of the runtime, not on this one: the allocator keeps for each what it once took, and so the end of
        // a crawl has what its pages needed.
        let running = runtime.spawn(async {
            signals::take_full_disk_as_an_error();
            command.await
        });
        let ended = runtime.block_on(running).map_err(anyhow::Error::from).flatten();
        // A thread that still looks a host name up must not hold the end up.
        runtime.shutdown_background();
        ended
    });
    ended.unwrap_or_else(|error| report(&error)).into()
}

/// Says what went wrong and returns the exit code for it.
fn report(error: &anyhow::Error) -> Exit {
    // The layers' messages hold their causes already, so the outermost says it all, once; a context does not.
    let depth = if error.is::<&str>() { 2 } else { 1 };
    let words: Vec<String> = error.chain().take(depth).map(ToString::to_string).collect();
    let message = format!("error: {}\n", crate::terminal::printable(&words.join(": ")));
    // Where even stderr is gone, the exit code is all that is left to say.
    let _ = LogWriter.write_all(message.as_bytes());
    error.chain().find_map(exit_of).unwrap_or(Exit::Error)
}

fn exit_of(error: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if error.is::<config::Error>() {
        return Some(Exit::Usage);
    }
    if error.is::<store::Error>() {
        return Some(Exit::Database);
    }
    if let Some(error) = error.downcast_ref::<embed::Error>() {
        return Some(exit_of_model(error));
    }
    match error.downcast_ref::<fill::Error>() {
        Some(fill::Error::Store(_)) => return Some(Exit::Database),
        Some(fill::Error::Model(error)) => return Some(exit_of_model(error)),
        Some(fill::Error::Worker(_) | fill::Error::OtherModel { .. }) => return Some(Exit::Error),
        None => {}
    }
    if let Some(error) = error.downcast_ref::<search::Error>() {
        return Some(exit_of_search(error));
    }
    match error.downcast_ref::<crawl::Error>()? {
        crawl::Error::Store(_) => Some(Exit::Database),
        crawl::Error::Source(api::Error::Setup { .. }) => Some(Exit::Usage),
        crawl::Error::Source(_) => Some(Exit::SourceUnreachable),
        crawl::Error::Worker(_) => Some(Exit::Error),
    }
}

/// A service that cannot be asked as it is set up is a mistake in the settings.
fn exit_of_model(error: &embed::Error) -> Exit {
    match error {
        embed::Error::Setup { .. } => Exit::Usage,
        _ if error.is_transient() => Exit::SourceUnreachable,
        _ => Exit::Error,
    }
}

/// An argument that may mean several movies has to be typed again, hence its code.
fn exit_of_search(error: &search::Error) -> Exit {
    match error {
        search::Error::Store(_) => Exit::Database,
        search::Error::Embed(error) => exit_of_model(error),
        search::Error::Ambiguous { .. } => Exit::Usage,
        _ => Exit::Error,
    }
}
