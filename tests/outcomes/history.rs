//! What changed, and what a run can prove of itself, as a second process reads it.

use serde_json::json;
use yts_ingest::crawl::{Existing, Summary};
use yts_ingest::monitor::{Certificate, Extras, Reading};

use crate::support::crawling::{CLOSING_LOOK, Crawl};
use crate::support::database::Database;
use crate::support::source::{Source, movie_json, torrent_json};

on_both!(
    an_update_keeps_what_changed_and_seeds_and_peers_are_no_change,
    details_fetched_again_keep_what_changed_in_the_texts,
    a_full_run_is_certified_with_what_it_saw,
    a_run_of_some_pages_or_with_a_failure_is_not_certified,
    a_list_whose_pages_are_cut_short_is_not_certified,
    a_list_that_holds_a_little_less_than_the_source_counts_is_certified,
);

async fn source() -> Source {
    Source::start((1..=20).map(movie_json).collect()).await
}

async fn reading(database: &Database) -> Reading {
    let extras = Extras { changes: true, ..Extras::default() };
    Reading::take(&database.store().await, extras).await.expect("the database can be read")
}

async fn certificate(database: &Database) -> Option<Certificate> {
    reading(database).await.run.expect("there is a run").certificate
}

/// A change as (movie, field, from, to).
type Change = (i32, String, Option<String>, Option<String>);

/// Returns the changes that a run found, sorted.
async fn changes_of(run: &Summary, database: &Database) -> Vec<Change> {
    let changes = reading(database).await.changes.expect("they were asked for");
    let of_run = changes.into_iter().filter(|change| change.run_id == Some(run.run_id));
    let mut changes: Vec<_> = of_run.map(|change| (change.external_id, change.field, change.from, change.to)).collect();
    changes.sort();
    changes
}

fn change(movie: i32, field: &str, from: Option<&str>, to: &str) -> Change {
    (movie, field.to_owned(), from.map(str::to_owned), Some(to.to_owned()))
}

async fn crawl(source: &Source, database: &Database, existing: Existing) -> Summary {
    Crawl { existing, max_attempts: 2, ..Crawl::of(source.base_url()) }.run(database).await
}

async fn an_update_keeps_what_changed_and_seeds_and_peers_are_no_change(database: &Database) {
    let source = source().await;
    let first = crawl(&source, database, Existing::Skip).await;
    assert_eq!(changes_of(&first, database).await, [], "what is new has not changed");
    {
        let mut script = source.script();
        script.movies[0]["rating"] = json!(7.1);
        script.movies[0]["torrents"][0]["seeds"] = json!(500);
        script.movies[0]["torrents"][0]["peers"] = json!(77);
        script.movies[1]["torrents"] = json!([torrent_json("A2", 10), torrent_json("B2", 1)]);
    }
    let update = crawl(&source, database, Existing::Update).await;
    assert_eq!(update.movies.updated, 2);
    let expected = [change(1, "rating", Some("6.5"), "7.1"), change(2, "torrent", None, "B2 (1080p)")];
    assert_eq!(changes_of(&update, database).await, expected);

    let again = crawl(&source, database, Existing::Update).await;
    assert_eq!((again.movies.updated, changes_of(&again, database).await), (0, Vec::new()));
}

async fn details_fetched_again_keep_what_changed_in_the_texts(database: &Database) {
    let source = source().await;
    crawl(&source, database, Existing::Skip).await;
    {
        let mut script = source.script();
        script.movies[4]["title"] = json!("Renamed");
        script.movies[4]["description_full"] = json!("Another text.");
        script.movies[4]["runtime"] = json!(91);
        script.movies[4]["like_count"] = json!(1000);
    }
    let refetch = crawl(&source, database, Existing::Refetch).await;
    assert_eq!(refetch.movies.updated, 1);
    let expected = [
        change(5, "description_full", Some("A movie."), "Another text."),
        change(5, "runtime", Some("90"), "91"),
        change(5, "title", Some("Movie 5"), "Renamed"),
    ];
    assert_eq!(changes_of(&refetch, database).await, expected);
}

async fn a_full_run_is_certified_with_what_it_saw(database: &Database) {
    let source = source().await;
    crawl(&source, database, Existing::Skip).await;
    let proof = certificate(database).await.expect("it is certified");
    assert_eq!((proof.pages, u64::try_from(proof.pages_read_again)), (2, Ok(CLOSING_LOOK)));
    assert_eq!(proof.distinct_movies, Some(20));
    assert_eq!((proof.movie_count_at_start, proof.movie_count_at_end), (Some(20), Some(20)));
}

async fn a_run_of_some_pages_or_with_a_failure_is_not_certified(database: &Database) {
    let source = source().await;
    Crawl { max_pages: Some(1), ..Crawl::of(source.base_url()) }.run(database).await;
    assert_eq!(certificate(database).await, None, "it did not ask for everything");

    source.script().broken_details.insert(15);
    assert_eq!(crawl(&source, database, Existing::Skip).await.status, "incomplete");
    assert_eq!(certificate(database).await, None, "a movie failed");

    source.script().broken_details.clear();
    assert_eq!(crawl(&source, database, Existing::Skip).await.status, "complete");
    assert!(certificate(database).await.is_some());
}

async fn a_list_whose_pages_are_cut_short_is_not_certified(database: &Database) {
    let source = Source::start((1..=100).map(movie_json).collect()).await;
    source.script().max_limit = Some(4);
    let summary = crawl(&source, database, Existing::Skip).await;
    assert_eq!((summary.status, summary.movies.saved), ("incomplete", 40));
    let told = summary.to_string();
    assert!(told.contains("60 fewer than the source counts"), "{told}");
    assert_eq!(summary.message.as_deref(), told.lines().next());
    assert!(
        told.lines().last().is_some_and(|last| last.starts_with("run ") && last.contains("movies 40 listed")),
        "{told}"
    );
    assert_eq!(certificate(database).await, None);

    let some_pages = Crawl { max_pages: Some(2), ..Crawl::of(source.base_url()) };
    assert_eq!(some_pages.run(database).await.status, "complete", "it asked for two pages and has them");
}

async fn a_list_that_holds_a_little_less_than_the_source_counts_is_certified(database: &Database) {
    let source = Source::start((1..=95).map(movie_json).collect()).await;
    source.script().hidden = 5;
    assert_eq!(crawl(&source, database, Existing::Skip).await.status, "complete");
    let proof = certificate(database).await.expect("it is certified");
    assert_eq!((proof.distinct_movies, proof.movie_count_at_end), (Some(95), Some(100)));
}
