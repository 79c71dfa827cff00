//! Searching: what is found, in which order, and that it follows every change, the same on both databases.

use std::time::Duration;

use entity::embedding::Embedding;
use entity::{movie, movie_embedding};
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::test_runner::TestRunner;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use yts_ingest::embed::{StaticModel, text_hash, text_of};
use yts_ingest::movie::{CastMember, Movie, Torrent};
use yts_ingest::search::{Catalogue, Error, Filter, Mode, Query};
use yts_ingest::store::Store;

use crate::support::crawling::{Crawl, demo_movies, demo_server};
use crate::support::database::{Database, Kind, with_database};

on_both!(
    finds_by_title_accents_and_case_aside,
    finds_a_title_with_a_typing_error,
    finds_by_a_beginning_and_by_a_phrase,
    finds_by_cast_and_by_genre,
    finds_by_meaning_without_a_shared_word,
    filters_leave_what_passes,
    follows_changes_made_by_hand,
    movies_that_went_are_left_out,
    hostile_questions_are_words_like_any_other,
    likeness_gives_reasons_and_leaves_the_movie_out,
    what_is_not_liked_is_further_away,
    a_movie_is_named_by_id_code_or_title,
    an_index_of_vectors_is_built_once,
    an_empty_catalogue_has_no_answers,
);

struct Plot {
    id: i32,
    title: &'static str,
    year: i32,
    genres: &'static [&'static str],
    cast: &'static [&'static str],
    about: &'static str,
}

const PLOTS: [Plot; 7] = [
    Plot {
        id: 1,
        title: "Le Fabuleux Destin d'Amélie Poulain",
        year: 2001,
        genres: &["Comedy", "Romance"],
        cast: &["Audrey Tautou", "Mathieu Kassovitz"],
        about: "A shy waitress in Montmartre decides to change the lives of those around her for the better.",
    },
    Plot {
        id: 2,
        title: "The Quiet Lighthouse",
        year: 1996,
        genres: &["Drama", "Mystery"],
        cast: &["Søren Bjørnsen"],
        about: "A keeper on a remote island hears voices through the fog. Ships that answer them never arrive.",
    },
    Plot {
        id: 3,
        title: "Dark Harbour",
        year: 1999,
        genres: &["Crime", "Drama"],
        cast: &["Audrey Tautou"],
        about: "Smugglers in a port town fall out over a lost cargo while a detective closes in.",
    },
    Plot {
        id: 4,
        title: "Harbour of the Dark Moon",
        year: 2010,
        genres: &["Fantasy"],
        cast: &[],
        about: "A young witch sails to the kingdom of dragons to free her sleeping brother.",
    },
    Plot {
        id: 5,
        title: "Orbital",
        year: 2015,
        genres: &["Sci-Fi"],
        cast: &["Chiwetel Obi"],
        about: "The crew of a space station loses contact with Earth and must repair their ship alone.",
    },
    Plot {
        id: 6,
        title: "Straße ohne Ende",
        year: 1962,
        genres: &["Drama"],
        cast: &["Łucja Żak"],
        about: "Two truck drivers cross a continent with a load that may explode at any moment.",
    },
    Plot {
        id: 7,
        title: "Orbital",
        year: 1988,
        genres: &["Sci-Fi", "Thriller"],
        cast: &[],
        about: "Astronauts on a failing spacecraft discover that one of them is not who he claims to be.",
    },
];

fn movie_of(plot: &Plot) -> Movie {
    let member = |name: &&str| CastMember { name: (*name).to_owned(), ..CastMember::default() };
    Movie {
        external_id: plot.id,
        imdb_code: Some(format!("tt00000{:02}", plot.id)),
        title: Some(plot.title.to_owned()),
        year: Some(plot.year),
        rating: Some(f64::from(plot.id)),
        language: Some(if plot.id == 1 { "fr" } else { "en" }.to_owned()),
        genres: plot.genres.iter().map(|name| (*name).to_owned()).collect(),
        cast: plot.cast.iter().map(member).collect(),
        torrents: vec![Torrent {
            hash: format!("HASH{}", plot.id),
            quality: Some(if plot.id % 2 == 0 { "720p" } else { "1080p" }.to_owned()),
            ..Torrent::default()
        }],
        description_full: Some(plot.about.to_owned()),
        ..Movie::default()
    }
}

