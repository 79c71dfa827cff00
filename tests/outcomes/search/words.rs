//! Questions in words: what they find by text and by meaning, alike on both databases.
//!
//! Questions by a movie are in `likeness`, conditions in `filters`, what nobody would ask in `hostile`.

use yts_ingest::movie::{CastMember, Movie};
use yts_ingest::search::{Catalogue, Mode, Query};

use super::plots::{PLOTS, catalogue, embed_all};
use super::{first, ids, query};
use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::{Database, Kind, with_database};

on_both!(
    finds_by_title_accents_and_case_aside,
    finds_the_singular_by_the_plural_and_the_other_way_round,
    finds_a_title_with_a_typing_error,
    a_title_with_an_error_in_each_word_comes_before_what_the_errors_sound_like,
    finds_by_a_beginning_and_by_a_phrase,
    finds_by_cast_and_by_genre,
    finds_words_of_other_scripts,
    the_name_of_a_genre_is_no_typing_error,
    finds_by_meaning_without_a_shared_word,
    what_words_find_counts_as_close_as_it_is,
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

async fn a_title_with_an_error_in_each_word_comes_before_what_the_errors_sound_like(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    for (external_id, title) in [(8, "Amber Estuary"), (9, "O Último Verão em Grünwaldtal")] {
        let description = (external_id == 8).then(|| "A botanist finds a record of lighthouse keepers.".to_owned());
        let title = Some(title.to_owned());
        let movie = Movie { external_id, title, description_full: description, ..Movie::default() };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    embed_all(&store).await;
    assert_eq!(first(&catalogue, "ambr estury").await, Some(8));
    assert_eq!(first(&catalogue, "the ambr estury").await, Some(8));
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

async fn what_words_find_counts_as_close_as_it_is(database: &Database) {
    let store = database.store().await;
    let mut movies = vec![("Sorcery", "A curse, a village, and a sorceress who sells bread."); 120];
    movies.push(("Quux", "Quux, quux, quux: an accountant files his taxes late that year."));
    movies.push(("Quux", "Quux, quux, quux: a knight rides his horse late that year."));
    for (external_id, (title, about)) in (1..).zip(movies) {
        let (title, description_full) = (Some(title.to_owned()), Some(about.to_owned()));
        let movie = Movie { external_id, title, description_full, ..Movie::default() };
        store.save_movie(&movie).await.expect("a movie is saved");
    }
    embed_all(&store).await;
    let catalogue = Catalogue::open(&store, None).await.expect("the catalogue opens");
    let query = Query { limit: 100, ..query("quux of witchcraft and magic", Mode::Hybrid) };
    let hits = catalogue.search(&query).await.expect("an answer").hits;
    // Neither is among the nearest, and their words are worth the same.
    let by_words: Vec<i32> = hits.iter().filter(|hit| hit.vector_rank.is_none()).map(|hit| hit.movie.id).collect();
    assert_eq!(by_words, [122, 121]);
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
