//! Movies that the source lists no more: marked after a certified run only, never many at once, and taken back.

use std::collections::BTreeSet;

use yts_ingest::crawl::Summary;
use yts_ingest::store::Disappeared;

use crate::support::crawling::Crawl;
use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie};
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json};

on_both!(
    movies_listed_no_more_are_marked_and_come_back_when_listed_again,
    more_than_two_percent_at_once_are_marked_only_when_allowed,
    nothing_is_marked_by_a_run_that_did_not_see_everything,
    a_movie_that_another_process_saved_meanwhile_is_not_marked,
);

/// Two of them are two percent.
const MOVIES: u64 = 100;

async fn crawled(database: &Database) -> Source {
    let source = Source::start((1..=MOVIES).map(movie_json).collect()).await;
    crawl(&source, database).await;
    source
}

async fn crawl(source: &Source, database: &Database) -> Summary {
    Crawl { max_attempts: 2, ..Crawl::of(source.base_url()) }.run(database).await
}

fn remove(source: &Source, ids: &[u64]) {
    source.script().movies.retain(|movie| ids.iter().all(|id| movie["id"] != *id));
}

async fn marked(database: &Database) -> BTreeSet<i32> {
    let snapshot = Snapshot::of(database.store().await.db()).await;
    assert_eq!(snapshot.movies.len() as u64, MOVIES, "a movie is marked, never removed");
    let gone = snapshot.movies.into_iter().filter(|(_, movie)| movie.columns.deleted_at.is_some());
    gone.map(|(id, _)| id).collect()
}

async fn movies_listed_no_more_are_marked_and_come_back_when_listed_again(database: &Database) {
    let source = crawled(database).await;
    assert_eq!(marked(database).await, BTreeSet::new());
    remove(&source, &[17, 42]);
    assert_eq!(crawl(&source, database).await.status, "complete");
    assert_eq!(marked(database).await, BTreeSet::from([17, 42]));

    source.script().movies.push(movie_json(42));
    let again = crawl(&source, database).await;
    assert_eq!((again.status, again.movies.saved, again.requests.details), ("complete", 0, 0));
    assert_eq!(marked(database).await, BTreeSet::from([17]));
}

async fn more_than_two_percent_at_once_are_marked_only_when_allowed(database: &Database) {
    let source = crawled(database).await;
    remove(&source, &[1, 2, 3]);
    assert_eq!(crawl(&source, database).await.status, "complete");
    assert_eq!(marked(database).await, BTreeSet::new(), "the source is more likely to be at fault");

    let told = Crawl { allow_mass_deletion: true, ..Crawl::of(source.base_url()) };
    assert_eq!(told.run(database).await.status, "complete");
    assert_eq!(marked(database).await, BTreeSet::from([1, 2, 3]));
}

async fn nothing_is_marked_by_a_run_that_did_not_see_everything(database: &Database) {
    let source = crawled(database).await;
    remove(&source, &[17]);
    source.script().broken_pages.insert(4);
    assert_eq!(crawl(&source, database).await.status, "incomplete");
    assert_eq!(marked(database).await, BTreeSet::new(), "a page was not read");

    source.script().broken_pages.clear();
    Crawl { max_pages: Some(9), ..Crawl::of(source.base_url()) }.run(database).await;
    assert_eq!(marked(database).await, BTreeSet::new(), "the last page was not asked for");
}

async fn a_movie_that_another_process_saved_meanwhile_is_not_marked(database: &Database) {
    let other = database.store().await;
    other.save_movie(&full_movie(1)).await.expect("the movie is saved");
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let by_hand = ByHand::begin(database, 1).await;
    other.save_movie(&full_movie(2)).await.expect("the movie is saved");

    let marked = by_hand.store.mark_disappeared(by_hand.run.id, &[], 1.0).await.expect("movies can be marked");
    assert_eq!(marked, Disappeared::Marked(1));
    let snapshot = Snapshot::of(other.db()).await;
    let is_marked: Vec<_> = snapshot.movies.values().map(|movie| movie.columns.deleted_at.is_some()).collect();
    assert_eq!(is_marked, [true, false]);
}
