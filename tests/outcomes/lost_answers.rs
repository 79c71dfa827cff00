//! A connection to `PostgreSQL` that breaks at any message of a run, heard or not: the run goes on by itself, and its
//! figures are those of a run that nothing disturbed.

use std::time::Duration;

use entity::{failure, run, run_page};
use sea_orm::{EntityTrait, PaginatorTrait};
use yts_ingest::crawl::Summary;
use yts_ingest::store::{Error, Failure, NewRun, Options, Outcome, PageReading, Saved, Store, retry};

use crate::support::crawling::{CLOSING_LOOK, Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::proxy::{Break, Proxy};
use crate::support::records::{ByHand, full_movie};
use crate::support::snapshot::Snapshot;

on_one!(Postgres:
    a_connection_lost_before_any_message_of_a_run_costs_nothing,
    a_connection_lost_before_any_answer_of_a_run_costs_nothing,
    a_page_that_was_saved_unheard_counts_as_saved_once,
    a_page_that_was_given_up_unheard_is_on_record_once,
    what_was_done_unheard_is_done_once,
);

const MOVIES: u32 = 4;
const LIMIT: u32 = 2;

/// Every so many messages one is lost: the long form loses each.
const STRIDE: u32 = 6;

async fn a_connection_lost_before_any_message_of_a_run_costs_nothing(database: &Database) {
    lose_one_after_another(database, Break::Before, 0).await;
}

async fn a_connection_lost_before_any_answer_of_a_run_costs_nothing(database: &Database) {
    lose_one_after_another(database, Break::BeforeTheAnswer, STRIDE / 2).await;
}

/// Runs again and again, each time with another message lost, until a run has no more of them.
async fn lose_one_after_another(database: &Database, when: Break, first: u32) {
    let proxy = Proxy::start(&database.url).await;
    database.store().await;
    let options = Options { max_connections: 3, ..Options::new(proxy.url(&database.url)) };
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

/// How long an operation is tried again.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens the database behind a proxy that loses the answer to the next commit.
async fn store_that_misses_a_commit(database: &Database) -> (Proxy, Store) {
    let proxy = Proxy::start(&database.url).await;
    let options = Options { max_connections: 2, ..Options::new(proxy.url(&database.url)) };
    let store = Store::open(&options).await.expect("the database opens");
    proxy.break_at_word("COMMIT", Break::BeforeTheAnswer);
    (proxy, store)
}

async fn a_page_that_was_saved_unheard_counts_as_saved_once(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let (_proxy, store) = store_that_misses_a_commit(database).await;
    let page = by_hand.page_of_new((1..=3).map(full_movie).collect()).await;
    let unheard = store.save_page(&page).await.expect_err("nothing is heard of it");
    assert!(unheard.is_transient(), "{unheard}");
    let everything = Snapshot::of(by_hand.store.db()).await;
    assert_eq!(everything.movies.len(), 3, "it was saved");

    let saved = store.save_page(&page).await.expect("it was ours");
    assert_eq!(saved, Saved { listed: 3, saved: 3, ..Saved::default() });
    Snapshot::of(by_hand.store.db()).await.assert_same(&everything);
    let totals = store.run_totals(by_hand.run.id).await.expect("the run adds up");
    assert_eq!((totals.done, totals.listed, totals.saved), (1, 3, 3));
}

async fn a_page_that_was_given_up_unheard_is_on_record_once(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let (_proxy, store) = store_that_misses_a_commit(database).await;
    let lease = by_hand.claim().await;
    let failure = Failure { external_id: None, stage: "list", reason: "gone".to_owned(), body_head: None };
    let unheard = store.fail_page(lease, failure.clone()).await.expect_err("nothing is heard of it");
    assert!(unheard.is_transient(), "{unheard}");
    store.fail_page(lease, failure.clone()).await.expect("it was ours");
    assert_eq!(failure::Entity::find().count(store.db()).await.expect("failures can be counted"), 1);

    // Due again and claimed by another, it is no longer ours.
    run_page::Entity::update_many()
        .col_expr(run_page::Column::Status, sea_orm::sea_query::Expr::val("due"))
        .exec(store.db())
        .await
        .expect("pages can be changed");
    by_hand.claim().await;
    let refusal = store.fail_page(lease, failure).await.expect_err("another has it");
    assert!(matches!(refusal, Error::LeaseLost { page: 1 }), "{refusal}");
}

async fn what_was_done_unheard_is_done_once(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let (proxy, store) = store_that_misses_a_commit(database).await;
    let lose_next = || proxy.break_at_word("COMMIT", Break::BeforeTheAnswer);
    let query = "another".to_owned();
    let new = NewRun { scope: query.clone(), query, start_page: 1, max_pages: None, page_limit: 50 };
    let opened = retry(PATIENCE, || store.open_run(&new, true)).await.expect("a run begins");
    lose_next();
    let told_by = PageReading { page: 1, pass: 1, movie_count: 150, external_ids: vec![1, 2, 3] };
    retry(PATIENCE, || store.plan_pages(&opened, 3, Some(&told_by))).await.expect("pages are planned");
    lose_next();
    retry(PATIENCE, || store.certify(opened.id, Some(150))).await.expect("it is certified");
    let owner = by_hand.presence.owner;
    lose_next();
    retry(PATIENCE, || store.end_run(opened.id, owner, Outcome::Complete, None)).await.expect("it ends");
    assert!(!proxy.gives_up_breaking(), "each commit was lost once");

    let runs = run::Entity::find().all(store.db()).await.expect("runs can be read");
    let unfinished = runs.iter().filter(|run| run.status == "running").count();
    assert_eq!(unfinished, 1, "only the one that was begun by hand");
    let run = runs.iter().find(|run| run.id == opened.id).expect("it is there");
    assert_eq!((run.status.as_str(), run.pages_planned, run.distinct_movies), ("complete", 3, Some(150)));
    let pages = run_page::Entity::find().count(store.db()).await.expect("pages can be counted");
    assert_eq!(pages, 2 + 3, "each page is planned once");
}
