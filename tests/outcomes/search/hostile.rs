//! What nobody would ask and no movie should be called: it is answered like anything else.

use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::test_runner::TestRunner;
use yts_ingest::movie::Movie;
use yts_ingest::search::{Catalogue, Error, Filter, Mode, Query};

use super::plots::catalogue;
use super::{first, ids, query};
use crate::support::database::Database;

on_both!(
    a_title_cannot_pass_for_another_movie_s,
    hostile_questions_are_words_like_any_other,
    an_empty_catalogue_has_no_answers,
);

async fn a_title_cannot_pass_for_another_movie_s(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    let title = Some("Harmless\u{1e}1\u{1f}1\u{1f}Usurper".to_owned());
    store.save_movie(&Movie { external_id: 8, title, ..Movie::default() }).await.expect("a movie is saved");
    assert_eq!(ids(&catalogue, &query("usurper", Mode::Text)).await, [8]);
    assert_eq!(first(&catalogue, "AMÉLIE").await, Some(1));
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
