//! The number of statements does not depend on the number of movies.

use yts_ingest::movie::Movie;
use yts_ingest::store::{PageResult, Scope};

use crate::support::crawling::{Crawl, demo_server};
use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie, person, torrent};
use crate::support::statements;

const SMALL: i32 = 10;
const LARGE: i32 = 50;

on_both!(
    a_page_of_new_movies_costs_the_same_whatever_their_number,
    a_page_of_ratings_and_torrents_costs_the_same_whatever_their_number,
    a_page_brought_up_to_date_in_everything_costs_the_same_whatever_their_number,
    a_page_of_known_movies_costs_the_same_whatever_their_number,
    reading_a_movie_costs_the_same_whatever_hangs_on_it,
    a_reading_of_the_catalogue_costs_the_same_whatever_it_holds,
);

/// Saves a page and returns how many statements that took.
async fn cost(by_hand: &ByHand, page: &PageResult) -> usize {
    let (saved, count) = statements::count(Box::pin(by_hand.store.save_page(page))).await;
    let saved = saved.expect("the page is saved");
    assert_eq!(saved.skipped + saved.failed, 0, "every movie was written");
    assert!((3..=40).contains(&count), "{count} statements");
    count
}

/// Returns movies that share nothing with those of other numbers.
fn movies(from: i32, count: i32) -> Vec<Movie> {
    (from..from + count).map(full_movie).collect()
}

async fn a_page_of_new_movies_costs_the_same_whatever_their_number(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let small = cost(&by_hand, &by_hand.page_of_new(movies(100, SMALL)).await).await;
    let large = cost(&by_hand, &by_hand.page_of_new(movies(200, LARGE)).await).await;
    assert_eq!(small, large);
}

async fn a_page_of_ratings_and_torrents_costs_the_same_whatever_their_number(database: &Database) {
    let (small, large) = costs_of_updates(database, Scope::RatingAndTorrents, |movie| Movie {
        rating: Some(9.1),
        torrents: vec![torrent(&format!("A{}", movie.external_id), 77), torrent(&format!("C{}", movie.external_id), 1)],
        ..movie
    })
    .await;
    assert_eq!(small, large);
}

async fn a_page_brought_up_to_date_in_everything_costs_the_same_whatever_their_number(database: &Database) {
    let (small, large) = costs_of_updates(database, Scope::Everything, |movie| {
        let changed = full_movie(movie.external_id + 1000);
        Movie {
            external_id: movie.external_id,
            cast: vec![person(movie.external_id + 5000, "New"), movie.cast[1].clone()],
            ..changed
        }
    })
    .await;
    assert_eq!(small, large);
}

/// Saves movies, then returns what it costs to bring a few and many of them up to date.
async fn costs_of_updates(database: &Database, scope: Scope, change: impl Fn(Movie) -> Movie) -> (usize, usize) {
    let by_hand = ByHand::begin(database, 4).await;
    let mut costs = Vec::new();
    for movies in [movies(100, SMALL), movies(200, LARGE)] {
        by_hand.store.save_page(&by_hand.page_of_new(movies.clone()).await).await.expect("the page is saved");
        let changed = movies.into_iter().map(&change).collect();
        costs.push(cost(&by_hand, &by_hand.page_of_updates(changed, scope).await).await);
    }
    (costs[0], costs[1])
}

async fn a_page_of_known_movies_costs_the_same_whatever_their_number(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let store = &by_hand.store;
    store.save_page(&by_hand.page_of_new(movies(1, LARGE)).await).await.expect("the page is saved");
    for count in [SMALL, LARGE] {
        let external_ids: Vec<i32> = (1..=count).collect();
        let (known, statements) = statements::count(store.known(&external_ids)).await;
        assert_eq!(known.expect("reading works").external_ids.len(), external_ids.len());
        assert_eq!(statements, 1);
    }
}

async fn reading_a_movie_costs_the_same_whatever_hangs_on_it(database: &Database) {
    let store = database.store().await;
    let large = Movie {
        genres: (0..10).map(|number| format!("Genre {number}")).collect(),
        cast: (0..30).map(|number| person(number, "Role")).collect(),
        torrents: (0..12).map(|number| torrent(&format!("H{number}"), number)).collect(),
        ..full_movie(2)
    };
    let mut costs = Vec::new();
    for movie in [full_movie(1), large] {
        store.save_movie(&movie).await.expect("a movie is saved");
        let (read, count) = statements::count(store.movie(movie.external_id)).await;
        let read = read.expect("reading works").expect("the movie is there");
        assert_eq!(read.movie_casts.iter().count(), movie.cast.len());
        costs.push(count);
    }
    assert_eq!(costs[0], costs[1]);
    assert!((1..=6).contains(&costs[0]), "{} statements", costs[0]);
}

async fn a_reading_of_the_catalogue_costs_the_same_whatever_it_holds(database: &Database) {
    let mut costs = Vec::new();
    for movies in [10, 100] {
        let server = demo_server(movies, "").await;
        Crawl::of(server.base_url()).run(database).await;
        let store = database.store().await;
        costs.push(statements::count(store.stats()).await.1);
        costs.push(statements::count(store.last_run()).await.1);
    }
    assert_eq!(costs[..2], costs[2..]);
}
