//! `test-db`: says whether fetch-yts could run, and changes nothing.

use crate::command::{FETCH_YTS, Folder, TEST_DB, keys};
use crate::postgres::Postgres;

const TABLES: [&str; 7] = ["casts", "genres", "movie_casts", "movie_embeddings", "movie_genres", "movies", "torrents"];

#[test]
fn a_file_that_is_yet_to_be_created_is_well_and_stays_so() {
    let folder = Folder::new();
    let ended = folder.run(TEST_DB, &[]);
    ended.expect_code(0);
    assert!(ended.stdout.contains("yts.db") && ended.stdout.contains("fetch-yts can run"), "{ended}");
    assert_eq!(folder.json(TEST_DB, &[])["is_new"], true);
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn a_file_that_could_not_be_created_is_told() {
    let folder = Folder::new();
    let ended = folder.run(TEST_DB, &["--database-url", "sqlite://nowhere/yts.db?mode=rwc"]);
    ended.expect_code(5);
    assert!(ended.shows("nowhere"), "{ended}");
    // Without mode=rwc, fetch-yts would not create it.
    let missing = folder.run(TEST_DB, &["--database-url", "sqlite://yts.db"]);
    missing.expect_code(5);
    let fetched = folder.run(FETCH_YTS, &["--demo", "--database-url", "sqlite://yts.db"]);
    fetched.expect_code(5);
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn a_healthy_database_is_told_table_by_table() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &["--demo", "--max-pages", "2"]);
    let before = folder.totals();
    let report = folder.json(TEST_DB, &[]);
    assert_eq!(
        keys(&report),
        [
            "database_url",
            "is_new",
            "is_usable",
            "pending_migrations",
            "problems",
            "round_trip_milliseconds",
            "server",
            "tables",
            "vector",
            "version"
        ]
    );
    assert_eq!((report["is_usable"].as_bool(), report["server"].as_str()), (Some(true), Some("SQLite")));
    assert_eq!(report["tables"]["movies"], 100);
    assert!(report["round_trip_milliseconds"].as_f64().unwrap() > 0.0);
    for table in TABLES {
        assert!(report["tables"][table].is_u64(), "{table}: {report}");
    }
    let told = folder.run(TEST_DB, &[]);
    told.expect_code(0);
    assert!(TABLES.iter().all(|table| told.stdout.contains(table)), "{told}");
    assert_eq!(folder.totals(), before);
}

#[test]
fn a_new_database_on_postgres_is_usable_and_left_as_it_was() {
    let (folder, database) = (Folder::new(), Postgres::new());
    let url = ["--database-url", database.url()];
    let report = folder.json(TEST_DB, &url);
    assert_eq!((report["is_usable"].as_bool(), report["server"].as_str()), (Some(true), Some("PostgreSQL")));
    assert!(!report["pending_migrations"].as_array().unwrap().is_empty());
    assert_eq!(folder.json(TEST_DB, &url)["pending_migrations"], report["pending_migrations"], "it changed something");

    folder.json(FETCH_YTS, &[&["--demo", "--max-pages", "1"], &url[..]].concat());
    let report = folder.json(TEST_DB, &url);
    assert_eq!(
        (report["tables"]["movies"].as_u64(), report["pending_migrations"].as_array().unwrap().len()),
        (Some(50), 0)
    );
}
