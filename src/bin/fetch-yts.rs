//! `fetch-yts`: mirrors the catalogue into the database. Arguments in, one call, exit code out.

use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use yts_ingest::api::{Client, ListQuery};
use yts_ingest::cli::{self, Common, EXIT_CODES, Exit};
use yts_ingest::config::{Provider, Settings};
use yts_ingest::crawl::{self, Existing, Forecast, Options, Purpose, Stop, Summary};
use yts_ingest::store::{Outcome, Store};
use yts_ingest::{demo, progress};

#[path = "fetch-yts/verifying.rs"]
mod verifying;

const EXAMPLES: &str = "Examples:
  fetch-yts --demo --max-pages 10              500 movies of the built-in demo API into ./yts.db, no network
  fetch-yts --max-pages 10                     the 500 newest movies of the real catalogue
  fetch-yts                                    everything; stopped at any moment, the same command goes on
  fetch-yts --existing update --max-pages 20   seeds, peers, ratings and new torrents of the 1,000 newest
  fetch-yts --dry-run                          say what would be asked, and save nothing
  fetch-yts --verify --repair                  check what is stored, and mend what is wrong";

/// Mirrors a YTS-style movie catalogue (metadata only) into your own database.
#[derive(Parser, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a command line has flags")]
#[command(name = "fetch-yts", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
struct Arguments {
    #[command(flatten)]
    common: Common,
    /// List pages to read [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_pages: Option<u32>,
    /// First list page
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    start_page: u32,
    /// Movies a page, 1 to 50 [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50))]
    limit: Option<u32>,
    /// Tasks that work on pages, with one pool of connections [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    workers: Option<u32>,
    /// Requests in flight, all workers together [default: 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    concurrency: Option<u32>,
    /// Requests a second, all workers together; 0 means no limit [default: 20]
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    rate: Option<f64>,
    /// The API; given again, its mirrors in order [default: the config's]
    #[arg(long, value_name = "URL")]
    base_url: Vec<String>,
    /// Start the built-in demo API on loopback and fetch from that, without a limit on the rate
    #[arg(long, conflicts_with = "base_url")]
    demo: bool,
    /// Movies in the demo API
    #[arg(long, value_name = "N", default_value_t = 2000, requires = "demo")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    demo_movies: u32,
    /// Faults of the demo API, such as `5xx=10,reset=5,truncate=2,html=2,429=1,missing=2,latency=50ms,seed=7`
    #[arg(long, value_name = "FAULTS", requires = "demo")]
    demo_faults: Option<demo::Faults>,
    /// What to do with movies in the database: leave them, bring rating and torrents up to date from the list page,
    /// or fetch their details again
    #[arg(long, value_enum, default_value_t = ExistingArgument::Skip)]
    existing: ExistingArgument,
    /// Stop at the first page on which every movie is known, where an earlier complete run proves that nothing older
    /// can be new; for the daily update
    #[arg(long, conflicts_with_all = ["max_pages", "start_page", "sort_by", "order_by"])]
    only_new: bool,
    /// Take up what earlier runs of the same filters recorded as failed, and nothing else
    #[arg(long, conflicts_with_all = ["only_new", "max_pages", "start_page", "existing"])]
    retry_failed: bool,
    /// Mark movies as deleted that the source lists no more, even where more than 2 % would go at once
    #[arg(long)]
    allow_mass_deletion: bool,
    /// What makes the vectors of new movies [default: static, a table in the program]
    #[arg(long, value_parser = cli::provider_parser(), value_name = "PROVIDER")]
    embeddings: Option<Provider>,
    /// Begin a new run even where an unfinished one could be gone on with
    #[arg(long)]
    fresh: bool,
    /// Only movies of this genre
    #[arg(long)]
    genre: Option<String>,
    /// Only movies of this quality
    #[arg(long, value_parser = PossibleValuesParser::new(["480p", "720p", "1080p", "1080p.x265", "2160p", "3D"]))]
    quality: Option<String>,
    /// Only movies rated at least this, 0 to 9
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=9))]
    minimum_rating: Option<u8>,
    /// Only movies whose title, code, actor or director matches
    #[arg(long, value_name = "TEXT")]
    query_term: Option<String>,
    /// Order of the list
    #[arg(long, value_name = "KEY", value_parser = PossibleValuesParser::new(SORT_KEYS))]
    sort_by: Option<String>,
    /// Direction of the order
    #[arg(long, value_name = "DIRECTION", value_parser = PossibleValuesParser::new(["desc", "asc"]))]
    order_by: Option<String>,
    /// Say what would be asked, ask only page 1, save nothing
    #[arg(long, conflicts_with_all = ["only_new", "retry_failed"])]
    dry_run: bool,
    #[command(flatten)]
    verifying: verifying::Flags,
}

const SORT_KEYS: [&str; 8] =
    ["title", "year", "rating", "peers", "seeds", "download_count", "like_count", "date_added"];

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum ExistingArgument {
    Skip,
    Update,
    Refetch,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && (0.0..=1e6).contains(&rate) => Ok(rate),
        _ => Err("give requests a second from 0 (no limit) to 1000000".to_owned()),
    }
}

fn main() -> ExitCode {
    cli::main(|arguments: &Arguments| &arguments.common, run)
}

