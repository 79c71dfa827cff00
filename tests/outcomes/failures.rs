//! What can't be fetched, parsed or saved: it is recorded with its reason, and costs itself and nothing else.

use sea_orm::ConnectionTrait;
use serde_json::json;
use yts_ingest::crawl::{FailureLine, MovieCounts, Summary};
use yts_ingest::movie::Movie;
use yts_ingest::store::{PageResult, Scope, Store, Vector};

use crate::support::crawling::{CLOSING_LOOK, Crawl};
use crate::support::database::{Database, Kind};
use crate::support::records::{ByHand, full_movie, torrent};
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json, torrent_json};

on_both!(
    a_bad_movie_in_a_list_costs_that_movie_only,
    a_movie_that_only_the_list_spoils_is_saved_from_its_details,
    what_only_the_list_could_have_said_is_recorded_where_it_cannot_be_read,
    a_bad_torrent_is_recorded_and_its_movie_saved,
    details_that_cannot_be_had_cost_that_movie_only,
    a_page_that_cannot_be_had_costs_that_page_only,
    a_movie_that_the_database_refuses_costs_that_movie_only,
    a_page_with_a_refused_movie_may_be_saved_again_where_the_answer_was_lost,
    an_update_that_the_database_refuses_costs_that_movie_only,
    a_movie_that_never_passes_a_rule_of_the_user_s_own_costs_that_movie_only,
    a_movie_that_the_database_drops_in_silence_costs_that_movie_only,
    a_vector_that_the_database_refuses_costs_that_movie_only,
    what_failed_is_tried_again_when_the_same_is_typed_again,
);
on_one!(Postgres: a_movie_that_is_refused_at_the_commit_costs_that_movie_only);

/// Crawls four pages of five movies each from a source that was spoilt.
async fn crawl(source: &Source, database: &Database) -> Summary {
    let crawl = Crawl { limit: 5, workers: 2, max_attempts: 2, ..Crawl::of(source.base_url()) };
    crawl.run(database).await
}

async fn source() -> Source {
    Source::start((1..=20).map(movie_json).collect()).await
}

async fn saved_ids(store: &Store) -> Vec<i32> {
    Snapshot::of(store.db()).await.movies.into_keys().collect()
}

fn all_but(missing: impl Fn(i32) -> bool) -> Vec<i32> {
    (1..=20).filter(|id| !missing(*id)).collect()
}

/// Returns the one failure of a run.
fn only_failure(summary: &Summary) -> (&FailureLine, &str) {
    let [failure] = summary.failures.as_slice() else { panic!("not one failure: {:?}", summary.failures) };
    (failure, &failure.stage)
}

async fn a_bad_movie_in_a_list_costs_that_movie_only(database: &Database) {
    let source = source().await;
    source.script().movies[2]["id"] = json!("three");
    let summary = crawl(&source, database).await;

    assert_eq!((summary.status, summary.pages.done, summary.pages.failed), ("incomplete", 4, 0));
    assert_eq!(summary.movies, MovieCounts { listed: 20, saved: 19, updated: 0, skipped: 0, failed: 1 });
    let (failure, stage) = only_failure(&summary);
    assert_eq!((stage, failure.external_id, failure.page), ("parse", None, Some(1)));
    let store = database.store().await;
    assert_eq!(saved_ids(&store).await, all_but(|id| id == 3));
    let recorded = store.failures(summary.run_id, 10).await.expect("failures can be read");
    assert!(recorded[0].body_head.as_deref().is_some_and(|head| head.contains("three")), "{recorded:?}");
}

async fn a_movie_that_only_the_list_spoils_is_saved_from_its_details(database: &Database) {
    let source = source().await;
    source.script().listed_otherwise.insert(3, json!({"title": "x".repeat(3_000)}));
    let summary = crawl(&source, database).await;

    assert_eq!((summary.status, summary.movies.saved, summary.movies.failed), ("complete", 20, 0));
    assert_eq!(summary.failures.len(), 0);
    assert_eq!(saved_ids(&database.store().await).await, all_but(|_| false));
}

async fn what_only_the_list_could_have_said_is_recorded_where_it_cannot_be_read(database: &Database) {
    let source = source().await;
    source.script().movies[2]["title"] = json!(null);
    source.script().listed_otherwise.insert(3, json!({"title": "x".repeat(3_000)}));
    let summary = crawl(&source, database).await;

    assert_eq!((summary.status, summary.movies.saved, summary.movies.failed), ("incomplete", 20, 0));
    let (failure, stage) = only_failure(&summary);
    assert_eq!((stage, failure.external_id), ("parse", Some(3)));
    assert!(failure.reason.contains("in the list: title has more than 2000 bytes"), "{}", failure.reason);
    assert_eq!(saved_ids(&database.store().await).await, all_but(|_| false));
}

