//! Several pages in one transaction: they cost what one costs, and one that cannot be saved with the others costs only
//! itself.

use yts_ingest::movie::Movie;
use yts_ingest::store::{PageResult, Saved, Scope};

use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie, torrent};
use crate::support::snapshot::Snapshot;
use crate::support::statements;

on_both!(
    several_pages_take_the_statements_of_one,
    a_movie_on_two_pages_is_saved_once_and_counts_once,
    pages_brought_up_to_date_in_part_and_in_everything_go_together,
    a_page_that_passed_to_another_process_costs_that_page_only,
    a_movie_that_is_refused_costs_that_movie_only_whatever_is_saved_beside_it,
    pages_may_be_saved_again_where_the_answer_was_lost,
);

async fn pages_of_new<const COUNT: usize>(by_hand: &ByHand, movies: [Vec<Movie>; COUNT]) -> Vec<PageResult> {
    let mut pages = Vec::with_capacity(COUNT);
    for movies in movies {
        pages.push(by_hand.page_of_new(movies).await);
    }
    pages
}

fn movies(ids: std::ops::RangeInclusive<i32>) -> Vec<Movie> {
    ids.map(full_movie).collect()
}

/// Listed, saved, updated, skipped, failed.
type Figures = (u32, u32, u32, u32, u32);

fn figures(saved: &[Option<Saved>]) -> Vec<Option<Figures>> {
    let of_page = |saved: Saved| (saved.listed, saved.saved, saved.updated, saved.skipped, saved.failed);
    saved.iter().map(|saved| saved.map(of_page)).collect()
}

async fn several_pages_take_the_statements_of_one(database: &Database) {
    let by_hand = ByHand::begin(database, 5).await;
    let one = pages_of_new(&by_hand, [movies(1..=10)]).await;
    let (saved, of_one) = statements::count(Box::pin(by_hand.store.save_pages(&one))).await;
    assert_eq!(figures(&saved.expect("it is saved")), [Some((10, 10, 0, 0, 0))]);

    let pages = [movies(11..=20), movies(21..=30), Vec::new(), movies(31..=31)];
    let four = pages_of_new(&by_hand, pages).await;
    let (saved, of_four) = statements::count(Box::pin(by_hand.store.save_pages(&four))).await;
    let expected = [(10, 10, 0, 0, 0), (10, 10, 0, 0, 0), (0, 0, 0, 0, 0), (1, 1, 0, 0, 0)];
    assert_eq!(figures(&saved.expect("they are saved")), expected.map(Some));
    assert_eq!(of_one, of_four);
    assert_eq!(Snapshot::of(by_hand.store.db()).await.movies.len(), 31);
    let totals = by_hand.store.run_totals(by_hand.run.id).await.expect("the run can be read");
    assert_eq!((totals.done, totals.open, totals.saved), (5, 0, 31));
}

async fn a_movie_on_two_pages_is_saved_once_and_counts_once(database: &Database) {
    let by_hand = ByHand::begin(database, 4).await;
    let pages = pages_of_new(&by_hand, [movies(1..=4), movies(4..=6)]).await;
    let saved = by_hand.store.save_pages(&pages).await.expect("they are saved");
    assert_eq!(figures(&saved), [Some((4, 4, 0, 0, 0)), Some((3, 2, 0, 1, 0))]);
    let snapshot = Snapshot::of(by_hand.store.db()).await;
    assert_eq!(snapshot.movies.len(), 6);
    assert!(snapshot.movies.values().all(|movie| movie.roles.len() == 2 && movie.torrents.len() == 2));

    let better = |ids| movies(ids).into_iter().map(|movie| Movie { rating: Some(9.0), ..movie }).collect();
    let scope = Scope::RatingAndTorrents;
    let pages = [
        by_hand.page_of_updates(better(1..=4), scope).await,
        by_hand.page_of_updates([better(4..=5), movies(6..=6)].concat(), scope).await,
    ];
    let saved = by_hand.store.save_pages(&pages).await.expect("they are saved");
    assert_eq!(figures(&saved), [Some((4, 0, 4, 0, 0)), Some((3, 0, 1, 2, 0))]);
}

