//! Questions in words: what they find by text and by meaning, what filters leave of it, and that none is too odd to ask.
//!
//! Questions by a movie are in `likeness`.

use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::test_runner::TestRunner;
use yts_ingest::movie::{CastMember, Movie};
use yts_ingest::search::{Catalogue, Error, Filter, Mode, Query};

use super::plots::{PLOTS, catalogue, embed_all};
use super::{first, ids, query};
use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::{Database, Kind, with_database};

on_both!(
    finds_by_title_accents_and_case_aside,
    finds_the_singular_by_the_plural_and_the_other_way_round,
    a_title_cannot_pass_for_another_movie_s,
    finds_a_title_with_a_typing_error,
    finds_by_a_beginning_and_by_a_phrase,
    finds_by_cast_and_by_genre,
    finds_words_of_other_scripts,
    the_name_of_a_genre_is_no_typing_error,
    finds_by_meaning_without_a_shared_word,
    filters_leave_what_passes,
    a_filter_finds_what_is_spelt_alike_in_every_script,
    hostile_questions_are_words_like_any_other,
    an_empty_catalogue_has_no_answers,
);

async fn finds_by_title_accents_and_case_aside(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    for (text, expected) in [
        ("le fabuleux destin d'amelie poulain", 1),
        ("AMÉLIE", 1),
        ("the quiet lighthouse", 2),
        ("strasse ohne ende", 6),
        ("STRAßE", 6),
        ("dark harbour", 3),
        ("lighthouses", 2),
    ] {
        assert_eq!(first(&catalogue, text).await, Some(expected), "{text}");
    }
}

