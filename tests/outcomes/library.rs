//! The store as a library: saving single movies from many tasks at once, and reading them back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use yts_ingest::movie::{CastMember, Movie};
use yts_ingest::store::{Store, retry};

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::Database;
use crate::support::records::{full_movie, person, torrent};
use crate::support::snapshot::Snapshot;

const TASKS: i32 = 8;
const ROUNDS: i32 = 5;

on_both!(
    tasks_that_save_movies_with_the_same_new_genres_and_cast_get_along,
    tasks_that_save_the_same_new_movie_save_it_once,
    tasks_that_bring_the_same_movie_up_to_date_get_along,
    tasks_that_save_movies_with_one_slug_give_each_its_own,
    tasks_that_get_or_create_the_same_genre_and_person_get_the_same_ids,
    a_torrent_named_twice_is_kept_once,
    a_movie_is_read_back_with_all_that_hangs_on_it,
    look_ups_find_what_they_ask_for,
);

/// Saves movies from several tasks at the same moment, round after round.
async fn save_at_once(store: &Store, movie: impl Fn(i32, i32) -> Movie + Copy + Send + Sync + 'static) {
    let barrier = Arc::new(Barrier::new(usize::try_from(TASKS).expect("a small number")));
    let tasks = (0..TASKS).map(|task| {
        let (store, barrier) = (store.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            let mut failures = Vec::new();
            for round in 0..ROUNDS {
                barrier.wait().await;
                if let Err(error) = store.save_movie(&movie(task, round)).await {
                    failures.push(format!("task {task}, round {round}: {error}"));
                }
            }
            failures
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let outcomes = futures::future::join_all(tasks).await;
    let failures: Vec<String> = outcomes.into_iter().flat_map(|failures| failures.expect("no panic")).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

async fn tasks_that_save_movies_with_the_same_new_genres_and_cast_get_along(database: &Database) {
    let store = database.store().await;
    save_at_once(&store, |task, round| {
        let mut genres: Vec<String> = (0..6).map(|number| format!("Genre {round}-{number}")).collect();
        let mut cast: Vec<CastMember> = (0..20).map(|number| person(round * 100 + number, "Role")).collect();
        cast.extend((0..10).map(|n| CastMember { name: format!("Extra {round}-{n}"), ..CastMember::default() }));
        // Each task names them in another order.
        let turn = usize::try_from(task).expect("a small number");
        let (genre_count, cast_count) = (genres.len(), cast.len());
        genres.rotate_left(turn % genre_count);
        cast.rotate_left(turn * 3 % cast_count);
        Movie { genres, cast, ..full_movie(round * TASKS + task + 1) }
    })
    .await;
    let snapshot = Snapshot::of(store.db()).await;
    assert_eq!(snapshot.movies.len(), usize::try_from(TASKS * ROUNDS).expect("a small number"));
    assert!(snapshot.movies.values().all(|movie| movie.roles.len() == 30 && movie.genres.len() == 6));
    assert_eq!((snapshot.genres.len(), snapshot.cast_members.len()), (30, 150));
}

async fn tasks_that_save_the_same_new_movie_save_it_once(database: &Database) {
    let store = database.store().await;
    save_at_once(&store, |_, round| full_movie(round + 1)).await;
    let snapshot = Snapshot::of(store.db()).await;
    assert_eq!(snapshot.movies.len(), usize::try_from(ROUNDS).expect("a small number"));
    assert!(snapshot.movies.values().all(|movie| movie.roles.len() == 2 && movie.torrents.len() == 2));
}

async fn tasks_that_bring_the_same_movie_up_to_date_get_along(database: &Database) {
    let store = database.store().await;
    store.save_movie(&full_movie(1)).await.expect("a movie is saved");
    save_at_once(&store, |task, round| {
        // Nothing of the movie's own row changes: only what hangs on it.
        let cast = vec![person(1, &format!("Role {task}-{round}")), person(task + 2, "Guest")];
        Movie { cast, genres: vec![format!("Genre {task}")], ..full_movie(1) }
    })
    .await;
    let mut snapshot = Snapshot::of(store.db()).await;
    let movie = snapshot.movie(1);
    assert_eq!((movie.roles.len(), movie.genres.len(), movie.torrents.len()), (2, 1, 2));
}

async fn tasks_that_save_movies_with_one_slug_give_each_its_own(database: &Database) {
    let store = database.store().await;
    let barrier = Arc::new(Barrier::new(usize::try_from(TASKS).expect("a small number")));
    let tasks = (1..=TASKS).map(|external_id| {
        let (store, barrier) = (store.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            let movie = Movie { slug: Some("same-2001".to_owned()), ..full_movie(external_id) };
            barrier.wait().await;
            // Who loses the race for the slug is told to try again.
            retry(Duration::from_secs(30), || async { store.save_movie(&movie).await }).await
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for saved in futures::future::join_all(tasks).await {
        assert_eq!(saved.expect("no panic").expect("the movie is saved").saved, 1);
    }
    let snapshot = Snapshot::of(store.db()).await;
    let slugs: Vec<&str> = snapshot.movies.values().filter_map(|movie| movie.columns.slug.as_deref()).collect();
    assert_eq!(slugs.len(), 8, "{slugs:?}");
    assert_eq!(slugs.iter().filter(|slug| **slug == "same-2001").count(), 1, "{slugs:?}");
}

async fn tasks_that_get_or_create_the_same_genre_and_person_get_the_same_ids(database: &Database) {
    let store = database.store().await;
    let tasks = (0..TASKS).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let genre = store.get_or_create_genre("Noir").await.expect("a genre");
            let with_code = store.get_or_create_cast(&person(1, "")).await.expect("a person");
            let codeless = CastMember { name: "Nobody".to_owned(), ..CastMember::default() };
            (genre, with_code, store.get_or_create_cast(&codeless).await.expect("a person"))
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let ids = futures::future::join_all(tasks).await;
    let mut ids: Vec<_> = ids.into_iter().map(|ids| ids.expect("no panic")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let snapshot = Snapshot::of(store.db()).await;
    assert_eq!((snapshot.genres.len(), snapshot.cast_members.len()), (1, 2));
}

async fn a_torrent_named_twice_is_kept_once(database: &Database) {
    let store = database.store().await;
    for seeds in [1, 2] {
        let movie = Movie { torrents: vec![torrent("A1", seeds), torrent("A1", seeds)], ..full_movie(1) };
        store.save_movie(&movie).await.expect("a movie is saved");
        let mut snapshot = Snapshot::of(store.db()).await;
        let torrents: Vec<_> = snapshot.movie(1).torrents.values().map(|torrent| torrent.seeds).collect();
        assert_eq!(torrents, [Some(seeds)]);
    }
}

async fn a_movie_is_read_back_with_all_that_hangs_on_it(database: &Database) {
    let store = database.store().await;
    store.save_movie(&full_movie(1)).await.expect("a movie is saved");
    store.save_movie(&full_movie(2)).await.expect("a movie is saved");
    let movie = store.movie(2).await.expect("reading works").expect("the movie is there");
    assert_eq!((movie.external_id, movie.title.as_str()), (2, "Movie 2"));
    let mut genres: Vec<_> = movie.genres.iter().map(|genre| genre.name.as_str()).collect();
    genres.sort_unstable();
    assert_eq!(genres, ["Drama", "Genre 2"]);
    let mut hashes: Vec<_> = movie.torrents.iter().map(|torrent| torrent.hash.as_str()).collect();
    hashes.sort_unstable();
    assert_eq!(hashes, ["A2", "B2"]);
    let mut roles: Vec<_> = movie.movie_casts.iter().collect();
    roles.sort_by_key(|role| role.position);
    let names: Vec<_> = roles.iter().map(|role| role.cast.as_ref().map(|cast| cast.name.as_str())).collect();
    assert_eq!(names, [Some("Person 2"), Some("Unseen 2")]);
    assert!(store.movie(3).await.expect("reading works").is_none());
}

async fn look_ups_find_what_they_ask_for(database: &Database) {
    let server = demo_server(100, "").await;
    Crawl { limit: 50, ..Crawl::of(server.base_url()) }.run(database).await;
    let store = database.store().await;
    let catalogue = demo_movies(100);
    let newest_first = |wanted: &dyn Fn(&yts_ingest::demo::Movie) -> bool| -> Vec<i32> {
        catalogue.iter().rev().filter(|movie| wanted(movie)).take(5).map(|movie| movie.id.cast_signed()).collect()
    };
    let ids = |rows: Vec<entity::movie::Model>| -> Vec<i32> { rows.into_iter().map(|row| row.external_id).collect() };

    let dramas = store.movies_of_genre("Drama", 5).await.expect("reading works");
    assert_eq!(ids(dramas), newest_first(&|movie| movie.genres.contains(&"Drama")));
    let year = catalogue[50].year;
    let of_year = store.movies_of_year(year.into(), 5).await.expect("reading works");
    assert_eq!(ids(of_year), newest_first(&|movie| movie.year == year));
    let by_code = store.movies_by_imdb_code(&catalogue[0].imdb_code).await.expect("reading works");
    assert!(ids(by_code).contains(&catalogue[0].id.cast_signed()));
    let top: Vec<_> = store.top_rated(10).await.expect("reading works").into_iter().map(|row| row.rating).collect();
    assert!(top.iter().all(Option::is_some) && top.is_sorted_by(|one, next| one >= next), "{top:?}");
    let known = store.known(&[catalogue[0].id.cast_signed(), 1_000_000]).await.expect("reading works");
    assert_eq!(known.external_ids, [catalogue[0].id.cast_signed()].into());
}
