//! Failures as work: what earlier runs recorded is taken up and settled, and what keeps failing is set aside.

use serde_json::json;
use yts_ingest::crawl::{Purpose, Summary};

use crate::failures::refuse_movie_seven;
use crate::support::crawling::Crawl;
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json, torrent_json};

on_both!(
    what_failed_is_taken_up_and_nothing_else,
    what_failed_of_a_movie_that_is_there_is_asked_for_again,
    what_failed_of_a_movie_is_not_settled_by_passing_it_over,
    what_failed_five_times_is_set_aside_and_blocks_nothing,
    a_movie_that_the_database_refuses_five_times_is_set_aside,
    a_page_is_taken_up_only_where_pages_hold_as_many_movies,
    a_page_is_taken_up_only_where_the_list_has_the_same_order,
    a_page_is_settled_by_a_run_that_saw_the_whole_list,
);

/// Four pages of five movies each.
async fn source() -> Source {
    Source::start((1..=20).map(movie_json).collect()).await
}

async fn crawl(source: &Source, database: &Database, purpose: Purpose) -> Summary {
    let crawl = Crawl { limit: 5, workers: 2, max_attempts: 2, purpose, ..Crawl::of(source.base_url()) };
    crawl.run(database).await
}

async fn saved(database: &Database) -> usize {
    Snapshot::of(database.store().await.db()).await.movies.len()
}

async fn what_failed_is_taken_up_and_nothing_else(database: &Database) {
    let source = source().await;
    source.script().broken_pages.insert(2);
    source.script().broken_details.insert(13);
    assert_eq!(crawl(&source, database, Purpose::ReadPages).await.status, "incomplete");
    assert_eq!(saved(database).await, 14);

    source.script().broken_pages.clear();
    source.script().broken_details.clear();
    let retried = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((retried.status, retried.movies.saved), ("complete", 6));
    // One page and its movies, one movie more, and for that the question whether the source answers at all.
    assert_eq!((retried.requests.list, retried.requests.details), (2, 6));
    assert_eq!(saved(database).await, 20);

    let settled = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((settled.status, settled.requests.total), ("complete", 0), "nothing is left to take up");
}

async fn what_failed_five_times_is_set_aside_and_blocks_nothing(database: &Database) {
    let source = source().await;
    source.script().broken_details.extend([7, 8]);
    assert_eq!(crawl(&source, database, Purpose::ReadPages).await.status, "incomplete");
    for failures in 2..=5 {
        let retried = crawl(&source, database, Purpose::RetryFailed).await;
        assert_eq!((retried.status, retried.movies.failed), ("incomplete", 2), "failure {failures}");
        let recorded = database.store().await.failures(retried.run_id, 9).await.expect("failures can be read");
        assert!(recorded.iter().all(|failure| failure.page.is_none()), "a batch is no page: {recorded:?}");
    }
    // Both failed five times. One would work now, but neither is asked for any more.
    source.script().broken_details.remove(&8);
    let aside = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((aside.status, aside.requests.total), ("complete", 0));
    assert_eq!(saved(database).await, 18);

    // A run that meets the movie on its page tries it all the same, and settles what it can.
    let full = crawl(&source, database, Purpose::ReadPages).await;
    assert_eq!((full.status, full.movies.saved, full.movies.failed), ("incomplete", 1, 1));
    assert_eq!(saved(database).await, 19);
}

/// Returns a source with a torrent that cannot be understood, of movie 3, which is in the database without it.
async fn source_with_a_bad_torrent(database: &Database) -> Source {
    let source = source().await;
    source.script().movies[2]["torrents"] = json!([torrent_json("A3", 1), {"quality": "720p"}]);
    let first = crawl(&source, database, Purpose::ReadPages).await;
    assert_eq!((first.status, first.movies.saved), ("incomplete", 20));
    source
}

async fn torrents_of_movie_three(database: &Database) -> usize {
    Snapshot::of(database.store().await.db()).await.movie(3).torrents.len()
}

