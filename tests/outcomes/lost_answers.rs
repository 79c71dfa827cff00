//! A connection to `PostgreSQL` that breaks at any message of a run, heard or not: the run goes on by itself, and its
//! figures are those of a run that nothing disturbed.

use std::time::Duration;

use yts_ingest::crawl::Summary;
use yts_ingest::store::Options;

use crate::support::crawling::{CLOSING_LOOK, Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::proxy::{Break, Proxy};
use crate::support::snapshot::Snapshot;

on_one!(Postgres:
    a_connection_lost_before_any_message_of_a_run_costs_nothing,
    a_connection_lost_before_any_answer_of_a_run_costs_nothing,
);

const MOVIES: u32 = 4;
const LIMIT: u32 = 2;

/// Every so many messages one is lost; where to begin is another each time, so that all have their turn in the end.
const STRIDE: u32 = 4;

async fn a_connection_lost_before_any_message_of_a_run_costs_nothing(database: &Database) {
    lose_one_after_another(database, Break::Before).await;
}

async fn a_connection_lost_before_any_answer_of_a_run_costs_nothing(database: &Database) {
    lose_one_after_another(database, Break::BeforeTheAnswer).await;
}

/// Runs again and again, each time with another message lost, until a run has no more of them.
async fn lose_one_after_another(database: &Database, when: Break) {
    let proxy = Proxy::start(&database.url).await;
    database.store().await;
    let options = Options { max_connections: 3, ..Options::new(proxy.url(&database.url)) };
    let first = rand::random_range(0..STRIDE);
    for lost in (first..).step_by(STRIDE as usize) {
        let summary = run_and_lose(&options, &proxy, lost, when).await;
        let was_lost = !proxy.gives_up_breaking();
        assert_eq!(summary.status, "complete", "message {lost}, {when:?}: {:?}", summary.failures);
        let pages = u64::from(MOVIES / LIMIT);
        assert_eq!((summary.pages.planned, summary.pages.done), (pages, pages), "message {lost}, {when:?}");
        let movies = summary.movies;
        let found = (movies.listed, movies.saved, movies.skipped, movies.failed);
        assert_eq!(found, (MOVIES.into(), MOVIES.into(), 0, 0), "message {lost}, {when:?}");
        let store = database.store().await;
        Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(MOVIES)));
        database.empty().await;
        if !was_lost {
            assert!(lost > 40, "a run has more messages than {lost}");
            return;
        }
    }
}

/// Runs behind the proxy, which loses one message, counted from when the run begins.
async fn run_and_lose(options: &Options, proxy: &Proxy, lost: u32, when: Break) -> Summary {
    let server = demo_server(MOVIES, "").await;
    let crawl = Crawl { limit: LIMIT, workers: 1, ..Crawl::of(server.base_url()) };
    let run = crawl.run_with(options, || proxy.break_at(lost, when));
    let summary = tokio::time::timeout(Duration::from_mins(1), run).await.expect("nothing waits for ever");
    // What was committed although nobody heard of it is not fetched again.
    assert!(server.stats().list <= u64::from(MOVIES / LIMIT) + CLOSING_LOOK + 1, "{:?}", server.stats());
    summary
}