async fn pages_brought_up_to_date_in_part_and_in_everything_go_together(database: &Database) {
    let by_hand = ByHand::begin(database, 3).await;
    let page = by_hand.page_of_new(movies(1..=2)).await;
    by_hand.store.save_page(&page).await.expect("it is saved");
    let changed = |id: i32| Movie {
        year: Some(1999),
        rating: Some(8.0),
        torrents: vec![torrent(&format!("NEW{id}"), 3)],
        ..full_movie(id)
    };
    let pages = [
        by_hand.page_of_updates(vec![changed(1)], Scope::RatingAndTorrents).await,
        by_hand.page_of_updates(vec![changed(2)], Scope::Everything).await,
    ];
    let saved = by_hand.store.save_pages(&pages).await.expect("they are saved");
    assert_eq!(figures(&saved), [Some((1, 0, 1, 0, 0)); 2]);
    let mut snapshot = Snapshot::of(by_hand.store.db()).await;
    for (id, year) in [(1, 2001), (2, 1999)] {
        let movie = snapshot.movie(id);
        assert_eq!((movie.columns.year, movie.torrents.len()), (Some(year), 3));
        assert_eq!(movie.columns.rating.map(|rating| rating.to_string()).as_deref(), Some("8"));
    }
}

async fn a_page_that_passed_to_another_process_costs_that_page_only(database: &Database) {
    let by_hand = ByHand::begin(database, 3).await;
    let pages = pages_of_new(&by_hand, [movies(1..=2), movies(3..=4), movies(5..=6)]).await;
    by_hand.store.release(&[pages[1].lease]).await.expect("it is given back");
    let another = by_hand.claim().await;
    assert_eq!(another.page, pages[1].lease.page);
    let saved = by_hand.store.save_pages(&pages).await.expect("the others are saved");
    assert_eq!(figures(&saved), [Some((2, 2, 0, 0, 0)), None, Some((2, 2, 0, 0, 0))]);
    let snapshot = Snapshot::of(by_hand.store.db()).await;
    assert_eq!(snapshot.movies.keys().copied().collect::<Vec<_>>(), [1, 2, 5, 6]);

    let page = PageResult { lease: another, ..pages[1].clone() };
    by_hand.store.save_page(&page).await.expect("whoever has it now saves it");
    assert_eq!(Snapshot::of(by_hand.store.db()).await.movies.len(), 6);
}

async fn a_movie_that_is_refused_costs_that_movie_only_whatever_is_saved_beside_it(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let mut pages = pages_of_new(&by_hand, [movies(1..=5), movies(6..=10)]).await;
    pages[1].new[2].rating = Some(11.0);
    let saved = by_hand.store.save_pages(&pages).await.expect("the others are saved");
    assert_eq!(figures(&saved), [Some((5, 5, 0, 0, 0)), Some((5, 4, 0, 0, 1))]);
    let recorded = by_hand.store.failures(by_hand.run.id, 10).await.expect("failures can be read");
    let recorded: Vec<_> = recorded.iter().map(|row| (row.external_id, row.page)).collect();
    assert_eq!(recorded, [(Some(8), Some(2))]);
}

async fn pages_may_be_saved_again_where_the_answer_was_lost(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let pages = pages_of_new(&by_hand, [movies(1..=5), movies(6..=7)]).await;
    let saved = by_hand.store.save_pages(&pages).await.expect("they are saved");
    let before = Snapshot::of(by_hand.store.db()).await;
    let again = by_hand.store.save_pages(&pages).await.expect("they were saved before");
    assert_eq!(again, saved);
    Snapshot::of(by_hand.store.db()).await.assert_same(&before);
}