async fn what_failed_of_a_movie_that_is_there_is_asked_for_again(database: &Database) {
    let source = source_with_a_bad_torrent(database).await;
    let still_bad = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((still_bad.status, still_bad.requests.details), ("incomplete", 1));

    source.script().movies[2]["torrents"] = json!([torrent_json("A3", 1), torrent_json("B3", 1)]);
    let retried = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((retried.status, retried.movies.updated, retried.requests.details), ("complete", 1, 1));
    assert_eq!(torrents_of_movie_three(database).await, 2);
    let settled = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((settled.status, settled.requests.total), ("complete", 0), "nothing is left to take up");
}

async fn what_failed_of_a_movie_is_not_settled_by_passing_it_over(database: &Database) {
    let source = source_with_a_bad_torrent(database).await;
    let passed_over = crawl(&source, database, Purpose::ReadPages).await;
    assert_eq!((passed_over.status, passed_over.movies.skipped), ("complete", 20));

    source.script().movies[2]["torrents"] = json!([torrent_json("A3", 1), torrent_json("B3", 1)]);
    let retried = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((retried.status, retried.movies.updated), ("complete", 1));
    assert_eq!(torrents_of_movie_three(database).await, 2);
}

async fn a_movie_that_the_database_refuses_five_times_is_set_aside(database: &Database) {
    refuse_movie_seven(database).await;
    let source = source().await;
    assert_eq!(crawl(&source, database, Purpose::ReadPages).await.status, "incomplete");
    for failures in 2..=5 {
        let retried = crawl(&source, database, Purpose::RetryFailed).await;
        assert_eq!((retried.status, retried.movies.failed), ("incomplete", 1), "failure {failures}");
    }
    let aside = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((aside.status, aside.requests.total), ("complete", 0));
}

async fn a_page_is_taken_up_only_where_pages_hold_as_many_movies(database: &Database) {
    let source = source().await;
    source.script().broken_pages.insert(2);
    assert_eq!(crawl(&source, database, Purpose::ReadPages).await.status, "incomplete");
    source.script().broken_pages.clear();
    // Movies 6 to 10 are missing: page 2 of 5, but neither page 2 of 4 nor page 2 of 10.
    for limit in [4, 10] {
        let other = Crawl { limit, workers: 2, purpose: Purpose::RetryFailed, ..Crawl::of(source.base_url()) };
        assert_eq!(other.run(database).await.requests.total, 0);
    }
    let one_page = Crawl { limit: 3, max_pages: Some(2), ..Crawl::of(source.base_url()) };
    assert_eq!(one_page.run(database).await.status, "complete");
    let retried = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((retried.status, retried.pages.done), ("complete", 1), "it was not settled by another page 2");
    assert_eq!(saved(database).await, 20);
}

async fn a_page_is_taken_up_only_where_the_list_has_the_same_order(database: &Database) {
    let source = source().await;
    source.script().broken_pages.insert(2);
    let by_rating = Crawl {
        limit: 5,
        max_attempts: 2,
        sort_by: Some("rating".to_owned()),
        purpose: Purpose::ReadPages,
        ..Crawl::of(source.base_url())
    };
    assert_eq!(by_rating.run(database).await.status, "incomplete");
    source.script().broken_pages.clear();
    let by_date = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((by_date.status, by_date.requests.total), ("complete", 0));
    let retried = Crawl { purpose: Purpose::RetryFailed, ..by_rating }.run(database).await;
    assert_eq!((retried.status, retried.pages.done), ("complete", 1));
    assert_eq!(saved(database).await, 20);
}

async fn a_page_is_settled_by_a_run_that_saw_the_whole_list(database: &Database) {
    let source = source().await;
    source.script().broken_pages.insert(2);
    assert_eq!(crawl(&source, database, Purpose::ReadPages).await.status, "incomplete");
    source.script().broken_pages.clear();
    assert_eq!(Crawl::of(source.base_url()).run(database).await.status, "complete", "pages of ten");
    let settled = crawl(&source, database, Purpose::RetryFailed).await;
    assert_eq!((settled.status, settled.requests.total), ("complete", 0));
}
