//! Leases: a page has one holder at a time, and one that lost its lease cannot save what another has taken over.

use entity::run_page;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use yts_ingest::store::{Claim, Error, Failure, Store, Traffic};

use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie};
use crate::support::snapshot::Snapshot;

on_both!(
    a_page_that_another_took_over_cannot_be_saved_by_its_first_holder,
    a_page_that_another_took_over_cannot_be_given_up_or_back_by_its_first_holder,
    a_page_given_back_is_due_again_at_once,
    a_page_is_handed_out_once,
);
on_one!(Postgres:
    a_claim_takes_no_more_pages_than_asked_for_however_the_server_plans_it,
    a_lease_holds_while_its_holder_lives_and_ends_with_it,
    a_page_whose_claim_got_lost_is_free_once_its_lease_expires,
    a_page_that_two_workers_hold_is_renewed_until_both_have_let_go,
);

/// Lets every lease expire.
async fn expire_leases(store: &Store) {
    let long_ago = chrono::DateTime::UNIX_EPOCH;
    run_page::Entity::update_many()
        .col_expr(run_page::Column::LeaseExpiresAt, Expr::value(long_ago))
        .filter(run_page::COLUMN.status.eq("leased"))
        .exec(store.db())
        .await
        .expect("leases can be changed");
}

/// Has another process claim a page.
async fn claim_as(store: &Store, by_hand: &ByHand, owner: i32) -> Claim {
    store.claim(by_hand.run.id, owner, 1).await.expect("claiming works")
}

/// Says that something was refused because the lease was lost, and that nothing was saved.
async fn assert_lost(refusal: Error, store: &Store) {
    assert!(matches!(refusal, Error::LeaseLost { page: 1 }), "{refusal}");
    assert!(!refusal.is_transient());
    assert_eq!(Snapshot::of(store.db()).await, Snapshot::default());
}

async fn a_page_that_another_took_over_cannot_be_saved_by_its_first_holder(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let store = &by_hand.store;
    let mut page = by_hand.page_of_new((1..=5).map(full_movie).collect()).await;
    expire_leases(store).await;
    let taken_over = claim_as(store, &by_hand, by_hand.presence.owner ^ 1).await;
    let Claim::Pages(leases) = taken_over else { panic!("{taken_over:?}") };
    assert_lost(store.save_page(&page).await.expect_err("the lease was lost"), store).await;

    page.lease = leases[0];
    let saved = store.save_page(&page).await.expect("the new holder saves it");
    assert_eq!(saved.saved, 5);
    assert_eq!(Snapshot::of(store.db()).await.movies.len(), 5);
}

async fn a_page_that_another_took_over_cannot_be_given_up_or_back_by_its_first_holder(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let (store, lost) = (&by_hand.store, by_hand.claim().await);
    expire_leases(store).await;
    let other = by_hand.presence.owner ^ 1;
    assert!(matches!(claim_as(store, &by_hand, other).await, Claim::Pages(_)));
    let failure = Failure { external_id: None, stage: "list", reason: "gone".to_owned(), body_head: None };
    assert_lost(store.fail_page(lost, failure).await.expect_err("the lease was lost"), store).await;
    assert_eq!(store.failure_count(by_hand.run.id).await.expect("failures can be read"), 0);

    store.release(&[lost]).await.expect("giving back what one has not is no error");
    let rows = run_page::Entity::find().all(store.db()).await.expect("pages can be read");
    assert_eq!((rows[0].status.as_str(), rows[0].lease_owner), ("leased", Some(other)));
}

async fn a_page_given_back_is_due_again_at_once(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let first = by_hand.claim().await;
    by_hand.store.release(&[first]).await.expect("it is given back");
    let again = by_hand.claim().await;
    assert_eq!(again.page, first.page);
    assert_ne!(again, first, "a new lease");
}

