//! What a movie, a slug and a person are called in the database, where the source leaves it open or repeats itself.

use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use yts_ingest::movie::{CastMember, Movie};
use yts_ingest::store::{Scope, retry};

use crate::support::database::Database;
use crate::support::records::{ByHand, full_movie, person};
use crate::support::snapshot::Snapshot;
use crate::support::waiting::until_somebody_waits;

on_both!(
    a_movie_without_a_title_takes_the_long_one_else_the_slug_else_its_id,
    a_slug_that_another_movie_holds_gets_the_id_appended,
    a_slug_is_free_only_where_no_movie_holds_it_with_whatever_is_appended,
    a_slug_stays_as_it_is_when_its_movie_is_saved_again,
    one_person_in_two_roles_keeps_both,
    a_person_without_a_code_is_told_by_the_name,
    a_person_with_a_code_is_told_by_the_code,
    a_portrait_is_filled_in_later_and_never_taken_away,
    text_is_data_whatever_it_holds,
    text_with_nul_has_one_outcome_on_both_databases,
);
on_one!(Postgres: a_slug_that_is_taken_at_this_moment_is_looked_up_again);

const PATIENCE: Duration = Duration::from_secs(30);

/// Returns a movie of which little is known.
fn bare(external_id: i32) -> Movie {
    Movie { external_id, ..Movie::default() }
}