/// Gives every movie its vector by the built-in model.
async fn embed_all(store: &Store) {
    let model = StaticModel::load().expect("the built-in model");
    let movies = movie::Entity::load().with(entity::genre::Entity).all(store.db()).await.expect("movies can be read");
    let rows = movies.iter().filter_map(|movie| {
        let genres: Vec<String> = movie.genres.iter().map(|genre| genre.name.clone()).collect();
        let text = text_of(&movie.title, &genres, movie.description_full.as_deref());
        let vector = model.embed_one(&text)?;
        Some(movie_embedding::ActiveModel {
            movie_id: Set(movie.id),
            model: Set(model.model_id().to_owned()),
            text_hash: Set(text_hash(&text)),
            embedding: Set(Embedding::new(store.db().get_database_backend(), &vector)),
        })
    });
    let rows: Vec<_> = rows.collect();
    movie_embedding::Entity::delete_many().exec(store.db()).await.expect("vectors can be deleted");
    movie_embedding::Entity::insert_many(rows).exec(store.db()).await.expect("vectors can be saved");
}

/// Fills a database with the plots and opens it.
async fn catalogue(database: &Database) -> (Store, Catalogue) {
    let store = database.store().await;
    for plot in &PLOTS {
        store.save_movie(&movie_of(plot)).await.expect("a movie is saved");
    }
    embed_all(&store).await;
    let catalogue = Catalogue::open(&store, None).await.expect("the catalogue opens");
    (store, catalogue)
}

fn query(text: &str, mode: Mode) -> Query {
    Query { text: text.to_owned(), mode, limit: 5, ..Query::default() }
}

async fn ids(catalogue: &Catalogue, query: &Query) -> Vec<i32> {
    let answer = catalogue.search(query).await.unwrap_or_else(|error| panic!("{query:?}: {error}"));
    answer.hits.iter().map(|hit| hit.movie.id).collect()
}

async fn first(catalogue: &Catalogue, text: &str) -> Option<i32> {
    let by_text = ids(catalogue, &query(text, Mode::Text)).await.first().copied();
    let by_both = ids(catalogue, &query(text, Mode::Hybrid)).await.first().copied();
    assert_eq!(by_text, by_both, "{text}");
    by_text
}

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