async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let mut settings = arguments.common.settings()?;
    arguments.override_settings(&mut settings);
    let demo = arguments.start_demo().await?;
    if let Some(server) = &demo {
        settings.api.base_urls = vec![server.base_url()];
    }
    let client = Client::new(cli::client_options(&settings)?).map_err(crawl::Error::Source)?;
    let mut options = arguments.crawl_options(&settings);
    if arguments.dry_run {
        return tokio::select! {
            forecast = crawl::forecast(&options, &client) => show_forecast(&forecast?, &arguments.common),
            () = cli::wait_for_stop() => Ok(Exit::Interrupted),
        };
    }
    if arguments.verifying.verify {
        let scope = crawl::scope(&options);
        return verifying::run(&arguments.verifying, scope, (&settings, &client), &arguments.common).await;
    }
    options.embedder = cli::embedder(&settings.embeddings)?;
    let store_options = cli::store_options(&settings);
    let store = Store::open(&store_options).await?;
    let presence = store.announce(&store_options).await?;
    store.migrate().await?;
    let stop = Stop::default();
    cli::stop_on_signals(stop.clone(), settings.crawl.drain);
    let (summary, trouble) = crawl::run(options, store.clone(), client.clone(), presence, stop).await?;
    store.close().await?;
    show_summary(&summary, &arguments.common)?;
    if let Some(notice) = client.notice() {
        let new_base = notice.new_base.as_deref().unwrap_or("an address that it does not name");
        tracing::warn!("the source says that it is moving to {new_base}: {}; see --base-url", notice.message);
    }
    match trouble {
        Some(trouble) => Err(trouble.into()),
        None => Ok(exit_of(&summary)),
    }
}

impl Arguments {
    /// Puts flags above the settings.
    fn override_settings(&self, settings: &mut Settings) {
        let (api, crawl) = (&mut settings.api, &mut settings.crawl);
        if !self.base_url.is_empty() {
            api.base_urls.clone_from(&self.base_url);
        }
        if self.demo {
            api.rate = 0.0;
        }
        api.rate = self.rate.unwrap_or(api.rate);
        api.concurrency = self.concurrency.map_or(api.concurrency, |concurrency| concurrency as usize);
        crawl.limit = self.limit.unwrap_or(crawl.limit);
        crawl.workers = self.workers.unwrap_or(crawl.workers);
        settings.embeddings.provider = self.embeddings.unwrap_or(settings.embeddings.provider);
    }

    async fn start_demo(&self) -> anyhow::Result<Option<demo::Server>> {
        if !self.demo {
            return Ok(None);
        }
        let faults = self.demo_faults.clone().unwrap_or_default();
        let options = demo::Options { movies: self.demo_movies, faults, ..demo::Options::default() };
        Ok(Some(demo::Server::start(options).await?))
    }

    fn crawl_options(&self, settings: &Settings) -> Options {
        let source = if self.demo { format!("demo-{}", self.demo_movies) } else { "api".to_owned() };
        Options {
            source,
            query: ListQuery {
                limit: settings.crawl.limit,
                genre: self.genre.clone(),
                quality: self.quality.clone(),
                query_term: self.query_term.clone(),
                sort_by: self.sort_by.clone(),
                order_by: self.order_by.clone(),
                minimum_rating: self.minimum_rating,
            },
            start_page: self.start_page,
            max_pages: self.max_pages,
            workers: settings.crawl.workers,
            existing: match self.existing {
                ExistingArgument::Skip => Existing::Skip,
                ExistingArgument::Update => Existing::Update,
                ExistingArgument::Refetch => Existing::Refetch,
            },
            purpose: match (self.only_new, self.retry_failed) {
                (true, _) => Purpose::OnlyNew,
                (_, true) => Purpose::RetryFailed,
                _ => Purpose::ReadPages,
            },
            allow_mass_deletion: self.allow_mass_deletion,
            fresh: self.fresh,
            rate: settings.api.rate,
            patience: settings.database.patience,
            progress: match self.common.quiet {
                true => progress::Mode::Silent,
                false if cli::is_lively() => progress::Mode::Bars,
                false => progress::Mode::Lines,
            },
            // A dry run and a verification need none.
            embedder: None,
        }
    }
}

/// How many failures are shown to people; the rest is a command away.
const SHOWN_FAILURES: usize = 10;

fn show_summary(summary: &Summary, common: &Common) -> anyhow::Result<()> {
    if common.json {
        cli::print_json(summary)?;
        return Ok(());
    }
    for failure in summary.failures.iter().take(SHOWN_FAILURES) {
        let what = match (failure.external_id, failure.page) {
            (Some(movie), _) => format!("movie {movie}"),
            (None, Some(page)) => format!("page {page}"),
            (None, None) => "the run".to_owned(),
        };
        let reason = yts_ingest::terminal::printable(&failure.reason);
        cli::print(&format!("failed: {what} ({}): {reason}", failure.stage))?;
    }
    if summary.failures.len() > SHOWN_FAILURES {
        cli::print("failed: more; monitor-progress --failures lists them all")?;
    }
    cli::print(&summary.to_string())?;
    Ok(())
}

fn show_forecast(forecast: &Forecast, common: &Common) -> anyhow::Result<Exit> {
    if common.json {
        cli::print_json(forecast)?;
    } else {
        cli::print(&forecast.to_string())?;
    }
    Ok(Exit::Complete)
}

fn exit_of(summary: &Summary) -> Exit {
    match summary.outcome {
        Outcome::Complete => Exit::Complete,
        Outcome::Interrupted => Exit::Interrupted,
        Outcome::Incomplete | Outcome::Failed => Exit::Incomplete,
    }
}
