//! The words that a movie is found by on `PostgreSQL`: made by the crawl, they are those that the database makes.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yts_ingest::movie::Movie;

use crate::support::database::Database;
use crate::support::records::ByHand;

on_one!(Postgres:
    whatever_stands_between_letters_is_taken_as_the_database_takes_it,
    whatever_the_words_are_they_are_those_that_the_database_finds,
    texts_of_any_length_have_the_words_that_the_database_finds,
    a_document_follows_what_is_changed_by_hand,
);

const OF_DATABASE: &str = "setweight(search_words(title || ' ' || COALESCE(title_english, '')), 'A') || \
                           setweight(search_words(COALESCE(description_full, description_intro, '')), 'D')";

/// Saves movies with these texts: title, English title, description.
async fn save(database: &Database, texts: Vec<[String; 3]>) -> ByHand {
    const MOVIES_A_PAGE: usize = 500;
    let pages = texts.len().div_ceil(MOVIES_A_PAGE);
    let by_hand = ByHand::begin(database, u32::try_from(pages).expect("a small number")).await;
    let movie = |(external_id, [title, title_english, description]): (i32, [String; 3])| Movie {
        external_id,
        title: Some(title),
        title_english: Some(title_english),
        description_full: Some(description),
        ..Movie::default()
    };
    let movies: Vec<Movie> = (1..).zip(texts).map(movie).collect();
    for movies in movies.chunks(MOVIES_A_PAGE) {
        let page = by_hand.page_of_new(movies.to_vec()).await;
        let saved = by_hand.store.save_page(&page).await.expect("the page is saved");
        assert_eq!((saved.saved, saved.failed), (saved.listed, 0));
    }
    by_hand
}

/// Returns the texts of a query of one column.
async fn texts_of(by_hand: &ByHand, query: &str) -> Vec<String> {
    let statement = Statement::from_string(DbBackend::Postgres, query);
    let rows = by_hand.store.db().query_all_raw(statement).await.unwrap_or_else(|error| panic!("{query}: {error}"));
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

async fn assert_as_the_database_makes_them(by_hand: &ByHand) {
    let differing = format!(
        "SELECT to_json(ARRAY[title, title_english, left(description_full, 200), left(search_document::text, 200), \
         left(({OF_DATABASE})::text, 200)])::text FROM movies \
         WHERE search_document IS DISTINCT FROM ({OF_DATABASE}) ORDER BY id LIMIT 5"
    );
    assert_eq!(texts_of(by_hand, &differing).await, [""; 0]);
}

async fn whatever_stands_between_letters_is_taken_as_the_database_takes_it(database: &Database) {
    // Latin with all its accents, combining marks, the beginnings of Greek and Cyrillic; punctuation, currencies, letter-like
    // signs and numbers; ligatures and full-width forms.
    let ranges = ['\u{1}'..='\u{460}', '\u{1e00}'..='\u{1f00}', '\u{2000}'..='\u{218f}', '\u{fb00}'..='\u{fb06}'];
    let characters = ranges.into_iter().flatten().chain('\u{ff00}'..='\u{ff60}').chain(['東', '\u{fffd}', '🎬']);
    let texts =
        characters.map(|c| [format!("{c}a{c}1"), format!("{c}"), format!("ab{c}Cd {c}{c} e{c} {c}f 2{c}3{c}g h{c}")]);
    let by_hand = save(database, texts.collect()).await;
    assert_as_the_database_makes_them(&by_hand).await;
}

async fn whatever_the_words_are_they_are_those_that_the_database_finds(database: &Database) {
    let pieces = [
        "a", "E", "e", "x", "Z", "0", "1", "9", "the", "Storm", " ", " ", "  ", "\n", ".", ",", "-", "_", "'", "\"",
        "(", ")", "[", "{", "/", "\\", "@", ":", ";", "!", "?", "&", "%", "$", "#", "+", "*", "<", ">", "=", "~", "^",
        "`", "|", "é", "É", "ñ", "ü", "ß", "ø", "Æ", "\u{301}", "’", "“", "”", "—", "…", "\u{a0}", "http://", "www.",
        ".com", "&amp;",
    ];
    let mut random = StdRng::seed_from_u64(7);
    let mut text = |longest: usize| -> String {
        let length = random.random_range(0..=longest);
        (0..length).map(|_| *pieces.choose(&mut random).expect("there are some")).collect()
    };
    let texts = (0..4_000).map(|_| [format!("T{}", text(8)), text(8), text(60)]).collect();
    let by_hand = save(database, texts).await;
    assert_as_the_database_makes_them(&by_hand).await;
}

async fn texts_of_any_length_have_the_words_that_the_database_finds(database: &Database) {
    let numbers = |count: u32| (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let descriptions = [
        numbers(9_000),
        numbers(17_000),
        "again and ".repeat(127),
        "again ".repeat(300),
        format!("{} short {}", "long".repeat(100), "longer".repeat(500)),
    ];
    let texts = descriptions.map(|text| ["A title again".to_owned(), "Again".to_owned(), text]);
    let by_hand = save(database, texts.to_vec()).await;
    assert_as_the_database_makes_them(&by_hand).await;
}

async fn a_document_follows_what_is_changed_by_hand(database: &Database) {
    let texts = [["One", "Eins", "First."], ["Two", "Zwei", "Second."]];
    let by_hand = save(database, texts.map(|texts| texts.map(str::to_owned)).to_vec()).await;
    let documents = "SELECT search_document::text FROM movies ORDER BY id";
    assert_eq!(texts_of(&by_hand, documents).await, ["'eins':2A 'first':3 'one':1A", "'second':3 'two':1A 'zwei':2A"]);
    for by_hand_changed in [
        "UPDATE movies SET title = 'Uno' WHERE external_id = 1",
        "UPDATE movies SET description_full = NULL, description_intro = 'Ёлки!' WHERE external_id = 2",
        "INSERT INTO movies (external_id, title, created_at, updated_at) VALUES (3, 'Three', now(), now())",
    ] {
        by_hand.store.db().execute_unprepared(by_hand_changed).await.expect("a statement by hand");
    }
    let expected = ["'eins':2A 'first':3 'uno':1A", "'two':1A 'zwei':2A 'елки':3", "'three':1A"];
    assert_eq!(texts_of(&by_hand, documents).await, expected);
    let untouched = "UPDATE movies SET rating = 5 WHERE external_id = 1 RETURNING search_document::text";
    assert_eq!(texts_of(&by_hand, untouched).await, expected[..1]);
}
