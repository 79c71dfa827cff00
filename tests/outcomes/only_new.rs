//! The daily update: it costs a few requests, rests on a certified run, and misses nothing, whatever came in between.

use std::collections::BTreeSet;

use serde_json::Value;
use yts_ingest::crawl::{Purpose, Summary};

use crate::support::crawling::{CLOSING_LOOK, Crawl};
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json};

on_both!(
    a_daily_update_costs_a_few_requests_and_misses_nothing,
    without_a_certified_run_everything_is_read_once,
    a_shorter_run_in_between_does_not_hide_new_movies,
    an_interrupted_update_does_not_hide_new_movies,
    a_failed_update_does_not_hide_new_movies,
    a_movie_that_goes_during_the_update_does_not_hide_another,
);

/// Returns a source with so many movies, the newest first.
async fn source(movies: u64) -> Source {
    Source::start((1..=movies).rev().map(movie_json).collect()).await
}

/// Puts movies with the ids from `first` to `last` at the head of the list.
fn insert(source: &Source, first: u64, last: u64) {
    let new: Vec<Value> = (first..=last).rev().map(movie_json).collect();
    source.script().movies.splice(0..0, new);
}

fn only_new(source: &Source) -> Crawl {
    Crawl { purpose: Purpose::OnlyNew, workers: 2, max_attempts: 2, ..Crawl::of(source.base_url()) }
}

async fn certify(source: &Source, database: &Database) {
    let summary = Crawl::of(source.base_url()).run(database).await;
    assert_eq!((summary.status, summary.movies.failed), ("complete", 0));
}

/// Asserts that every movie that is listed is there.
async fn assert_nothing_missed(source: &Source, database: &Database) {
    let listed: BTreeSet<i64> = source.script().movies.iter().filter_map(|movie| movie["id"].as_i64()).collect();
    let there = Snapshot::of(database.store().await.db()).await.movies.into_keys().map(i64::from).collect();
    let missed: Vec<_> = listed.difference(&there).collect();
    assert!(missed.is_empty(), "missed: {missed:?}");
}

fn requests(summary: &Summary) -> (u64, u64) {
    (summary.requests.list, summary.requests.details)
}

async fn a_daily_update_costs_a_few_requests_and_misses_nothing(database: &Database) {
    let source = source(100).await;
    certify(&source, database).await;
    let idle = only_new(&source).run(database).await;
    assert_eq!((idle.status, requests(&idle)), ("complete", (1, 0)), "nothing is new: one page tells");

    insert(&source, 101, 113);
    let update = only_new(&source).run(database).await;
    // Two pages with something new, the first without, and the closing look.
    assert_eq!((update.status, requests(&update)), ("complete", (3 + CLOSING_LOOK, 13)));
    assert_nothing_missed(&source, database).await;
    let idle = only_new(&source).run(database).await;
    assert_eq!((idle.status, requests(&idle)), ("complete", (1, 0)), "the update proves as much as a full run");
}

async fn without_a_certified_run_everything_is_read_once(database: &Database) {
    let source = source(50).await;
    Crawl { max_pages: Some(3), ..Crawl::of(source.base_url()) }.run(database).await;
    let first = only_new(&source).run(database).await;
    assert_eq!((first.status, requests(&first)), ("complete", (5 + CLOSING_LOOK, 20)));
    assert_nothing_missed(&source, database).await;
    assert_eq!(requests(&only_new(&source).run(database).await), (1, 0));
}

async fn a_shorter_run_in_between_does_not_hide_new_movies(database: &Database) {
    let source = source(50).await;
    certify(&source, database).await;
    insert(&source, 51, 75);
    Crawl { max_pages: Some(1), ..Crawl::of(source.base_url()) }.run(database).await;
    // All of page 1 is known now, and all of pages 2 and 3 is new.
    let update = only_new(&source).run(database).await;
    assert_eq!((update.status, update.movies.saved), ("complete", 15));
    assert_nothing_missed(&source, database).await;
}

async fn an_interrupted_update_does_not_hide_new_movies(database: &Database) {
    let source = source(50).await;
    certify(&source, database).await;
    insert(&source, 51, 75);
    source.script().held_pages.insert(2);
    let crawl = Crawl { workers: 1, ..only_new(&source) };
    let interrupt = async {
        while !source.script().asked_pages.ends_with(&[2]) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        crawl.stop.now();
    };
    let (interrupted, ()) = tokio::join!(crawl.run(database), interrupt);
    assert_eq!((interrupted.status, interrupted.movies.saved), ("interrupted", 10));

    source.script().held_pages.clear();
    insert(&source, 76, 95);
    let update = only_new(&source).run(database).await;
    assert_eq!((update.status, update.run_id), ("complete", interrupted.run_id));
    let next = only_new(&source).run(database).await;
    assert_eq!(next.status, "complete");
    assert_nothing_missed(&source, database).await;
}

async fn a_failed_update_does_not_hide_new_movies(database: &Database) {
    let source = source(50).await;
    certify(&source, database).await;
    insert(&source, 51, 75);
    source.script().broken_pages.insert(2);
    assert_eq!(only_new(&source).run(database).await.status, "incomplete");
    source.script().broken_pages.clear();
    let update = only_new(&source).run(database).await;
    assert_eq!(update.status, "complete");
    assert_nothing_missed(&source, database).await;
}

async fn a_movie_that_goes_during_the_update_does_not_hide_another(database: &Database) {
    let source = source(50).await;
    certify(&source, database).await;
    insert(&source, 51, 75);
    // When page 2 has been read, one of its movies goes: the first of page 3, a new one, moves to page 2 unseen.
    source.script().removed_after.insert(2, 60);
    let update = only_new(&source).run(database).await;
    assert_eq!(update.status, "complete");
    assert_eq!(only_new(&source).run(database).await.status, "complete");
    assert_nothing_missed(&source, database).await;
}
