//! How runs end: what a process leaves behind, what another one made of the run meanwhile, and what both decide at once.

use chrono::TimeDelta;
use entity::{run, run_page};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait, QueryOrder};
use yts_ingest::store::{NewRun, Outcome, PageReading, PageResult};

use crate::support::database::Database;
use crate::support::records::ByHand;

on_both!(
    a_run_that_was_given_up_for_a_fresh_one_stays_given_up,
    a_run_that_another_process_finished_stays_finished,
    a_certificate_is_as_old_as_the_last_page_that_was_read,
    pages_that_its_own_process_left_do_not_keep_a_run_running,
    two_processes_that_begin_a_new_pass_begin_the_same,
);
on_one!(Postgres:
    a_run_on_which_another_process_works_stays_running,
    a_run_that_ends_while_another_process_joins_it_is_tried_again,
);

async fn status(by_hand: &ByHand) -> String {
    let row = run::Entity::find_by_id(by_hand.run.id).one(by_hand.store.db()).await.expect("runs can be read");
    row.expect("the run is there").status
}

/// Returns the run that [`ByHand`] begins, to be asked for again.
fn by_hand_again() -> NewRun {
    let (query, scope) = ("by hand".to_owned(), "by hand".to_owned());
    NewRun { query, scope, start_page: 1, max_pages: None, page_limit: 50 }
}

async fn stop(by_hand: &ByHand) {
    let ByHand { store, run, presence } = by_hand;
    store.end_run(run.id, presence.owner, Outcome::Interrupted, None).await.expect("the run ends");
}

async fn a_run_that_was_given_up_for_a_fresh_one_stays_given_up(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let fresh = by_hand.store.open_run(&by_hand_again(), true).await.expect("a run begins");
    assert_ne!(fresh.id, by_hand.run.id);
    stop(&by_hand).await;
    assert_eq!(status(&by_hand).await, "abandoned");
}

async fn a_run_that_another_process_finished_stays_finished(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let ByHand { store, run, presence } = &by_hand;
    store.end_run(run.id, presence.owner, Outcome::Complete, None).await.expect("the run ends");
    // This process lost the source, gave its pages back, and learns only now that another took them.
    let failed = store.end_run(run.id, presence.owner, Outcome::Failed, Some("the source is gone"));
    failed.await.expect("there is nothing to do");
    assert_eq!(status(&by_hand).await, "complete");
}

async fn a_certificate_is_as_old_as_the_last_page_that_was_read(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let store = &by_hand.store;
    let page = by_hand.page_of_new(Vec::new()).await;
    let reading = PageReading { page: 1, pass: 1, movie_count: 7, external_ids: Vec::new() };
    store.save_page(&PageResult { reading: Some(reading), ..page }).await.expect("the page is saved");
    // The process died before it certified the run, which is gone on with a week later.
    let row = run_page::Entity::find().one(store.db()).await.expect("pages can be read").expect("there is one");
    let week_ago = row.finished_at.expect("the page is done") - TimeDelta::weeks(1);
    let page = run_page::ActiveModel { finished_at: Set(Some(week_ago)), ..row.into() };
    page.update(store.db()).await.expect("the page is there");
    store.certify(by_hand.run.id, Some(0)).await.expect("the run is certified");

    let run = run::Entity::find_by_id(by_hand.run.id).one(store.db()).await.expect("runs can be read");
    let run = run.expect("the run is there");
    assert_eq!((run.certified_at, run.movie_count), (Some(week_ago), Some(7)));
}

async fn pages_that_its_own_process_left_do_not_keep_a_run_running(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    by_hand.claim().await;
    stop(&by_hand).await;
    assert_eq!(status(&by_hand).await, "interrupted");
}

async fn a_run_on_which_another_process_works_stays_running(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let other = by_hand.store.announce(&database.options(1)).await.expect("the server takes several");
    by_hand.store.claim(by_hand.run.id, other.owner, 1).await.expect("claiming works");
    stop(&by_hand).await;
    assert_eq!(status(&by_hand).await, "running");
}

async fn two_processes_that_begin_a_new_pass_begin_the_same(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let store = &by_hand.store;
    for _ in 0..2 {
        let page = by_hand.page_of_new(Vec::new()).await;
        store.save_page(&page).await.expect("the page is saved");
    }
    store.read_again(by_hand.run.id, &[1, 2], 1, true).await.expect("pages are due again");
    let page = by_hand.page_of_new(Vec::new()).await;
    store.save_page(&page).await.expect("the page is saved");
    // Another process judged the first pass too, and is late.
    store.read_again(by_hand.run.id, &[1, 2], 1, true).await.expect("nothing is left to do");

    let pages = run_page::Entity::find().order_by_asc(run_page::COLUMN.page).all(store.db()).await.expect("pages");
    let pages: Vec<_> = pages.iter().map(|page| (page.page, page.pass, page.status.as_str())).collect();
    assert_eq!(pages, [(1, 2, "done"), (2, 2, "due")]);
}

async fn a_run_that_ends_while_another_process_joins_it_is_tried_again(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    // The other process ends the run when this one has found that it is there.
    for sql in [
        "CREATE FUNCTION end_runs() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN UPDATE runs SET status = 'complete'; RETURN NULL; END $$",
        "CREATE TRIGGER end_runs AFTER INSERT ON runs FOR EACH STATEMENT EXECUTE FUNCTION end_runs()",
    ] {
        by_hand.store.db().execute_unprepared(sql).await.expect("triggers can be made");
    }
    let error = by_hand.store.open_run(&by_hand_again(), false).await.expect_err("the run has ended");
    assert!(error.is_transient(), "{error}");
}