async fn execute(store: &Store, sql: &str) {
    store.db().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn follows_changes_made_by_hand(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    assert_eq!(first(&catalogue, "the quiet lighthouse").await, Some(2));
    // By another connection, as somebody with psql or sqlite3 would.
    let other = database.plain_connection().await;
    let hand = |sql: &'static str| other.execute_unprepared(sql);
    hand("UPDATE movies SET title = 'Zwölf Zebras', description_full = 'Gallops.' WHERE external_id = 2")
        .await
        .expect("a statement by hand");
    assert_eq!(first(&catalogue, "zwolf zebras").await, Some(2));
    assert_eq!(first(&catalogue, "gallop").await, Some(2));
    assert!(!ids(&catalogue, &query("lighthouse", Mode::Text)).await.contains(&2));
    hand("UPDATE casts SET name = 'Quentin Quark' WHERE name = 'Chiwetel Obi'").await.expect("a statement by hand");
    assert_eq!(first(&catalogue, "quark").await, Some(5));
    execute(&store, "DELETE FROM movies WHERE external_id = 2").await;
    assert!(!ids(&catalogue, &query("zwolf zebras", Mode::Hybrid)).await.contains(&2));
    store.save_movie(&movie_of(&PLOTS[1])).await.expect("a movie is saved");
    assert_eq!(first(&catalogue, "quiet lighthouse").await, Some(2));
    other.close().await.expect("the connection closes");
}

async fn movies_that_went_are_left_out(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    execute(&store, "UPDATE movies SET deleted_at = CURRENT_TIMESTAMP WHERE external_id = 3").await;
    for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
        assert!(!ids(&catalogue, &query("dark harbour smugglers", mode)).await.contains(&3), "{mode:?}");
    }
    assert!(catalogue.similar("2", 10).await.expect("an answer").hits.iter().all(|hit| hit.movie.id != 3));
    assert!(matches!(catalogue.show("3").await, Err(Error::NotFound { .. } | Error::Ambiguous { .. })));
    assert_eq!(catalogue.top(10).await.expect("a list").movies.len(), 6);
    assert_eq!(catalogue.recent(10).await.expect("a list").movies.len(), 6);
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
    for text in operators.into_iter().chain([joined.as_str()]) {
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

async fn likeness_gives_reasons_and_leaves_the_movie_out(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let like = catalogue.similar("5", 10).await.expect("an answer");
    assert_eq!(like.to[0].id, 5);
    assert_eq!(like.hits.len(), 6);
    assert!(like.hits.iter().all(|hit| hit.movie.id != 5));
    assert_eq!((like.hits[0].movie.id, like.hits[0].reason.shared_genres.as_slice()), (7, &["Sci-Fi".to_owned()][..]));
    assert!(like.hits.windows(2).all(|pair| pair[0].closeness >= pair[1].closeness));
    let like = catalogue.similar("dark harbour", 10).await.expect("an answer");
    let amelie = like.hits.iter().find(|hit| hit.movie.id == 1).expect("all are there");
    assert_eq!(amelie.reason.shared_cast, ["Audrey Tautou"]);
    assert_eq!(amelie.reason.like, "Dark Harbour (1999)");
}

async fn what_is_not_liked_is_further_away(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let names = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let liked = catalogue.recommend(&names(&[2, 3]), &[], 10).await.expect("an answer");
    let unliked = catalogue.recommend(&names(&[2, 3]), &names(&[4]), 10).await.expect("an answer");
    assert!(liked.hits.iter().all(|hit| ![2, 3].contains(&hit.movie.id)));
    assert!(unliked.hits.iter().all(|hit| ![2, 3, 4].contains(&hit.movie.id)));
    assert_eq!((liked.hits.len(), unliked.hits.len()), (5, 4));
}

async fn a_movie_is_named_by_id_code_or_title(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    for (name, expected) in
        [("3", 3), ("tt0000004", 4), ("QUIET LIGHTHOUSE, the!", 0), ("the quiet lighthouse", 2), ("Orbital (1988)", 7)]
    {
        let found = catalogue.show(name).await.map_or(0, |details| details.movie.id);
        assert_eq!(found, expected, "{name}");
    }
    let Err(Error::Ambiguous { candidates, .. }) = catalogue.show("orbital").await else { panic!("it is not clear") };
    assert_eq!(candidates, ["5 Orbital (2015)", "7 Orbital (1988)"]);
    let Err(Error::Ambiguous { candidates, .. }) = catalogue.show("lighthose").await else { panic!("it is not clear") };
    assert_eq!(candidates, ["2 The Quiet Lighthouse (1996)"]);
    assert!(matches!(catalogue.show("xyzzyx").await, Err(Error::NotFound { .. })));
}

async fn an_index_of_vectors_is_built_once(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    let before = ids(&catalogue, &query("ships", Mode::Vector)).await;
    for model in [StaticModel::load().expect("the built-in model").model_id(), "it's \"another\" model; --"] {
        let due = store.settle_search_once(model, 128, Duration::MAX).await.expect("the vectors are counted");
        assert_eq!(due, None, "they are few");
        for _ in 0..2 {
            store.settle_search(model, 128).await.expect("the index is built");
        }
    }
    assert_eq!(ids(&catalogue, &query("ships", Mode::Vector)).await, before);
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