async fn a_movie_without_a_title_takes_the_long_one_else_the_slug_else_its_id(database: &Database) {
    let store = database.store().await;
    let some = |text: &str| Some(text.to_owned());
    for movie in [
        Movie { title: some("Title"), title_long: some("Title (1999)"), slug: some("title-1999"), ..bare(1) },
        Movie { title_long: some("Long (1999)"), slug: some("long-1999"), ..bare(2) },
        Movie { slug: some("slug-1999"), ..bare(3) },
        bare(4),
    ] {
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    let snapshot = Snapshot::of(store.db()).await;
    let titles: Vec<_> = snapshot.movies.values().map(|movie| movie.columns.title.as_str()).collect();
    assert_eq!(titles, ["Title", "Long (1999)", "slug-1999", "untitled-4"]);
}

async fn a_slug_that_another_movie_holds_gets_the_id_appended(database: &Database) {
    let store = database.store().await;
    for external_id in [7, 3, 5] {
        let movie = Movie { slug: Some("same-2001".to_owned()), ..bare(external_id) };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    let snapshot = Snapshot::of(store.db()).await;
    let slugs: Vec<_> = snapshot.movies.values().map(|movie| movie.columns.slug.as_deref()).collect();
    assert_eq!(slugs, [Some("same-2001-3"), Some("same-2001-5"), Some("same-2001")]);
}

async fn a_slug_is_free_only_where_no_movie_holds_it_with_whatever_is_appended(database: &Database) {
    let store = database.store().await;
    for (external_id, slug) in [(1, "same"), (2, "same-5"), (3, "same-5-5"), (5, "same"), (6, "same-5-5-5")] {
        let movie = Movie { slug: Some(slug.to_owned()), ..bare(external_id) };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    let snapshot = Snapshot::of(store.db()).await;
    let slugs: Vec<_> = snapshot.movies.values().filter_map(|movie| movie.columns.slug.as_deref()).collect();
    assert_eq!(slugs, ["same", "same-5", "same-5-5", "same-5-5-5", "same-5-5-5-6"]);
}

async fn a_slug_that_is_taken_at_this_moment_is_looked_up_again(database: &Database) {
    let by_hand = ByHand::begin(database, 1).await;
    let store = by_hand.store.clone();
    for external_id in [1, 2] {
        store.save_movie(&bare(external_id)).await.expect("a movie is saved");
    }
    let named = Movie { slug: Some("same".to_owned()), ..bare(1) };
    let page = by_hand.page_of_updates(vec![named], Scope::Everything).await;
    let db = database.plain_connection().await;
    let other = db.begin().await.expect("a transaction begins");
    other.execute_unprepared("UPDATE movies SET slug = 'same' WHERE external_id = 2").await.expect("the slug is free");
    let saving = tokio::spawn(async move { retry(PATIENCE, || by_hand.store.save_page(&page)).await });
    until_somebody_waits(store.db()).await;
    other.commit().await.expect("the slug is taken");
    let saved = saving.await.expect("no panic").expect("the page is saved");
    assert_eq!((saved.updated, saved.failed), (1, 0));
    let slug = Snapshot::of(store.db()).await.movie(1).columns.slug.clone();
    assert_eq!(slug.as_deref(), Some("same-1"));
}

async fn a_slug_stays_as_it_is_when_its_movie_is_saved_again(database: &Database) {
    let store = database.store().await;
    let movies = [1, 2].map(|id| Movie { slug: Some("same-2001".to_owned()), ..full_movie(id) });
    for movie in &movies {
        store.save_movie(movie).await.expect("a movie is saved");
    }
    let before = Snapshot::of(store.db()).await;
    for movie in &movies {
        let saved = store.save_movie(movie).await.expect("a movie is saved again");
        assert_eq!((saved.saved, saved.updated, saved.skipped), (0, 0, 1));
    }
    Snapshot::of(store.db()).await.assert_same(&before);
}

async fn one_person_in_two_roles_keeps_both(database: &Database) {
    let store = database.store().await;
    let cast = vec![person(1, "Hero"), person(2, "Villain"), person(1, "Hero's twin")];
    store.save_movie(&Movie { cast, ..bare(1) }).await.expect("a movie is saved");
    let mut snapshot = Snapshot::of(store.db()).await;
    let roles = snapshot.movie(1).roles.iter().map(|(person, role)| (person.name.as_str(), role.as_deref()));
    let expected = [("Person 1", Some("Hero")), ("Person 2", Some("Villain")), ("Person 1", Some("Hero's twin"))];
    assert_eq!(roles.collect::<Vec<_>>(), expected);
    assert_eq!(snapshot.cast_members.len(), 2);
}

async fn a_person_without_a_code_is_told_by_the_name(database: &Database) {
    let store = database.store().await;
    let codeless = CastMember { imdb_code: None, ..person(1, "Extra") };
    // The namesake with a code is somebody else.
    for (external_id, member) in [(1, codeless.clone()), (2, codeless), (3, person(1, "Star"))] {
        let movie = Movie { cast: vec![member], ..bare(external_id) };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    let snapshot = Snapshot::of(store.db()).await;
    let codes: Vec<_> = snapshot.cast_members.iter().map(|person| person.imdb_code.as_deref()).collect();
    assert_eq!(codes, [None, Some("0000001")]);
}

async fn a_person_with_a_code_is_told_by_the_code(database: &Database) {
    let store = database.store().await;
    let renamed = CastMember { name: "Another spelling".to_owned(), ..person(1, "Later") };
    let namesake = CastMember { imdb_code: Some("0000002".to_owned()), ..person(1, "Namesake") };
    for (external_id, member) in [(1, person(1, "First")), (2, renamed), (3, namesake)] {
        let movie = Movie { cast: vec![member], ..bare(external_id) };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    let snapshot = Snapshot::of(store.db()).await;
    let codes: Vec<_> = snapshot.cast_members.iter().map(|person| person.imdb_code.as_deref()).collect();
    assert_eq!(codes, [Some("0000001"), Some("0000002")]);
}

async fn a_portrait_is_filled_in_later_and_never_taken_away(database: &Database) {
    let store = database.store().await;
    let with_portrait = CastMember { url_small_image: Some("https://yts.example/1.jpg".to_owned()), ..person(1, "A") };
    for (external_id, member) in [(1, person(1, "A")), (2, with_portrait), (3, person(1, "B"))] {
        let movie = Movie { cast: vec![member], ..bare(external_id) };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    let snapshot = Snapshot::of(store.db()).await;
    let portraits: Vec<_> = snapshot.cast_members.iter().map(|person| person.url_small_image.as_deref()).collect();
    assert_eq!(portraits, [Some("https://yts.example/1.jpg")]);
}

async fn text_is_data_whatever_it_holds(database: &Database) {
    let store = database.store().await;
    let hostile = [
        "Robert'); DROP TABLE movies;--",
        "\"quoted\" `back` $1 ? :name @p %s {} \\ \\' --",
        "\u{1b}[2J\u{7}\r\n\t",
        "right\u{202e}to left \u{feff} 千と千尋 🎬 e\u{301}",
        "=cmd|' /C calc'!A0 <script>alert(1)</script>",
    ];
    for (external_id, text) in (1..).zip(hostile) {
        let member = CastMember { name: text.to_owned(), character_name: Some(text.to_owned()), ..person(0, "") };
        let movie = Movie {
            title: Some(text.to_owned()),
            slug: Some(text.to_owned()),
            genres: vec![text.to_owned()],
            cast: vec![CastMember { imdb_code: None, ..member }],
            ..bare(external_id)
        };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    let mut snapshot = Snapshot::of(store.db()).await;
    for (external_id, text) in (1..).zip(hostile) {
        let movie = snapshot.movie(external_id);
        assert_eq!((movie.columns.title.as_str(), movie.columns.slug.as_deref()), (text, Some(text)));
        assert!(movie.genres.contains(text));
        assert_eq!((movie.roles[0].0.name.as_str(), movie.roles[0].1.as_deref()), (text, Some(text)));
    }
}

/// `PostgreSQL` cannot hold NUL; the API's is replaced when it is read, but a library's caller may bring one too.
async fn text_with_nul_has_one_outcome_on_both_databases(database: &Database) {
    let store = database.store().await;
    let movie = Movie { title: Some("a\0b".to_owned()), genres: vec!["c\0d".to_owned()], ..bare(1) };
    store.save_movie(&movie).await.expect("a movie is saved");
    let mut snapshot = Snapshot::of(store.db()).await;
    assert_eq!(snapshot.movie(1).columns.title, "a\u{fffd}b");
    assert!(snapshot.movie(1).genres.contains("c\u{fffd}d"));
}