async fn a_bad_torrent_is_recorded_and_its_movie_saved(database: &Database) {
    let source = source().await;
    source.script().movies[2]["torrents"] = json!([torrent_json("A3", 1), {"quality": "720p"}]);
    let summary = crawl(&source, database).await;

    assert_eq!((summary.status, summary.movies.saved, summary.movies.failed), ("incomplete", 20, 0));
    let (failure, stage) = only_failure(&summary);
    assert_eq!((stage, failure.external_id), ("parse", Some(3)));
    let store = database.store().await;
    assert_eq!(Snapshot::of(store.db()).await.movie(3).torrents.len(), 1);
}

async fn details_that_cannot_be_had_cost_that_movie_only(database: &Database) {
    let source = source().await;
    source.script().broken_details.insert(7);
    let summary = crawl(&source, database).await;

    assert_eq!((summary.status, summary.pages.done, summary.pages.failed), ("incomplete", 4, 0));
    assert_eq!(summary.movies, MovieCounts { listed: 20, saved: 19, updated: 0, skipped: 0, failed: 1 });
    let (failure, stage) = only_failure(&summary);
    assert_eq!((stage, failure.external_id), ("details", Some(7)));
    assert_eq!(saved_ids(&database.store().await).await, all_but(|id| id == 7));
}

async fn a_page_that_cannot_be_had_costs_that_page_only(database: &Database) {
    let source = source().await;
    source.script().broken_pages.insert(2);
    let summary = crawl(&source, database).await;

    assert_eq!(summary.status, "incomplete");
    assert_eq!((summary.pages.planned, summary.pages.done, summary.pages.failed), (4, 3, 1));
    assert_eq!((summary.movies.listed, summary.movies.saved), (15, 15));
    let (failure, stage) = only_failure(&summary);
    assert_eq!((stage, failure.external_id, failure.page), ("list", None, Some(2)));
    assert!(failure.reason.contains("500"), "{}", failure.reason);
    assert_eq!(saved_ids(&database.store().await).await, all_but(|id| (6..=10).contains(&id)));
}

async fn what_failed_is_tried_again_when_the_same_is_typed_again(database: &Database) {
    let source = source().await;
    source.script().broken_pages.insert(2);
    source.script().broken_details.insert(1);
    assert_eq!(crawl(&source, database).await.status, "incomplete");
    source.script().broken_pages.clear();
    source.script().broken_details.clear();
    let summary = crawl(&source, database).await;

    assert_eq!((summary.status, summary.movies.saved, summary.movies.skipped), ("complete", 6, 14));
    assert_eq!((summary.requests.list, summary.requests.details), (4 + CLOSING_LOOK, 6));
    assert_eq!(saved_ids(&database.store().await).await, all_but(|_| false));
}

async fn a_movie_that_the_database_refuses_costs_that_movie_only(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let mut movies: Vec<Movie> = (1..=20).map(full_movie).collect();
    movies[4].rating = Some(11.0);
    movies[9].torrents = vec![torrent("BAD", -1)];
    let page = by_hand.page_of_new(movies).await;
    let saved = by_hand.store.save_page(&page).await.expect("the page is saved");

    assert_eq!((saved.listed, saved.saved, saved.failed, saved.skipped), (20, 18, 2, 0));
    let snapshot = Snapshot::of(by_hand.store.db()).await;
    assert_eq!(snapshot.movies.keys().copied().collect::<Vec<_>>(), all_but(|id| id == 5 || id == 10));
    assert!(snapshot.movies.values().all(|movie| movie.roles.len() == 2 && movie.torrents.len() == 2));
    let recorded = by_hand.store.failures(by_hand.run.id, 10).await.expect("failures can be read");
    let recorded: Vec<_> = recorded.iter().map(|row| (row.external_id, row.page, row.stage.as_str())).collect();
    assert_eq!(recorded, [(Some(5), Some(1), "save"), (Some(10), Some(1), "save")]);
    let totals = by_hand.store.run_totals(by_hand.run.id).await.expect("the run can be read");
    assert_eq!((totals.done, totals.open, totals.failed, totals.saved), (1, 0, 2, 18));
}

async fn a_page_with_a_refused_movie_may_be_saved_again_where_the_answer_was_lost(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let mut movies: Vec<Movie> = (1..=5).map(full_movie).collect();
    movies[4].rating = Some(11.0);
    let page = by_hand.page_of_new(movies).await;
    let saved = by_hand.store.save_page(&page).await.expect("the page is saved");
    let again = by_hand.store.save_page(&page).await.expect("the page is saved already");
    assert_eq!((saved.saved, saved.failed, again), (4, 1, saved));
    assert_eq!(by_hand.store.failure_count(by_hand.run.id).await.expect("failures can be counted"), 1);
}

