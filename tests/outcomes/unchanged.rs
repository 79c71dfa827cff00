//! How an update tells what changed from what did not: before it begins to write, and by one reading of the page.

use chrono::DateTime;
use sea_orm::ConnectionTrait;
use yts_ingest::movie::{Movie, Torrent};
use yts_ingest::store::{Saved, Scope};

use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie, torrent};
use crate::support::snapshot::Snapshot;
use crate::support::{statements, writes};

on_both!(
    what_is_known_is_told_by_one_statement_whatever_the_texts_hold,
    every_field_of_a_torrent_counts,
    a_movie_that_changed_is_told_from_those_beside_it,
    a_movie_that_is_not_there_is_left_alone,
);
on_one!(Sqlite:
    a_date_in_another_form_than_ours_is_understood,
    a_fraction_of_a_seed_keeps_no_run_from_going_on,
);
on_one!(Postgres: a_date_without_end_keeps_no_run_from_going_on);

/// Texts that mean something to what packs them, to what reads them, or to the databases.
const ODD: [&str; 8] = [
    "\u{1f}",
    "\u{1e}a\u{1f}b\u{1e}",
    "\"],[\"",
    "it's \"quoted\" \\ \\\" \\u0041",
    "lines\r\n\tand\u{1b}more\u{7f}",
    "null",
    "[1,null,true]",
    "right\u{202e}to left \u{feff} 千と千尋 🎬 e\u{301}",
];

/// Returns a torrent of which everything is known.
fn whole_torrent(hash: &str) -> Torrent {
    let some = |text: &str| Some(text.to_owned());
    Torrent {
        hash: hash.to_owned(),
        url: some("https://yts.example/1"),
        quality: some("1080p"),
        kind: some("web"),
        is_repack: Some(false),
        video_codec: some("x264"),
        bit_depth: some("8"),
        audio_channels: some("2.0"),
        seeds: Some(1),
        peers: Some(2),
        size: some("1 GB"),
        size_bytes: Some(i64::MAX),
        date_uploaded: DateTime::from_timestamp(1_600_000_000, 0),
    }
}

/// Returns movies with odd texts everywhere, and some of which little is known.
fn odd_movies() -> Vec<Movie> {
    let odd = ODD.into_iter().map(|text| {
        let some = Some(text.to_owned());
        let odd = Torrent {
            hash: format!("ODD {text}"),
            url: some.clone(),
            quality: some.clone(),
            kind: some.clone(),
            is_repack: Some(true),
            video_codec: some.clone(),
            bit_depth: some.clone(),
            audio_channels: some.clone(),
            size: some,
            ..whole_torrent("")
        };
        let bare = Torrent { hash: "BARE".to_owned(), ..Torrent::default() };
        vec![odd, bare, whole_torrent("WHOLE")]
    });
    let torrents = odd.chain([Vec::new()]);
    let mut movies: Vec<Movie> =
        (1..).zip(torrents).map(|(id, torrents)| Movie { torrents, ..full_movie(id) }).collect();
    movies
        .extend([(20, Some(10.0)), (21, Some(0.1)), (22, None)].map(|(id, rating)| Movie { rating, ..full_movie(id) }));
    movies
}

/// Saves movies as a page of new ones.
async fn save(by_hand: &ByHand, movies: &[Movie]) {
    let page = by_hand.page_of_new(movies.to_vec()).await;
    by_hand.store.save_page(&page).await.expect("the page is saved");
}

/// Brings movies up to date from the list, as a crawl does; returns what came of it, and how many statements it took.
async fn update(by_hand: &ByHand, movies: Vec<Movie>) -> (Saved, usize) {
    let mut page = by_hand.page_of_updates(movies, Scope::RatingAndTorrents).await;
    let saving = async {
        let up_to_date = by_hand.store.up_to_date(&page.updates.iter().collect::<Vec<_>>()).await?;
        page.updates.retain(|movie| !up_to_date.contains(&movie.external_id));
        by_hand.store.save_page(&page).await
    };
    let (saved, count) = statements::count(Box::pin(saving)).await;
    (saved.expect("the page is saved"), count)
}

async fn what_is_known_is_told_by_one_statement_whatever_the_texts_hold(database: &Database) {
    let by_hand = ByHand::begin(database, 3).await;
    let movies = odd_movies();
    save(&by_hand, &movies).await;
    let (_, of_nothing) = update(&by_hand, Vec::new()).await;
    writes::note(by_hand.store.db()).await;
    let (saved, statements) = update(&by_hand, movies.clone()).await;

    let all = u32::try_from(movies.len()).expect("a small number");
    assert_eq!((saved.updated, saved.skipped), (0, all));
    assert_eq!(statements, of_nothing + 1);
    assert_eq!(writes::noted(by_hand.store.db()).await, [].into());
}

