//! A client before a source on loopback that answers whatever body it was given, and the runner of made-up cases.
//!
//! What goes into a body is in `strange`, `sound` and `mishap`, what has to come out of it in `kept`.

use std::sync::{Arc, Mutex, PoisonError};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use url::Url;
use yts_ingest::api::{Client, Error, ListPage, ListQuery, Options, ParsedMovie};

use crate::source::{Answer, Source};

/// Movies a page, and so movies a request.
pub(crate) const PAGE_SIZE: u32 = 20;

/// A client and a source that answers whatever body it was given last.
pub(crate) struct Bench {
    runtime: Runtime,
    client: Client,
    body: Arc<Mutex<Vec<u8>>>,
    _source: Source,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let body = Arc::new(Mutex::new(Vec::new()));
        let served = Arc::clone(&body);
        let source = Source::start(move |_| {
            let body = served.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Answer { status: 200, content_type: "application/json", body }
        });
        let base_urls = vec![Url::parse(&source.base_url()).expect("a base URL")];
        // One attempt: what does not parse will not parse the second time.
        let options = Options { base_urls, rate: 0.0, max_attempts: 1, ..Options::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async { Client::new(options) }).expect("a client");
        let bench = Self { runtime, client, body, _source: source };
        bench.recover();
        bench
    }

    pub(crate) fn list(&self, body: impl Into<Vec<u8>>) -> Result<ListPage, Error> {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = body.into();
        let query = ListQuery { limit: PAGE_SIZE, ..ListQuery::default() };
        self.runtime.block_on(self.client.list(&query, 1))
    }

    pub(crate) fn details(&self, movie: &str) -> Result<ParsedMovie, Error> {
        let body = format!(r#"{{"status":"ok","data":{{"movie":{movie}}}}}"#);
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = body.into_bytes();
        self.runtime.block_on(self.client.details(7))
    }

    /// Lets the source answer well once, so that the client does not give up on it.
    pub(crate) fn recover(&self) {
        let empty = self.list(page_of(&[]));
        assert!(empty.is_ok_and(|page| page.entries.is_empty()), "the source is not well");
    }
}

pub(crate) fn page_of(movies: &[String]) -> String {
    format!(r#"{{"status":"ok","data":{{"movie_count":{},"movies":[{}]}}}}"#, movies.len(), movies.join(","))
}

#[track_caller]
pub(crate) fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap_or_else(|failure| panic!("{failure}"));
}
