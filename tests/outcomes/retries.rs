//! Failures as work: what earlier runs recorded is taken up and settled, and what keeps failing is set aside.

use yts_ingest::crawl::{Purpose, Summary};

use crate::support::crawling::Crawl;
use crate::support::database::Database;
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json};

on_both!(what_failed_is_taken_up_and_nothing_else, what_failed_five_times_is_set_aside_and_blocks_nothing,);

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
