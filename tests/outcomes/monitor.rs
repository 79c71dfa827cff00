//! What a second process sees of a run, while it goes on and afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use yts_ingest::monitor::{Extras, GenreReading, Reading};
use yts_ingest::store::Store;

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::source::{Source, movie_json};

on_both!(
    a_reading_during_a_run_says_how_far_it_is,
    a_reading_of_a_run_gone_on_with_is_of_one_that_runs,
    a_reading_after_a_run_says_the_same_as_its_summary,
    a_reading_with_failures_says_what_failed_and_why,
    a_reading_of_an_empty_catalogue_is_empty,
    statistics_are_those_of_the_catalogue,
);

const WITH_FAILURES: Extras = Extras { failures: true, changes: false };

/// Waits until a reading is as wanted; a crawl goes on meanwhile.
async fn reading_when(store: &Store, is_wanted: impl Fn(&Reading) -> bool) -> Reading {
    loop {
        let reading = Reading::take(store, Extras::default()).await.expect("the database can be read");
        if is_wanted(&reading) {
            break reading;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn pages_done(reading: &Reading) -> i64 {
    reading.run.as_ref().map_or(0, |run| run.pages_done)
}

async fn a_reading_during_a_run_says_how_far_it_is(database: &Database) {
    let server = demo_server(300, "latency=100ms").await;
    let crawl = Crawl { concurrency: 4, ..Crawl::of(server.base_url()) };
    let store = database.store().await;
    let watch = async {
        let reading = reading_when(&store, |reading| pages_done(reading) > 0).await;
        crawl.stop.now();
        reading
    };
    let (summary, reading) = tokio::join!(crawl.run(database), watch);

    assert!(reading.is_running());
    let run = reading.run.expect("there is a run");
    assert_eq!((run.run_id, run.status.as_str(), run.pages_planned), (summary.run_id, "running", 30));
    assert!((1..30).contains(&run.pages_done), "{} pages", run.pages_done);
    assert_eq!((run.saved, run.listed), (run.pages_done * 10, run.pages_done * 10));
    assert!(run.eta_seconds.is_some_and(|seconds| seconds > 0.0) && run.movies_per_second > 0.0, "{run:?}");
    assert_eq!((run.finished_at, run.message), (None, None));
}

async fn a_reading_of_a_run_gone_on_with_is_of_one_that_runs(database: &Database) {
    let server = demo_server(300, "latency=100ms").await;
    let store = database.store().await;
    for pages in [1, 2] {
        let crawl = Crawl { concurrency: 4, ..Crawl::of(server.base_url()) };
        let watch = async {
            let is_wanted = |reading: &Reading| reading.is_running() && pages_done(reading) >= pages;
            let reading = reading_when(&store, is_wanted).await;
            crawl.stop.gently();
            reading
        };
        let (summary, reading) = tokio::join!(crawl.run(database), watch);
        let run = reading.run.expect("there is a run");
        assert_eq!((summary.status, run.status.as_str()), ("interrupted", "running"));
        assert_eq!(run.finished_at, None, "it has not ended");
        let ended = Reading::take(&store, Extras::default())
            .await
            .expect("the database can be read")
            .run
            .expect("there is a run");
        assert_eq!(ended.status, "interrupted");
        assert!(ended.finished_at.is_some() && ended.eta_seconds.is_none());
    }
}

async fn a_reading_after_a_run_says_the_same_as_its_summary(database: &Database) {
    let server = demo_server(100, "5xx=10").await;
    let summary = Crawl::of(server.base_url()).run(database).await;
    let store = Store::open_existing(&database.options(2)).await.expect("the database is there");
    let reading = Reading::take(&store, WITH_FAILURES).await.expect("the database can be read");

    assert!(!reading.is_running());
    assert_eq!(reading.failures, Some(Vec::new()));
    let run = reading.run.expect("there is a run");
    assert_eq!((run.run_id, run.status.as_str()), (summary.run_id, "complete"));
    let pages =
        (run.pages_planned.unsigned_abs().into(), run.pages_done.unsigned_abs(), run.pages_failed.unsigned_abs());
    assert_eq!(pages, (summary.pages.planned, summary.pages.done, summary.pages.failed));
    let movies = [run.listed, run.saved, run.updated, run.skipped, run.failed].map(i64::unsigned_abs);
    let expected = &summary.movies;
    assert_eq!(movies, [expected.listed, expected.saved, expected.updated, expected.skipped, expected.failed]);
    let requests = [run.requests, run.requests_retried].map(i64::unsigned_abs);
    assert_eq!(requests, [summary.requests.total, summary.requests.retried]);
    assert!(run.finished_at.is_some() && run.eta_seconds.is_none());
}

async fn a_reading_with_failures_says_what_failed_and_why(database: &Database) {
    let source = Source::start((1..=20).map(movie_json).collect()).await;
    source.script().broken_pages.insert(2);
    Crawl { max_attempts: 2, ..Crawl::of(source.base_url()) }.run(database).await;
    let reading = Reading::take(&database.store().await, WITH_FAILURES).await.expect("the database can be read");

    assert_eq!(reading.run.expect("there is a run").status, "incomplete");
    let failures = reading.failures.expect("they were asked for");
    let [failure] = failures.as_slice() else { panic!("not one failure: {failures:?}") };
    assert_eq!((failure.page, failure.external_id, failure.stage.as_str()), (Some(2), None, "list"));
    assert!(failure.reason.contains("500"), "{}", failure.reason);
}

async fn a_reading_of_an_empty_catalogue_is_empty(database: &Database) {
    let reading = Reading::take(&database.store().await, WITH_FAILURES).await.expect("the database can be read");
    assert_eq!((reading.run, reading.failures), (None, Some(Vec::new())));
    assert_eq!((reading.totals.movies, reading.top_genres.len(), reading.newest_movies.len()), (0, 0, 0));
}

async fn statistics_are_those_of_the_catalogue(database: &Database) {
    let server = demo_server(200, "").await;
    Crawl { limit: 50, ..Crawl::of(server.base_url()) }.run(database).await;
    let reading = Reading::take(&database.store().await, Extras::default()).await.expect("the database can be read");

    let catalogue = demo_movies(200);
    let torrents: usize = catalogue.iter().map(|movie| movie.torrents.len()).sum();
    let totals = (reading.totals.movies, reading.totals.torrents, reading.totals.embeddings);
    assert_eq!(totals, (200, torrents as u64, 0));
    let mut counts = BTreeMap::<&str, i64>::new();
    for genre in catalogue.iter().flat_map(|movie| &movie.genres) {
        *counts.entry(genre).or_default() += 1;
    }
    assert_eq!(reading.totals.genres, counts.len() as u64);
    let mut top: Vec<(&str, i64)> = counts.into_iter().collect();
    top.sort_by_key(|(_, movies)| -movies);
    let top: Vec<_> =
        top.into_iter().take(10).map(|(name, movies)| GenreReading { name: name.to_owned(), movies }).collect();
    assert_eq!(reading.top_genres, top);
    let newest: Vec<i32> = reading.newest_movies.iter().map(|movie| movie.external_id).collect();
    let expected: Vec<i32> = catalogue.iter().rev().take(10).map(|movie| movie.id.cast_signed()).collect();
    assert_eq!(newest, expected);
}
