//! `yts-catalog`: answers for people and for programs, and what it says where there is none.

use serde_json::Value;

use crate::command::{FETCH_YTS, Folder, YTS_CATALOG, keys};
use crate::postgres::Postgres;

fn filled() -> Folder {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &["--demo", "--demo-movies", "100"]);
    folder
}

fn first_of(list: &Value) -> &Value {
    list.as_array().and_then(|list| list.first()).unwrap_or_else(|| panic!("it is empty: {list}"))
}

/// A part of a title of the demo, and the movie that it may mean.
const AMBIGUOUS: (&str, &str) = ("winter ballad", "84 The Winter Ballad (2019)");

const KEYS_OF_MOVIE: [&str; 10] =
    ["cast", "date_uploaded", "genres", "id", "imdb_code", "language", "rating", "runtime", "title", "year"];

#[test]
fn without_a_database_it_says_what_makes_one_and_makes_none() {
    let folder = Folder::new();
    for arguments in [&["search", "x"][..], &["top"], &["stats"], &["show", "1"]] {
        folder.run(YTS_CATALOG, arguments).expect_error(5, &["yts.db", "fetch-yts"]);
    }
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn a_movie_is_found_by_its_title_and_shown() {
    let folder = filled();
    let recent = folder.json(YTS_CATALOG, &["recent", "--limit", "3"]);
    assert_eq!((keys(&recent), recent["movies"].as_array().map(Vec::len)), (vec!["movies"], Some(3)));
    let movie = first_of(&recent["movies"]);
    assert_eq!(keys(movie), KEYS_OF_MOVIE);
    let (title, id) = (movie["title"].as_str().unwrap(), movie["id"].to_string());
    let answer = folder.json(YTS_CATALOG, &["search", title]);
    assert_eq!(keys(&answer), ["hits", "mode", "query"]);
    let hit = first_of(&answer["hits"]);
    assert_eq!(keys(hit), ["movie", "score", "snippet", "text_rank", "vector_rank"]);
    assert_eq!(hit["movie"]["title"], title);
    let details = folder.json(YTS_CATALOG, &["show", &id]);
    assert_eq!(details["id"].to_string(), id);
    assert!(["description", "roles", "torrents"].iter().all(|key| details.get(key).is_some()), "{details}");
    let told = folder.run(YTS_CATALOG, &["show", &id]);
    told.expect_code(0);
    assert!(told.stdout.contains(title) && told.stdout.contains("quality"), "{told}");
    let told = folder.run(YTS_CATALOG, &["search", title]);
    told.expect_code(0);
    assert!(told.stdout.contains(title), "{told}");
    assert_eq!(folder.names(), ["yts.db", "yts.db.lock"], "nothing is left open");
}

#[test]
fn movies_like_one_come_with_reasons() {
    let folder = filled();
    let top = folder.json(YTS_CATALOG, &["top"]);
    let ids: Vec<String> = top["movies"].as_array().unwrap().iter().map(|movie| movie["id"].to_string()).collect();
    let like = folder.json(YTS_CATALOG, &["similar", &ids[0]]);
    assert_eq!(keys(&like), ["hits", "to"]);
    assert_eq!(like["hits"].as_array().map(Vec::len), Some(10));
    for hit in like["hits"].as_array().unwrap() {
        assert_eq!(keys(hit), ["closeness", "movie", "reason"]);
        assert_eq!(keys(&hit["reason"]), ["like", "shared_cast", "shared_genres"]);
        assert_ne!(hit["movie"]["id"].to_string(), ids[0]);
    }
    let arguments = ["recommend", "--like", &ids[0], "--like", &ids[1], "--unlike", &ids[2], "--limit", "5"];
    let recommended = folder.json(YTS_CATALOG, &arguments);
    assert_eq!(recommended["to"].as_array().map(Vec::len), Some(2));
    let hits = recommended["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 5);
    assert!(hits.iter().all(|hit| !ids[..3].contains(&hit["movie"]["id"].to_string())), "{recommended}");
    folder.run(YTS_CATALOG, &["similar", &ids[0]]).expect_code(0);
}

#[test]
fn the_catalogue_is_counted_on_both_databases() {
    let folder = Folder::new();
    let database = Postgres::new();
    let on_postgres = ["--database-url", database.url()];
    for database in [&[][..], &on_postgres] {
        folder.json(FETCH_YTS, &[&["--demo", "--demo-movies", "100"], database].concat());
        let stats = folder.json(YTS_CATALOG, &[&["stats"], database].concat());
        assert_eq!(keys(&stats), ["cast_members", "embeddings", "genres", "movies", "torrents"]);
        assert_eq!(stats["movies"], 100);
        let genres = folder.json(YTS_CATALOG, &[&["genres"], database].concat());
        assert_eq!(keys(first_of(&genres["genres"])), ["movies", "name"]);
        folder.run(YTS_CATALOG, &[&["stats"], database].concat()).expect_code(0);
        folder.run(YTS_CATALOG, &[&["search", "NEAR(\"x* -y"], database].concat()).expect_code(0);
        let by_filter = ["search", "the", "--year", "1900..2100", "--min-rating", "0", "--mode", "text"];
        folder.run(YTS_CATALOG, &[&by_filter, database].concat()).expect_code(0);
    }
}

#[test]
fn what_cannot_be_answered_has_its_exit_code() {
    let folder = filled();
    folder.run(YTS_CATALOG, &["show", "xyzzyx"]).expect_error(1, &["xyzzyx", "search"]);
    assert_eq!(folder.names(), ["yts.db", "yts.db.lock"], "nothing is left open");
    folder.run(YTS_CATALOG, &["show", AMBIGUOUS.0]).expect_error(2, &["is not clear", AMBIGUOUS.1]);
    for arguments in [
        &["search"][..],
        &["search", "x", "--year", "now"],
        &["search", "x", "--year", "2000..1990"],
        &["search", "x", "--year", "1990..=1999"],
        &["search", "x", "--min-rating", "11"],
        &["search", "x", "--mode", "magic"],
        &["search", "x", "--limit", "0"],
        &["recommend"],
        &[],
    ] {
        folder.run(YTS_CATALOG, arguments).expect_code(2);
    }
    assert_eq!(folder.json(YTS_CATALOG, &["search", "xyzzyx", "--mode", "text"])["hits"], Value::Array(Vec::new()));
}

#[test]
fn a_model_that_cannot_be_set_up_is_in_the_way_of_comparing_alone() {
    let folder = filled();
    let settings = "[embeddings]\nprovider = \"http\"\nmodel = \"any\"\nkey_file = \"no-such-key\"\n";
    let settings = folder.write("settings.toml", settings);
    let with =
        |arguments: &[&str]| folder.run(YTS_CATALOG, &[arguments, &["--config", settings.to_str().unwrap()]].concat());
    for arguments in [&["genres"][..], &["stats"], &["show", "1"], &["top"], &["recent"]] {
        let ended = with(arguments);
        assert!(ended.code != Some(2) && !ended.shows("no-such-key"), "{ended}");
    }
    for arguments in [&["search", "x"][..], &["similar", "1"], &["recommend", "--like", "1"], &["embed"]] {
        with(arguments).expect_error(2, &["embeddings.key_file", "no-such-key"]);
    }
    let no_folder = if cfg!(feature = "local-embeddings") { "embeddings.folder" } else { "embeddings.provider" };
    folder.run(YTS_CATALOG, &["embed", "--embeddings", "local"]).expect_error(2, &[no_folder]);
}
