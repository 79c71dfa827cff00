//! Crawls as the tests run them: against a loopback source, fast, and to the end.

use std::time::Duration;

use url::Url;
use yts_ingest::api::{self, Client, ListQuery};
use yts_ingest::crawl::{self, Existing, Purpose, Stop, Summary};
use yts_ingest::demo;
use yts_ingest::embed::Embedder;
use yts_ingest::progress::Mode;
use yts_ingest::store::{self, Store};

use super::database::Database;

/// The seed of every catalogue that the tests crawl.
pub(crate) const SEED: u64 = 11;

/// List requests that a run of the whole list, newest first, makes at its end where it found anything new: it looks at the
/// top once more, to see what came in meanwhile.
pub(crate) const CLOSING_LOOK: u64 = 1;

/// A crawl, to be run once or several times.
#[derive(Clone, Debug)]
pub(crate) struct Crawl {
    pub(crate) base_url: String,
    pub(crate) limit: u32,
    pub(crate) workers: u32,
    pub(crate) concurrency: usize,
    pub(crate) sort_by: Option<String>,
    pub(crate) max_pages: Option<u32>,
    pub(crate) max_attempts: u32,
    pub(crate) rate: f64,
    pub(crate) existing: Existing,
    pub(crate) purpose: Purpose,
    pub(crate) allow_mass_deletion: bool,
    pub(crate) fresh: bool,
    pub(crate) embedder: Option<Embedder>,
    pub(crate) stop: Stop,
}

/// Starts a demo API with so many movies.
pub(crate) async fn demo_server(movies: u32, faults: &str) -> demo::Server {
    let faults = faults.parse().expect("faults are well-formed");
    let options = demo::Options { movies, seed: SEED, faults, port: 0 };
    demo::Server::start(options).await.expect("loopback has a free port")
}

/// Draws the catalogue that a demo API with so many movies serves.
pub(crate) fn demo_movies(movies: u32) -> Vec<demo::Movie> {
    demo::Catalogue::generate(SEED, movies).movies().to_vec()
}

impl Crawl {
    pub(crate) fn of(base_url: String) -> Self {
        Self {
            base_url,
            limit: 10,
            workers: 4,
            concurrency: 8,
            sort_by: None,
            max_pages: None,
            max_attempts: 8,
            rate: 0.0,
            existing: Existing::Skip,
            purpose: Purpose::ReadPages,
            allow_mass_deletion: false,
            fresh: false,
            embedder: None,
            stop: Stop::default(),
        }
    }

    /// Does what fetch-yts does, from opening the database to closing it.
    pub(crate) async fn run(&self, database: &Database) -> Summary {
        self.run_with(&database.options(self.workers + 2), || {}).await
    }

    /// Does the same with these options of the store, and says when the crawl itself begins.
    pub(crate) async fn run_with(&self, store_options: &store::Options, begin: impl FnOnce()) -> Summary {
        let store = Store::open(store_options).await.expect("the database opens");
        let presence = store.announce(store_options).await.expect("nobody else writes");
        store.migrate().await.expect("the schema comes up");
        begin();
        let crawl = crawl::run(self.options(), store.clone(), self.client(), presence, self.stop.clone());
        let (summary, trouble) = Box::pin(crawl).await.expect("the database stays");
        assert!(trouble.is_none(), "{trouble:?}");
        store.close().await.expect("the database closes");
        summary
    }

    fn options(&self) -> crawl::Options {
        crawl::Options {
            source: "test".to_owned(),
            query: ListQuery { limit: self.limit, sort_by: self.sort_by.clone(), ..ListQuery::default() },
            start_page: 1,
            max_pages: self.max_pages,
            workers: self.workers,
            rate: self.rate,
            existing: self.existing,
            purpose: self.purpose,
            allow_mass_deletion: self.allow_mass_deletion,
            fresh: self.fresh,
            patience: Duration::from_secs(30),
            progress: Mode::Silent,
            embedder: self.embedder.clone(),
        }
    }

    fn client(&self) -> Client {
        let options = api::Options {
            base_urls: vec![Url::parse(&self.base_url).expect("the base URL is one")],
            concurrency: self.concurrency,
            rate: self.rate,
            max_attempts: self.max_attempts,
            base_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(100),
            ..api::Options::default()
        };
        Client::new(options).expect("the client is set up")
    }
}
