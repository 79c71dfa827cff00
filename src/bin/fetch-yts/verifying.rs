//! `fetch-yts --verify`: its flags, and the one call that they lead to.

use clap::Args;
use yts_ingest::api::Client;
use yts_ingest::cli::{self, Common, Exit};
use yts_ingest::config::Settings;
use yts_ingest::crawl;
use yts_ingest::store::Store;
use yts_ingest::verify;

/// Flags that say how to crawl.
const CRAWLING: [&str; 13] = [
    "max_pages",
    "start_page",
    "limit",
    "sort_by",
    "order_by",
    "embeddings",
    "existing",
    "only_new",
    "retry_failed",
    "allow_mass_deletion",
    "fresh",
    "dry_run",
    "workers",
];

/// Flags of verifying.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// Crawl nothing; check what is stored, and compare a sample of it with the source; changes nothing
    #[arg(long, conflicts_with_all = CRAWLING)]
    pub(crate) verify: bool,
    /// With --verify: movies drawn at random whose details are fetched again; 0 asks the source nothing
    #[arg(long, value_name = "N", default_value_t = 20, requires = "verify")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=10_000))]
    sample: u32,
    /// With --verify: mend what it finds, and just that
    #[arg(long, requires = "verify")]
    repair: bool,
}

/// Verifies, and repairs where asked to. A signal ends it between two transactions.
pub(crate) async fn run(
    flags: &Flags,
    scope: String,
    (settings, client): (&Settings, &Client),
    common: &Common,
) -> anyhow::Result<Exit> {
    let store_options = cli::store_options(settings);
    let store = Store::open_existing(&store_options).await?;
    if flags.repair && !store.has_run_of(&scope).await? {
        // It would mend the movies of a demo after the API's, or the other way round. All base URLs count as one source.
        anyhow::bail!(
            "this database has no run of {scope}; give the flags that the crawl had, such as --demo or filters"
        );
    }
    let presence = if flags.repair { Some(store.announce(&store_options).await?) } else { None };
    let options =
        verify::Options { scope, sample: flags.sample, rate: settings.api.rate, patience: settings.database.patience };
    let ended = tokio::select! {
        ended = verify::run(&options, &store, client, presence.as_ref()) => ended,
        () = cli::wait_for_stop() => return Ok(Exit::Interrupted),
    };
    let (report, trouble) = ended?;
    store.close().await?;
    if common.json {
        cli::print_json(&report)?;
    } else {
        cli::print(&report.to_string())?;
    }
    match trouble {
        Some(trouble) => Err(crawl::Error::Source(trouble).into()),
        None if report.findings.is_empty() => Ok(Exit::Complete),
        None => Ok(Exit::Incomplete),
    }
}
