//! Whether the database could be used, told without changing it: a new file, none, an empty one, a whole one, and one
//! that may only be read.

use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, TransactionTrait};
use yts_ingest::store::{Error, Health, Options, Store, check};

use crate::support::crawling::{Crawl, demo_server};
use crate::support::database::Database;
use crate::support::schema;

on_both!(
    a_whole_database_is_usable_and_counted,
    a_table_that_is_missing_is_told_with_a_remedy_that_destroys_nothing,
    a_schema_that_is_newer_is_told,
);
on_one!(Postgres:
    an_empty_database_is_usable_and_stays_empty,
    a_role_that_may_not_create_the_extension_is_told_who_may,
    migrations_that_may_not_be_read_are_told_as_such,
    a_server_that_does_not_answer_is_an_error,
    a_server_that_falls_silent_is_not_waited_for,
);
on_one!(Sqlite:
    a_file_that_does_not_exist_yet_is_usable_and_not_created,
    a_file_that_may_not_be_created_is_an_error,
    a_file_in_a_folder_that_does_not_exist_is_an_error,
    a_file_that_may_only_be_read_is_not_usable,
    a_file_that_is_no_database_is_not_usable,
    a_file_whose_name_is_escaped_in_the_url_is_one_file,
);

fn pending_all() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

fn rows_of(health: &Health, name: &str) -> Option<i64> {
    health.tables.iter().find(|table| table.name == name).expect("every table is looked at").rows
}

async fn a_whole_database_is_usable_and_counted(database: &Database) {
    let server = demo_server(20, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let health = check(&database.options(1)).await.expect("the database opens");

    assert!(health.is_usable(), "{:?}", health.problems);
    assert!(!health.is_new && health.pending_migrations.is_empty());
    assert_eq!((rows_of(&health, "movies"), rows_of(&health, "runs")), (Some(20), Some(1)));
    assert!(health.tables.iter().all(|table| table.rows.is_some()), "{:?}", health.tables);
    assert!(health.version.starts_with(|first: char| first.is_ascii_digit()), "{}", health.version);
}

async fn problems_after(database: &Database, sql: &str) -> Vec<String> {
    database.store().await.db().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let health = check(&database.options(1)).await.expect("the database opens");
    assert!(!health.is_usable());
    health.problems
}

async fn a_table_that_is_missing_is_told_with_a_remedy_that_destroys_nothing(database: &Database) {
    let problems = problems_after(database, "DROP TABLE failures").await;
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.contains("failures") && problem.contains("restore it") && !problem.contains("fresh"), "{problem}");
    assert!(problem.contains("no such table") || problem.contains("does not exist"), "{problem}");
}

async fn a_schema_that_is_newer_is_told(database: &Database) {
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 1)";
    let problems = problems_after(database, later).await;
    assert!(problems.len() == 1 && problems[0].contains("newer than this program"), "{problems:?}");
}

async fn migrations_that_may_not_be_read_are_told_as_such(database: &Database) {
    let other_kind = "ALTER TABLE seaql_migrations RENAME COLUMN version TO versions";
    let problems = problems_after(database, other_kind).await;
    assert!(problems.iter().any(|problem| problem.contains("its migrations cannot be read")), "{problems:?}");
    assert!(problems.iter().all(|problem| !problem.contains("newer")), "{problems:?}");
}

async fn an_empty_database_is_usable_and_stays_empty(database: &Database) {
    let health = check(&database.options(1)).await.expect("the database opens");
    assert!(health.is_usable(), "{:?}", health.problems);
    assert_eq!((health.server.as_str(), health.pending_migrations), ("PostgreSQL", pending_all()));
    assert!(health.tables.iter().all(|table| table.rows.is_none()), "{:?}", health.tables);
    assert_eq!(schema::read(&database.plain_connection().await).await, [""; 0]);
}