async fn finds_the_singular_by_the_plural_and_the_other_way_round(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    for (external_id, about) in [(8, "A zombie falls for a spy."), (9, "Two spies hunt zombies.")] {
        let movie = Movie {
            external_id,
            title: Some("Untitled".to_owned()),
            description_full: Some(about.to_owned()),
            ..Movie::default()
        };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    for text in ["zombie", "zombies", "spy", "spies"] {
        let mut found = ids(&catalogue, &query(text, Mode::Text)).await;
        found.sort_unstable();
        assert_eq!(found, [8, 9], "{text}");
    }
}

async fn a_title_cannot_pass_for_another_movie_s(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    let title = Some("Harmless\u{1e}1\u{1f}1\u{1f}Usurper".to_owned());
    store.save_movie(&Movie { external_id: 8, title, ..Movie::default() }).await.expect("a movie is saved");
    assert_eq!(ids(&catalogue, &query("usurper", Mode::Text)).await, [8]);
    assert_eq!(first(&catalogue, "AMÉLIE").await, Some(1));
}

async fn finds_a_title_with_a_typing_error(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    for (text, expected) in [
        ("ameile", 1),
        ("amelie polain", 1),
        ("the quite lighthouse", 2),
        ("lighthose", 2),
        ("drak harbour", 3),
        ("strase", 6),
    ] {
        assert_eq!(first(&catalogue, text).await, Some(expected), "{text}");
    }
}

async fn finds_by_a_beginning_and_by_a_phrase(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    assert_eq!(first(&catalogue, "lightho*").await, Some(2));
    assert_eq!(ids(&catalogue, &query("\"dark harbour\"", Mode::Hybrid)).await, [3]);
    assert_eq!(ids(&catalogue, &query("\"dark moon\" \"sleeping brother\"", Mode::Hybrid)).await, [4]);
    assert_eq!(ids(&catalogue, &query("\"moon dark\"", Mode::Hybrid)).await, [0; 0]);
    assert_eq!(ids(&catalogue, &query("ships \"harbour\" \"dragons\"", Mode::Hybrid)).await, [4]);
    assert_eq!(first(&catalogue, "\"harbour").await, Some(3));
    assert!(
        ids(&catalogue, &query("harbour\" moon dark", Mode::Hybrid)).await.contains(&3),
        "nothing closes the quote"
    );
}

async fn finds_by_cast_and_by_genre(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let mut found = ids(&catalogue, &query("audrey tautou", Mode::Text)).await;
    found.sort_unstable();
    assert_eq!(found, [1, 3]);
    assert_eq!(first(&catalogue, "soren bjornsen").await, Some(2));
    assert_eq!(first(&catalogue, "Lucja Zak").await, Some(6));
    let mut found = ids(&catalogue, &query("sci-fi", Mode::Text)).await;
    found.sort_unstable();
    assert_eq!(found, [5, 7]);
}

async fn finds_words_of_other_scripts(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    let titles = ["한국의 봄", "がくせい ゴジラ", "हिन्दी मीडियम", "Ночь зайцев", "東京物語"];
    for (external_id, title) in (8..).zip(titles) {
        let cast = vec![CastMember { name: format!("{title} 배우"), ..CastMember::default() }];
        let movie = Movie { external_id, title: Some(title.to_owned()), cast, ..Movie::default() };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    for (expected, title) in (8..).zip(titles) {
        for text in title.split(' ') {
            let beginning: String = text.chars().take(2).collect();
            for text in [text.to_owned(), format!("\"{text}\""), format!("{beginning}*")] {
                assert_eq!(ids(&catalogue, &query(&text, Mode::Text)).await, [expected], "{text}");
            }
        }
    }
    assert_eq!(ids(&catalogue, &query("배우", Mode::Text)).await.len(), 5);
    assert_eq!(first(&catalogue, "か\u{3099}くせい").await, Some(9), "a mark by itself");
}

async fn the_name_of_a_genre_is_no_typing_error(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    for (external_id, title, genre) in [(8, "Auction", "History"), (9, "Untitled", "Action")] {
        let movie =
            Movie { external_id, title: Some(title.to_owned()), genres: vec![genre.to_owned()], ..Movie::default() };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    assert_eq!(ids(&catalogue, &query("action", Mode::Text)).await, [9]);
}

async fn finds_by_meaning_without_a_shared_word(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    for (text, expected) in [("sorceress and a fire-breathing lizard", 4), ("hauling dynamite down the highway", 6)] {
        assert_eq!(ids(&catalogue, &query(text, Mode::Vector)).await[0], expected, "{text}");
        assert_eq!(ids(&catalogue, &query(text, Mode::Hybrid)).await[0], expected, "{text}");
    }
    let answer = catalogue.search(&query("sleeping dragons", Mode::Hybrid)).await.expect("an answer");
    let hit = &answer.hits[0];
    assert_eq!((hit.movie.id, hit.text_rank, hit.vector_rank), (4, Some(1), Some(1)));
    assert_eq!(hit.snippet.as_deref(), Some(PLOTS[3].about));
}

async fn filters_leave_what_passes(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let all = Filter::default();
    let cases = [
        (Filter { genres: vec!["drama".to_owned()], ..all.clone() }, vec![2, 3, 6]),
        (Filter { genres: vec!["Drama".to_owned(), "Crime".to_owned()], ..all.clone() }, vec![3]),
        (Filter { years: Some((1990, 1999)), ..all.clone() }, vec![2, 3]),
        (Filter { min_rating: Some(6.0), ..all.clone() }, vec![6, 7]),
        (Filter { min_rating: Some(f64::NEG_INFINITY), years: Some((1990, 1999)), ..all.clone() }, vec![2, 3]),
        (Filter { min_rating: Some(f64::INFINITY), ..all.clone() }, vec![]),
        (Filter { min_rating: Some(f64::NAN), ..all.clone() }, vec![]),
        (Filter { language: Some("FR".to_owned()), ..all.clone() }, vec![1]),
        (Filter { quality: Some("720P".to_owned()), ..all.clone() }, vec![2, 4, 6]),
        (Filter { cast: Some("tautou".to_owned()), ..all.clone() }, vec![1, 3]),
        (Filter { cast: Some("%".to_owned()), ..all.clone() }, vec![]),
        (Filter { cast: Some("' OR 1=1 --".to_owned()), ..all.clone() }, vec![]),
    ];
    for (filter, expected) in cases {
        for mode in [Mode::Vector, Mode::Hybrid] {
            let query = Query { filter: filter.clone(), ..query("a ship in the dark harbour", mode) };
            let mut found = ids(&catalogue, &query).await;
            found.sort_unstable();
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

async fn a_filter_finds_what_is_spelt_alike_in_every_script(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    let movie = Movie {
        external_id: 8,
        title: Some("A ship in the night".to_owned()),
        language: Some("ÍSLENSKA".to_owned()),
        genres: vec!["Épouvante".to_owned()],
        cast: vec![CastMember { name: "Ólafur Þór".to_owned(), ..CastMember::default() }],
        ..Movie::default()
    };
    store.save_movie(&movie).await.expect("a movie is saved");
    for filter in [
        Filter { genres: vec!["Épouvante".to_owned()], ..Filter::default() },
        Filter { language: Some("ÍSLENSKA".to_owned()), ..Filter::default() },
        Filter { cast: Some("Ólafur Þór".to_owned()), ..Filter::default() },
        Filter { cast: Some("ÓLAF".to_owned()), ..Filter::default() },
    ] {
        let query = Query { filter, ..query("ship", Mode::Text) };
        assert_eq!(ids(&catalogue, &query).await, [8], "{query:?}");
    }
}

async fn hostile_questions_are_words_like_any_other(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let operators = [
        "\"",
        "\"\"\"",
        "*",
        "title:harbour",
        "NEAR(dark harbour, 2)",
        "dark AND",
        "NOT",
        "OR OR",
        "-dark",
        "^dark",
        "{title}: x",
        "dark + harbour",
        "(",
        "')",
        "'; DROP TABLE movies; --",
        "a:*",
        "!dark & | <->",
        "\\",
        "%",
        "\0",
        "dark\0harbour",
        "'dark':A",
        "\u{1f}\u{1e}",
        "e\u{301}\u{301}",
        "﷽",
        "ß*",
        "\"dark",
        "\u{202e}",
        "1 2 3",
        "12345678901234567890",
        "",
    ];
    let joined = operators.concat();
    let endless =
        ["x".repeat(5_000), "한".repeat(700), format!("\"dark {}\"", "y".repeat(2_047)), "z".repeat(2_046) + "*"];
    for text in operators.into_iter().chain([joined.as_str()]).chain(endless.iter().map(String::as_str)) {
        for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
            ids(&catalogue, &query(text, mode)).await;
        }
    }
    assert_eq!(ids(&catalogue, &query("title:harbour NEAR -dark", Mode::Text)).await[0], 3);
    let long = "dark harbour ".repeat(5_000);
    assert_eq!(ids(&catalogue, &query(&long, Mode::Text)).await[0], 3);

    let pieces = proptest::sample::select(operators.map(str::to_owned).to_vec());
    let anything = proptest::collection::vec(proptest::prop_oneof![pieces, any::<String>()], 1..5);
    let texts = anything.prop_map(|pieces| pieces.join(" "));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() });
    for _ in 0..48 {
        use proptest::strategy::ValueTree;
        let text = texts.new_tree(&mut runner).expect("a text").current();
        ids(&catalogue, &query(&text, Mode::Hybrid)).await;
        let filter = Filter { cast: Some(text.replace('\0', "")), ..Filter::default() };
        ids(&catalogue, &Query { filter, ..query("dark", Mode::Text) }).await;
    }
}

async fn an_empty_catalogue_has_no_answers(database: &Database) {
    let catalogue = Catalogue::open(&database.store().await, None).await.expect("the catalogue opens");
    for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
        assert_eq!(ids(&catalogue, &query("anything", mode)).await, [0; 0]);
    }
    assert!(matches!(catalogue.similar("1", 5).await, Err(Error::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_answer_alike() {
    let server = demo_server(400, "").await;
    let base_url = server.base_url();
    let mut questions: Vec<String> =
        demo_movies(400).iter().step_by(37).filter_map(|movie| movie.title.clone()).collect();
    questions.extend(
        ["a haunted house on the coast", "bank robbery gone wrong", "two bakers quarrel", "astronauts in trouble"]
            .map(str::to_owned),
    );
    let mut answers = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (questions, base_url, answers) = (&questions, base_url.clone(), &mut answers);
        with_database(kind, async |database: &Database| {
            Crawl { limit: 50, ..Crawl::of(base_url) }.run(database).await;
            let store = database.store().await;
            embed_all(&store).await;
            let catalogue = Catalogue::open(&store, None).await.expect("the catalogue opens");
            let mut found = Vec::new();
            for question in questions {
                for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
                    found.push((question.clone(), ids(&catalogue, &query(question, mode)).await));
                }
            }
            answers.push(found);
        })
        .await;
    }
    assert!(answers[0].iter().filter(|(_, found)| found.len() == 5).count() > questions.len() * 2);
    assert_eq!(answers[0], answers[1]);
}
