//! What runs have left: certificates that do not fit, pages without a reading, leases of the dead, open failures.

use std::collections::BTreeSet;

use entity::{run_page, run_reading};
use sea_orm::{EntityTrait, QueryOrder};
use yts_ingest::embed::{Embedder, StaticModel};
use yts_ingest::fill;

use super::{MOVIES, PATIENCE, crawled, damage, found, verify};
use crate::support::crawling::Crawl;
use crate::support::database::Database;
use crate::support::records::ByHand;
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json};

on_both!(
    movies_that_the_certified_run_did_not_see_are_told_and_left_alone,
    pages_without_a_reading_and_a_certificate_that_does_not_fit_are_told,
    a_fill_leaves_nothing_to_find,
    a_full_run_keeps_its_own_proof_and_deletes_earlier_ones,
    leases_of_dead_processes_are_freed,
    failures_that_are_not_settled_are_told,
);

/// As if the movies had been there before the run began.
const BEGIN_THE_RUN_LATE: &str = "UPDATE runs SET started_at = '2100-01-01T00:00:00+00:00'";

async fn movies_that_the_certified_run_did_not_see_are_told_and_left_alone(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(database, &["UPDATE run_readings SET external_ids = '6,5,4,3,2'", "UPDATE runs SET distinct_movies = 5"])
        .await;
    // Another process may have saved the movie while the run went on.
    assert_eq!(found(&verify(database, &source, false).await), []);
    damage(database, &[BEGIN_THE_RUN_LATE]).await;
    for is_repair in [false, true] {
        let report = verify(database, &source, is_repair).await;
        assert_eq!(found(&report), [("unlisted_movies", "run 1")], "{report}");
    }
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn pages_without_a_reading_and_a_certificate_that_does_not_fit_are_told(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(database, &["DELETE FROM run_readings", BEGIN_THE_RUN_LATE]).await;
    let report = verify(database, &source, true).await;
    let expected = [("certificate", "run 1"), ("page_without_reading", "run_pages"), ("unlisted_movies", "run 1")];
    assert_eq!(found(&report), expected, "{report}");
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn a_fill_leaves_nothing_to_find(database: &Database) {
    let (source, _) = crawled(database).await;
    let store = database.store().await;
    let presence = store.announce(&database.options(1)).await.expect("nobody else writes");
    let table = Embedder::Static(StaticModel::load().expect("the table is in the program"));
    let filled = fill::run(store, table, presence, 2, PATIENCE).await.expect("the fill succeeds");
    assert_eq!(filled.movies, MOVIES.cast_signed());
    for is_repair in [false, true] {
        let report = verify(database, &source, is_repair).await;
        assert_eq!(found(&report), [], "{report}");
    }
}

async fn a_full_run_keeps_its_own_proof_and_deletes_earlier_ones(database: &Database) {
    let (source, _) = crawled(database).await;
    let crawl = Crawl::of(source.base_url());
    let some_pages = Crawl { max_pages: Some(1), ..crawl.clone() }.run(database).await;
    let runs_with_readings = async || {
        let rows = run_reading::Entity::find().all(database.store().await.db()).await.expect("readings can be read");
        rows.iter().map(|row| row.run_id).collect::<BTreeSet<_>>()
    };
    assert_eq!(runs_with_readings().await, BTreeSet::from([1, some_pages.run_id]));
    let full = crawl.run(database).await;
    assert_eq!((full.status, runs_with_readings().await), ("complete", BTreeSet::from([full.run_id])));
    assert_eq!(found(&verify(database, &source, false).await), []);
}

async fn leases_of_dead_processes_are_freed(database: &Database) {
    let source = Source::start(Vec::new()).await;
    let by_hand = ByHand::begin(database, 2).await;
    by_hand.claim().await;
    assert_eq!(found(&verify(database, &source, false).await), [], "its holder lives");
    let ByHand { store, presence, .. } = by_hand;
    drop(presence);
    damage(database, &["UPDATE run_pages SET lease_expires_at = '2001-01-01T00:00:00+00:00' WHERE status = 'leased'"])
        .await;
    let report = verify(database, &source, false).await;
    assert_eq!(found(&report), [("dead_lease", "run_pages")], "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!((found(&repaired), repaired.repaired.expect("it was repaired").leases_freed), (vec![], 1), "{repaired}");
    let pages = run_page::Entity::find().order_by_asc(run_page::COLUMN.page).all(store.db()).await.expect("pages");
    assert!(pages.iter().all(|page| page.status == "due"), "{pages:?}");
}

async fn failures_that_are_not_settled_are_told(database: &Database) {
    let source = Source::start((1..=MOVIES).map(movie_json).collect()).await;
    source.script().broken_details.insert(2);
    let crawl = Crawl { max_attempts: 1, ..Crawl::of(source.base_url()) };
    assert_eq!(crawl.run(database).await.status, "incomplete");
    source.script().broken_details.clear();
    let report = verify(database, &source, true).await;
    assert_eq!(found(&report), [("open_failures", "source=test")], "{report}");
}