async fn an_update_that_the_database_refuses_costs_that_movie_only(database: &Database) {
    let by_hand = ByHand::begin(database, 3).await;
    let page = by_hand.page_of_new((1..=5).map(full_movie).collect()).await;
    by_hand.store.save_page(&page).await.expect("the page is saved");
    for (scope, rating) in [(Scope::RatingAndTorrents, 7.5), (Scope::Everything, 8.5)] {
        let mut movies: Vec<Movie> = (1..=5).map(|id| Movie { rating: Some(rating), ..full_movie(id) }).collect();
        movies[2].rating = Some(10.1);
        let page = by_hand.page_of_updates(movies, scope).await;
        let saved = by_hand.store.save_page(&page).await.expect("the page is saved");
        assert_eq!((saved.updated, saved.failed, saved.skipped), (4, 1, 0), "{scope:?}");
        let snapshot = Snapshot::of(by_hand.store.db()).await;
        let ratings: Vec<_> = snapshot.movies.values().filter_map(|movie| movie.columns.rating).collect();
        let [new, old] = [rating, 6.5].map(|number| format!("{number}").parse().expect("a number"));
        assert_eq!(ratings, [new, new, old, new, new], "{scope:?}");
    }
}

/// Gives the database a rule of the user's own, which movie 7 never passes.
pub(crate) async fn refuse_movie_seven(database: &Database) {
    let rules: &[&str] = match database.kind {
        Kind::Sqlite => &["CREATE TRIGGER no_seven BEFORE INSERT ON movies WHEN NEW.external_id = 7 \
                           BEGIN SELECT RAISE(ABORT, 'no seven here'); END"],
        Kind::Postgres => &[
            "CREATE FUNCTION no_seven() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF NEW.external_id = 7 THEN RAISE EXCEPTION 'no seven here'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER no_seven BEFORE INSERT ON movies FOR EACH ROW EXECUTE FUNCTION no_seven()",
        ],
    };
    make_rules(database, rules).await;
}

async fn make_rules(database: &Database, rules: &[&str]) {
    let store = database.store().await;
    for rule in rules {
        store.db().execute_unprepared(rule).await.expect("the user may make rules");
    }
}

/// Expects a page of ten new movies to be saved without movie 7.
async fn assert_only_seven_fails(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let page = by_hand.page_of_new((1..=10).map(full_movie).collect()).await;
    let vector = |id| Vector { model: format!("model {id}"), text_hash: String::new(), numbers: vec![1.0] };
    let page = PageResult { vectors: (1..=10).map(|id| (id, vector(id))).collect(), ..page };
    let saved = by_hand.store.save_page(&page).await.expect("the page is saved");
    assert_eq!((saved.listed, saved.saved, saved.failed), (10, 9, 1));
    let recorded = by_hand.store.failures(by_hand.run.id, 10).await.expect("failures can be read");
    let recorded: Vec<_> = recorded.iter().map(|row| (row.external_id, row.stage.as_str())).collect();
    assert_eq!(recorded, [(Some(7), "save")]);
    assert!(!saved_ids(&by_hand.store).await.contains(&7));
}

async fn a_movie_that_the_database_drops_in_silence_costs_that_movie_only(database: &Database) {
    let rules: &[&str] = match database.kind {
        Kind::Sqlite => &["CREATE TRIGGER no_seven BEFORE INSERT ON movies WHEN NEW.external_id = 7 \
                           BEGIN SELECT RAISE(IGNORE); END"],
        Kind::Postgres => &[
            "CREATE FUNCTION no_seven() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            "CREATE TRIGGER no_seven BEFORE INSERT ON movies FOR EACH ROW WHEN (NEW.external_id = 7) \
             EXECUTE FUNCTION no_seven()",
        ],
    };
    make_rules(database, rules).await;
    assert_only_seven_fails(database).await;
}

async fn a_vector_that_the_database_refuses_costs_that_movie_only(database: &Database) {
    let rules: &[&str] = match database.kind {
        Kind::Sqlite => &["CREATE TRIGGER no_seven BEFORE INSERT ON movie_embeddings WHEN NEW.model = 'model 7' \
                           BEGIN SELECT RAISE(ABORT, 'no seven here'); END"],
        Kind::Postgres => &["ALTER TABLE movie_embeddings ADD CHECK (model <> 'model 7')"],
    };
    make_rules(database, rules).await;
    assert_only_seven_fails(database).await;
}

async fn a_movie_that_is_refused_at_the_commit_costs_that_movie_only(database: &Database) {
    let rules = [
        "CREATE FUNCTION no_seven() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'no seven here'; END $$",
        "CREATE CONSTRAINT TRIGGER no_seven AFTER INSERT ON movies INITIALLY DEFERRED FOR EACH ROW \
         WHEN (NEW.external_id = 7) EXECUTE FUNCTION no_seven()",
    ];
    make_rules(database, &rules).await;
    assert_only_seven_fails(database).await;
}

async fn a_movie_that_never_passes_a_rule_of_the_user_s_own_costs_that_movie_only(database: &Database) {
    refuse_movie_seven(database).await;
    let store = database.store().await;
    let source = source().await;
    for _ in 0..2 {
        let summary = crawl(&source, database).await;
        assert_eq!((summary.status, summary.pages.done, summary.movies.failed), ("incomplete", 4, 1));
        let (failure, stage) = only_failure(&summary);
        assert_eq!((stage, failure.external_id), ("save", Some(7)));
        assert!(failure.reason.contains("no seven here"), "{failure:?}");
        assert_eq!(saved_ids(&store).await, all_but(|id| id == 7));
    }
}
