//! `PostgreSQL` falls silent: connections stay open and nobody answers on them. The run goes on by itself.

use std::time::{Duration, Instant};

use yts_ingest::crawl::Summary;
use yts_ingest::store::{Options, Store, retry};

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::proxy::Proxy;
use crate::support::snapshot::Snapshot;

on_one!(Postgres:
    connections_that_fall_silent_for_ever_are_given_up_and_the_run_goes_on,
    a_network_that_swallows_everything_for_a_while_is_waited_for,
    a_listener_that_fell_silent_is_noticed,
    a_connection_that_fell_silent_keeps_no_place_in_the_pool,
    a_connection_that_fell_silent_while_idle_costs_a_ping_only,
    a_statement_that_the_server_ends_for_its_length_is_tried_again,
);

const MOVIES: u32 = 300;

/// How long the store waits for an answer here.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Far more than giving up and beginning anew takes, and far less than a system takes to notice.
const DEADLINE: Duration = Duration::from_secs(90);

fn options(url: String) -> Options {
    Options {
        max_connections: 6,
        acquire_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_secs(1),
        answer_timeout: ANSWER_TIMEOUT,
        ..Options::new(url)
    }
}

/// Crawls behind a proxy, which is disturbed when a third of the movies is there.
async fn crawl_through(database: &Database, disturb: impl AsyncFnOnce(&Proxy)) -> Summary {
    let server = demo_server(MOVIES, "latency=10ms").await;
    let crawl = Crawl { rate: 100.0, ..Crawl::of(server.base_url()) };
    let proxy = Proxy::start(&database.url).await;
    let options = options(proxy.url(&database.url));
    let disturbing = async {
        while server.stats().details < u64::from(MOVIES) / 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        disturb(&proxy).await;
    };
    let both = async { tokio::join!(crawl.run_with(&options, || {}), disturbing) };
    let (summary, ()) = tokio::time::timeout(DEADLINE, both).await.expect("nothing waits for ever");
    Snapshot::of(database.store().await.db()).await.assert_same(&Snapshot::expected(&demo_movies(MOVIES)));
    summary
}

async fn connections_that_fall_silent_for_ever_are_given_up_and_the_run_goes_on(database: &Database) {
    let summary = crawl_through(database, async |proxy: &Proxy| proxy.silence_those_there()).await;
    assert_eq!((summary.status, summary.movies.saved), ("complete", MOVIES.into()), "{:?}", summary.failures);
}

async fn a_network_that_swallows_everything_for_a_while_is_waited_for(database: &Database) {
    let disturb = async |proxy: &Proxy| {
        proxy.swallow_all(true);
        tokio::time::sleep(ANSWER_TIMEOUT * 4).await;
        // What was swallowed never arrives, so those connections are silent for ever.
        proxy.silence_those_there();
        proxy.swallow_all(false);
    };
    let summary = crawl_through(database, disturb).await;
    assert_eq!((summary.status, summary.movies.saved), ("complete", MOVIES.into()), "{:?}", summary.failures);
}

async fn a_listener_that_fell_silent_is_noticed(database: &Database) {
    let proxy = Proxy::start(&database.url).await;
    let store = Store::open(&options(proxy.url(&database.url))).await.expect("the database opens");
    let mut bulletins = store.listen(1, "test").await.expect("the server listens").expect("there can be others");
    bulletins.make_sure_of_hearing().await.expect("it hears");
    proxy.silence_those_there();
    let error = bulletins.make_sure_of_hearing().await.expect_err("it hears nothing");
    assert!(error.is_transient(), "{error}");
    let closing = Instant::now();
    store.close().await.expect("the database closes");
    assert!(closing.elapsed() < Duration::from_secs(20), "what is silent does not hold up the end");
}

async fn a_connection_that_fell_silent_keeps_no_place_in_the_pool(database: &Database) {
    let proxy = Proxy::start(&database.url).await;
    let one = Options { max_connections: 1, ..options(proxy.url(&database.url)) };
    let store = Store::connect(&one).await.expect("the database opens");
    proxy.silence_those_there();
    let error = store.has_run_of("test").await.expect_err("nobody answers");
    assert!(error.to_string().contains("no answer for 2 s") && error.is_transient(), "{error}");
    let had_run = retry(Duration::from_secs(20), || store.has_run_of("test")).await;
    assert!(!had_run.expect("another connection takes its place"));
}

async fn a_connection_that_fell_silent_while_idle_costs_a_ping_only(database: &Database) {
    let proxy = Proxy::start(&database.url).await;
    let patient = Options { answer_timeout: DEADLINE, ..options(proxy.url(&database.url)) };
    let store = Store::connect(&Options { max_connections: 1, ..patient }).await.expect("the database opens");
    tokio::time::sleep(Duration::from_secs(6)).await;
    proxy.silence_those_there();
    let asked_at = Instant::now();
    assert!(!store.has_run_of("test").await.expect("it is exchanged before it is used"));
    assert!(asked_at.elapsed() < Duration::from_secs(20), "{:?}", asked_at.elapsed());
}

async fn a_statement_that_the_server_ends_for_its_length_is_tried_again(database: &Database) {
    use sea_orm::ConnectionTrait;
    let other = database.store().await;
    let lock = sea_orm::TransactionTrait::begin(other.db()).await.expect("a transaction begins");
    lock.execute_unprepared("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE").await.expect("the table can be locked");
    let store = Store::open(&options(database.url.clone())).await.expect("the database opens");
    let error = store.has_run_of("test").await.expect_err("it takes longer than a statement may");
    assert!(error.to_string().contains("statement timeout"), "{error}");
    assert!(error.is_transient(), "{error}");
    lock.rollback().await.expect("the lock is given up");
    assert!(!store.has_run_of("test").await.expect("the same connection goes on"));
}
