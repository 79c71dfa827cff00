//! Runs that were stopped go on where they were; `fresh` begins anew.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use entity::run_page;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, QueryFilter};
use yts_ingest::crawl::Summary;
use yts_ingest::demo;

use crate::support::crawling::{CLOSING_LOOK, Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;

const MOVIES: u32 = 300;
const PAGES: u64 = 30;

on_both!(
    stopped_gently_it_finishes_the_pages_in_hand_and_goes_on_without_refetching,
    stopped_now_it_gives_the_pages_in_hand_back_and_goes_on_without_refetching_finished_ones,
    fresh_begins_a_new_run_beside_the_unfinished_one,
    stopped_before_it_takes_over_from_a_killed_process_it_does_not_count_as_running,
);

async fn stopped_gently_it_finishes_the_pages_in_hand_and_goes_on_without_refetching(database: &Database) {
    let (server, stopped) = stopped_after_a_few_pages(database, |crawl| crawl.stop.gently()).await;
    let details_before = server.stats().details;
    assert_eq!(details_before, stopped.movies.saved, "every page in hand was finished");

    let summary = goes_on(database).await;
    assert_eq!(summary.run_id, stopped.run_id);
    assert_eq!(summary.requests.list, PAGES - stopped.pages.done + CLOSING_LOOK);
    assert_eq!(summary.requests.details + details_before, u64::from(MOVIES));
}

async fn stopped_now_it_gives_the_pages_in_hand_back_and_goes_on_without_refetching_finished_ones(database: &Database) {
    let (_, stopped) = stopped_after_a_few_pages(database, |crawl| crawl.stop.now()).await;
    let summary = goes_on(database).await;
    assert_eq!(summary.run_id, stopped.run_id);
    assert_eq!(summary.requests.list, PAGES - stopped.pages.done + CLOSING_LOOK);
    assert_eq!(summary.requests.details, u64::from(MOVIES) - stopped.movies.saved);
}

async fn fresh_begins_a_new_run_beside_the_unfinished_one(database: &Database) {
    let (_, stopped) = stopped_after_a_few_pages(database, |crawl| crawl.stop.gently()).await;
    let server = demo_server(MOVIES, "").await;
    let summary = Crawl { fresh: true, ..Crawl::of(server.base_url()) }.run(database).await;

    assert_ne!(summary.run_id, stopped.run_id);
    assert_eq!((summary.status, summary.pages.done), ("complete", PAGES));
    assert_eq!(summary.movies.skipped, stopped.movies.saved);
    assert_eq!(summary.movies.saved + summary.movies.skipped, u64::from(MOVIES));
    assert_eq!(summary.requests.list, PAGES + CLOSING_LOOK);
}

async fn stopped_before_it_takes_over_from_a_killed_process_it_does_not_count_as_running(database: &Database) {
    let (server, stopped) = stopped_after_a_few_pages(database, |crawl| crawl.stop.now()).await;
    // What a process leaves that is killed: a page that it holds, with a lease that has not expired yet.
    let store = database.store().await;
    run_page::Entity::update_many()
        .col_expr(run_page::Column::Status, Expr::value("leased"))
        .col_expr(run_page::Column::LeaseOwner, Expr::value(1))
        .col_expr(run_page::Column::LeaseExpiresAt, Expr::value(Utc::now() + TimeDelta::seconds(25)))
        .filter(run_page::COLUMN.run_id.eq(stopped.run_id))
        .filter(run_page::COLUMN.page.eq(30))
        .exec(store.db())
        .await
        .expect("pages can be changed");
    let crawl = Crawl::of(server.base_url());
    crawl.stop.now();
    let summary = crawl.run(database).await;
    assert_eq!((summary.run_id, summary.status), (stopped.run_id, "interrupted"));
    let run = store.last_run().await.expect("the run can be read").expect("there is a run").run;
    assert_eq!(run.status, "interrupted", "nobody works on it");
}

/// Runs a crawl slowly and stops it once three of its thirty pages are done.
async fn stopped_after_a_few_pages(database: &Database, stop: impl Fn(&Crawl)) -> (demo::Server, Summary) {
    let server = demo_server(MOVIES, "latency=100ms").await;
    let crawl = Crawl { workers: 2, concurrency: 4, ..Crawl::of(server.base_url()) };
    let watcher = database.store().await;
    let stop_early = async {
        while watcher.stats().await.expect("the catalogue can be read").totals.movies < 30 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop(&crawl);
    };
    let (summary, ()) = tokio::join!(crawl.run(database), stop_early);

    assert_eq!(summary.status, "interrupted");
    assert!((3..PAGES).contains(&summary.pages.done), "{:?}", summary.pages);
    assert_eq!(summary.movies.saved, summary.pages.done * 10);
    (server, summary)
}

/// Goes on, quickly, and finds that the figures of both parts add up.
async fn goes_on(database: &Database) -> Summary {
    let server = demo_server(MOVIES, "").await;
    let summary = Crawl::of(server.base_url()).run(database).await;
    assert_eq!((summary.status, summary.pages.planned, summary.pages.done), ("complete", PAGES, PAGES));
    assert_eq!((summary.movies.listed, summary.movies.saved), (u64::from(MOVIES), u64::from(MOVIES)));
    let store = database.store().await;
    Snapshot::of(store.db()).await.assert_same(&Snapshot::expected(&demo_movies(MOVIES)));
    summary
}