async fn a_role_that_may_not_create_the_extension_is_told_who_may(database: &Database) {
    let role = format!("role_of_{}", database.name);
    let server = database.plain_connection().await;
    for sql in [format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"), format!("GRANT ALL ON SCHEMA public TO {role}")]
    {
        server.execute_unprepared(&sql).await.expect("the user at TEST_POSTGRES_URL may create roles");
    }
    let mut url = url::Url::parse(&database.url).expect("a URL");
    url.set_username(&role).expect("a server has users");
    url.set_password(Some("secret")).expect("who have passwords");
    let problems = async || check(&Options::new(url.to_string())).await.expect("the database opens").problems;
    let before = problems().await;
    server.execute_unprepared("CREATE EXTENSION vector").await.expect("pgvector is there");
    let after = problems().await;
    for sql in [format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")] {
        server.execute_unprepared(&sql).await.expect("the role can be removed");
    }
    assert!(before.len() == 1 && before[0].contains("have a superuser run CREATE EXTENSION vector"), "{before:?}");
    assert_eq!(after, [""; 0]);
}

async fn a_server_that_does_not_answer_is_an_error(_: &Database) {
    // Nobody listens on a port that was just given back.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("the port is known").port();
    drop(listener);
    let options = Options {
        acquire_timeout: Duration::from_secs(2),
        ..Options::new(format!("postgres://me:secret@127.0.0.1:{port}/yts"))
    };
    let error = check(&options).await.expect_err("nobody answers");
    assert!(matches!(error, Error::Open { transient: true, .. }), "{error:?}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

async fn a_server_that_falls_silent_is_not_waited_for(database: &Database) {
    database.store().await;
    let db = database.plain_connection().await;
    let lock = db.begin().await.expect("a transaction begins");
    lock.execute_unprepared("LOCK TABLE movies IN ACCESS EXCLUSIVE MODE").await.expect("the table can be locked");
    let options = Options { answer_timeout: Duration::from_secs(1), ..database.options(1) };
    let checked = tokio::time::timeout(Duration::from_secs(30), check(&options)).await.expect("nothing waits for ever");
    let error = checked.expect_err("no answer comes");
    assert!(error.is_transient() && error.to_string().contains("no answer for 1 s"), "{error}");
}

async fn a_file_that_does_not_exist_yet_is_usable_and_not_created(database: &Database) {
    let health = check(&database.options(1)).await.expect("it may be created");
    assert!(health.is_usable() && health.is_new, "{health:?}");
    assert_eq!(health.pending_migrations, pending_all());
    assert_eq!(std::fs::read_dir(database.folder()).expect("the folder is there").count(), 0, "nothing was created");
}

async fn a_file_that_may_not_be_created_is_an_error(database: &Database) {
    let url = database.url.replace("?mode=rwc", "");
    let error = check(&Options::new(url)).await.expect_err("there is no file");
    assert!(matches!(error, Error::Open { transient: false, .. }) && error.to_string().contains("mode=rwc"), "{error}");
}

async fn a_file_in_a_folder_that_does_not_exist_is_an_error(database: &Database) {
    let url = database.url.replace("yts.db", "nowhere/yts.db");
    let error = check(&Options::new(url)).await.expect_err("there is no folder");
    assert!(matches!(error, Error::Open { transient: false, .. }), "{error}");
    assert!(!database.folder().join("nowhere").exists());
}

async fn a_file_that_may_only_be_read_is_not_usable(database: &Database) {
    let server = demo_server(20, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let health = check(&Options::new(database.url.replace("mode=rwc", "mode=ro"))).await.expect("the database opens");
    assert!(!health.is_usable());
    assert_eq!(rows_of(&health, "movies"), Some(20), "reading works");
    assert!(health.problems.iter().any(|problem| problem.contains("written")), "{:?}", health.problems);
}

async fn a_file_that_is_no_database_is_not_usable(database: &Database) {
    let file = database.folder().join("yts.db");
    std::fs::write(&file, "a letter to a friend, and no database at all; ".repeat(50)).expect("the file is written");
    let before = std::fs::read(&file).expect("the file can be read");
    match check(&database.options(1)).await {
        Ok(health) => assert!(!health.is_usable(), "{health:?}"),
        Err(error) => assert!(!error.is_transient(), "{error}"),
    }
    assert_eq!(std::fs::read(&file).expect("the file can be read"), before);
}

async fn a_file_whose_name_is_escaped_in_the_url_is_one_file(database: &Database) {
    let options = Options::new(database.url.replace("yts.db", "my%20films.db"));
    let store = Store::connect(&options).await.expect("the file is created");
    store.announce(&options).await.expect("it is the file that was opened");
    assert!(check(&options).await.expect("the database opens").pending_migrations.is_empty());
    assert!(database.folder().join("my films.db").exists() && !database.folder().join("my%20films.db.lock").exists());
}