async fn a_page_is_handed_out_once(database: &Database) {
    let by_hand = ByHand::begin(database, 20).await;
    let claims = (1..=4).chain(1..=4).map(|at_most: u32| {
        let (store, run_id, owner) = (by_hand.store.clone(), by_hand.run.id, by_hand.presence.owner);
        tokio::spawn(async move {
            let mut pages = Vec::new();
            while let Claim::Pages(leases) = store.claim(run_id, owner, at_most).await.expect("claiming works") {
                assert!(leases.len() <= at_most as usize, "{leases:?}");
                pages.extend(leases.iter().map(|lease| lease.page));
            }
            pages
        })
    });
    let claims: Vec<_> = claims.collect();
    let pages = futures::future::join_all(claims).await;
    let mut pages: Vec<i32> = pages.into_iter().flat_map(|pages| pages.expect("no panic")).collect();
    pages.sort_unstable();
    assert_eq!(pages, (1..=20).collect::<Vec<_>>());
}

async fn a_claim_takes_no_more_pages_than_asked_for_however_the_server_plans_it(database: &Database) {
    database.plan_without(&["hashagg", "hashjoin", "mergejoin", "material", "sort", "bitmapscan"]).await;
    let by_hand = ByHand::begin(database, 8).await;
    let ByHand { store, run, presence } = &by_hand;
    let claim = store.claim(run.id, presence.owner, 3).await.expect("claiming works");
    let Claim::Pages(claimed) = claim else { panic!("{claim:?}") };
    let pages: Vec<i32> = claimed.iter().map(|lease| lease.page).chain([by_hand.claim().await.page]).collect();
    assert_eq!(pages, [1, 2, 3, 4]);
    let leased = run_page::Entity::find().filter(run_page::COLUMN.status.eq("leased"));
    let leased = leased.order_by_asc(run_page::COLUMN.page).all(by_hand.store.db()).await.expect("pages can be read");
    assert_eq!(leased.iter().map(|page| page.page).collect::<Vec<_>>(), pages);
}

async fn a_page_whose_claim_got_lost_is_free_once_its_lease_expires(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let (lost, known) = (by_hand.claim().await, by_hand.claim().await);
    let ByHand { store, run, presence } = &by_hand;
    let in_hand = presence.hold(known);
    expire_leases(store).await;
    store.heartbeat(run.id, presence, Traffic::default()).await.expect("the heart beats");
    assert_eq!(by_hand.claim().await.page, lost.page);
    assert_eq!(claim_as(store, &by_hand, presence.owner).await, Claim::Wait, "the other is renewed");

    drop(in_hand);
    expire_leases(store).await;
    store.heartbeat(run.id, presence, Traffic::default()).await.expect("the heart beats");
    assert_ne!(by_hand.claim().await.page, by_hand.claim().await.page, "neither is renewed");
}

async fn a_page_that_two_workers_hold_is_renewed_until_both_have_let_go(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let first = by_hand.claim().await;
    let ByHand { store, run, presence } = &by_hand;
    let first_holds = presence.hold(first);
    expire_leases(store).await;
    let second = by_hand.claim().await;
    let second_holds = presence.hold(second);
    drop(first_holds);
    expire_leases(store).await;
    store.heartbeat(run.id, presence, Traffic::default()).await.expect("the heart beats");
    assert_eq!(claim_as(store, &by_hand, presence.owner).await, Claim::Wait, "the second still works on it");

    drop(second_holds);
    expire_leases(store).await;
    store.heartbeat(run.id, presence, Traffic::default()).await.expect("the heart beats");
    assert_eq!(by_hand.claim().await.page, second.page);
}

async fn a_lease_holds_while_its_holder_lives_and_ends_with_it(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let lost = by_hand.claim().await;
    let other = by_hand.store.announce(&database.options(1)).await.expect("the server takes several");
    assert_eq!(claim_as(&by_hand.store, &by_hand, other.owner).await, Claim::Wait);

    let ByHand { store, run, presence } = by_hand;
    drop(presence);
    // The server notices a moment later that the connection is gone.
    let taken_over = async {
        loop {
            match store.claim(run.id, other.owner, 1).await.expect("claiming works") {
                Claim::Pages(leases) => break leases[0],
                _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    };
    let taken_over = tokio::time::timeout(std::time::Duration::from_secs(20), taken_over).await;
    assert_eq!(taken_over.expect("long before the lease expires").page, lost.page);
}