async fn every_field_of_a_torrent_counts(database: &Database) {
    let some = |text: &str| Some(text.to_owned());
    let whole = || whole_torrent("A");
    let changed = [
        Torrent { url: some("https://yts.example/1\u{1f}"), ..whole() },
        Torrent { quality: some("1080P"), ..whole() },
        Torrent { kind: some("web "), ..whole() },
        Torrent { is_repack: Some(true), ..whole() },
        Torrent { video_codec: some("null"), ..whole() },
        Torrent { bit_depth: some("\"8\""), ..whole() },
        Torrent { audio_channels: some("2.0,"), ..whole() },
        Torrent { seeds: Some(0), ..whole() },
        Torrent { peers: Some(i32::MAX), ..whole() },
        Torrent { size: some("1\u{a0}GB"), ..whole() },
        Torrent { size_bytes: Some(i64::MAX - 1), ..whole() },
        Torrent { date_uploaded: DateTime::from_timestamp(1_600_000_001, 0), ..whole() },
    ];
    let by_hand = ByHand::begin(database, 1 + 2 * u32::try_from(changed.len()).expect("a small number")).await;
    let with = |torrent: Torrent| Movie { torrents: vec![torrent], ..full_movie(1) };
    save(&by_hand, &[with(whole())]).await;
    let before = Snapshot::of(by_hand.store.db()).await;
    for torrent in changed {
        let (saved, _) = update(&by_hand, vec![with(torrent.clone())]).await;
        assert_eq!((saved.updated, saved.skipped), (1, 0), "{torrent:?}");
        assert_ne!(Snapshot::of(by_hand.store.db()).await.movies, before.movies, "{torrent:?}");
        update(&by_hand, vec![with(whole())]).await;
        Snapshot::of(by_hand.store.db()).await.assert_same(&before);
    }
}

async fn a_movie_that_changed_is_told_from_those_beside_it(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let bare = Movie { rating: None, torrents: Vec::new(), ..full_movie(4) };
    save(&by_hand, &[full_movie(1), full_movie(2), full_movie(3), bare.clone()]).await;
    let mut expected = Snapshot::of(by_hand.store.db()).await;
    let more = vec![full_movie(3).torrents[1].clone(), torrent("NEW", 5)];
    let fewer = vec![full_movie(2).torrents[1].clone()];
    let movies = vec![
        Movie { torrents: fewer, ..full_movie(2) },
        Movie { rating: Some(6.6), torrents: Vec::new(), ..full_movie(1) },
        Movie { torrents: more, ..full_movie(3) },
        bare,
    ];
    let (saved, _) = update(&by_hand, movies).await;

    assert_eq!((saved.updated, saved.skipped), (2, 2));
    expected.movie(1).columns.rating = Some("6.6".parse().expect("a number"));
    let known = expected.movie(3).torrents["A3"].clone();
    let added = entity::torrent::Model { hash: "NEW".to_owned(), seeds: Some(5), ..known };
    expected.movie(3).torrents.insert("NEW".to_owned(), added);
    Snapshot::of(by_hand.store.db()).await.assert_same(&expected);
}

async fn a_movie_that_is_not_there_is_left_alone(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    save(&by_hand, &[full_movie(1)]).await;
    let before = Snapshot::of(by_hand.store.db()).await;
    let (saved, _) = update(&by_hand, vec![full_movie(1), full_movie(2)]).await;
    assert_eq!((saved.updated, saved.skipped), (0, 2));
    Snapshot::of(by_hand.store.db()).await.assert_same(&before);
}

async fn a_date_in_another_form_than_ours_is_understood(database: &Database) {
    let by_hand = ByHand::begin(database, 2).await;
    let movies = [Movie { torrents: vec![whole_torrent("A")], ..full_movie(1) }, full_movie(2)];
    save(&by_hand, &movies).await;
    let store = &by_hand.store;
    let by_day = "UPDATE torrents SET date_uploaded = '2020-09-13 12:26:40' WHERE hash = 'A'";
    let changed = store.db().execute_unprepared(by_day).await.expect("the date can be changed");
    assert_eq!(changed.rows_affected(), 1);
    writes::note(store.db()).await;
    let (saved, _) = update(&by_hand, movies.to_vec()).await;
    assert_eq!((saved.updated, saved.skipped), (0, 2));
    assert_eq!(writes::noted(store.db()).await, [].into());
}

/// Expects an update to bring a torrent back to what the source says, whatever somebody made of it.
async fn assert_mended(database: &Database, by_hand_sql: &str) {
    let by_hand = ByHand::begin(database, 2).await;
    let movies = [Movie { torrents: vec![whole_torrent("A")], ..full_movie(1) }, full_movie(2)];
    save(&by_hand, &movies).await;
    let store = &by_hand.store;
    let before = Snapshot::of(store.db()).await;
    let changed = store.db().execute_unprepared(by_hand_sql).await.expect("the torrent can be changed");
    assert_eq!(changed.rows_affected(), 1);
    let (saved, _) = update(&by_hand, movies.to_vec()).await;
    assert_eq!((saved.updated, saved.skipped), (1, 1));
    Snapshot::of(store.db()).await.assert_same(&before);
}

async fn a_fraction_of_a_seed_keeps_no_run_from_going_on(database: &Database) {
    assert_mended(database, "UPDATE torrents SET seeds = 5.5 WHERE hash = 'A'").await;
}

async fn a_date_without_end_keeps_no_run_from_going_on(database: &Database) {
    assert_mended(database, "UPDATE torrents SET date_uploaded = 'infinity' WHERE hash = 'A'").await;
}
