//! The real command, killed at each point between the list and the commit, or stopped there until another took over.

use std::time::Duration;

use entity::{run_page, run_reading};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use yts_ingest::store::PageReading;

use crate::support::command::{Running, fetch_yts, summary_of};
use crate::support::crawling::CLOSING_LOOK;
use crate::support::database::{Database, Kind};
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json};
use crate::support::waiting::{until, until_somebody_waits};

on_both!(
    killed_before_its_list_is_answered_a_page_is_read_by_the_next,
    killed_before_the_last_details_a_page_is_fetched_again_whole,
    killed_with_everything_fetched_a_page_is_fetched_again_whole,
);
on_one!(Postgres:
    killed_in_the_middle_of_the_transaction_nothing_of_it_stays,
    killed_before_the_mark_that_the_page_is_done_nothing_of_it_stays,
    killed_in_the_middle_of_a_migration_nothing_of_it_stays,
    stopped_past_its_lease_a_process_commits_nothing_that_another_took_over,
    a_transaction_that_stands_still_is_ended_by_the_server,
    a_machine_that_is_gone_is_noticed_by_the_server,
);

const MOVIES: u64 = 12;
const LIMIT: u64 = 4;
const PAGES: u64 = MOVIES / LIMIT;

async fn source() -> Source {
    Source::start((1..=MOVIES).map(movie_json).collect()).await
}

fn start(database: &Database, source: &Source) -> Running {
    fetch_yts(database, &source.base_url(), LIMIT, 1)
}

/// Kills the command, and expects the same command to find nothing half done and to finish the job.
async fn kill_and_finish(database: &Database, source: &Source, child: Running) {
    child.kill();
    source.script().held_pages.clear();
    source.script().held_details.clear();
    assert_nothing_saved(database).await;
    finish(database, source).await;
}

async fn assert_nothing_saved(database: &Database) {
    let saved = Snapshot::of(database.store().await.db()).await;
    assert_eq!(saved, Snapshot::default(), "of a page that was not committed nothing stays");
}

async fn finish(database: &Database, source: &Source) {
    let output = start(database, source).output().await;
    let summary = summary_of(&output);
    assert_eq!((output.status.code(), &summary["movies"]["saved"]), (Some(0), &MOVIES.into()), "{summary}");
    assert_whole(database).await;
    let asked = source.script().asked_details.len() as u64;
    assert!(asked <= MOVIES + LIMIT, "one page is fetched again at most, not {asked} movies");
}

/// Asserts that each movie is there once with all that hangs on it, and that each page was committed once.
async fn assert_whole(database: &Database) {
    let store = database.store().await;
    let snapshot = Snapshot::of(store.db()).await;
    assert_eq!(snapshot.movies.len() as u64, MOVIES);
    let is_whole = |movie: &crate::support::snapshot::MovieSnapshot| {
        (movie.genres.len(), movie.roles.len(), movie.torrents.len()) == (1, 2, 1)
    };
    assert!(snapshot.movies.values().all(is_whole));
    let of_pages = run_reading::Entity::find().filter(run_reading::COLUMN.page.gt(PageReading::TOP));
    let commits = of_pages.count(store.db()).await.expect("readings can be counted");
    assert_eq!(commits, PAGES + CLOSING_LOOK, "no page is committed twice");
}

async fn killed_before_its_list_is_answered_a_page_is_read_by_the_next(database: &Database) {
    let source = source().await;
    source.script().held_pages.insert(1);
    let child = start(database, &source);
    until(|| !source.script().asked_pages.is_empty()).await;
    kill_and_finish(database, &source, child).await;
}

/// Starts the command and waits until it has asked for all details of its first page and lacks one.
async fn started_until_the_last_details(database: &Database, source: &Source) -> Running {
    source.script().held_details.insert(2);
    let child = start(database, source);
    until(|| source.script().asked_details.len() as u64 == LIMIT).await;
    child
}

async fn killed_before_the_last_details_a_page_is_fetched_again_whole(database: &Database) {
    let source = source().await;
    let child = started_until_the_last_details(database, &source).await;
    kill_and_finish(database, &source, child).await;
}

async fn killed_with_everything_fetched_a_page_is_fetched_again_whole(database: &Database) {
    // On PostgreSQL the page's transaction has begun and waits for its first table, on SQLite it waits to begin.
    killed_waiting_for(database, "movies").await;
}

async fn killed_in_the_middle_of_the_transaction_nothing_of_it_stays(database: &Database) {
    killed_waiting_for(database, "torrents").await;
}

async fn killed_before_the_mark_that_the_page_is_done_nothing_of_it_stays(database: &Database) {
    killed_waiting_for(database, "run_pages").await;
}

/// Kills the command where it waits to write to this table.
async fn killed_waiting_for(database: &Database, table: &str) {
    let source = source().await;
    let child = started_until_the_last_details(database, &source).await;
    let db = database.plain_connection().await;
    let lock = lock(&db, table).await;
    source.script().held_details.clear();
    if database.kind == Kind::Postgres {
        until_somebody_waits(database.store().await.db()).await;
    } else {
        // What waits for the lock of a file cannot be seen; by then it does, or it is on its way there.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    child.kill();
    lock.rollback().await.expect("the lock is given up");
    db.close().await.expect("the connection closes");
    assert_nothing_saved(database).await;
    finish(database, &source).await;
}

async fn killed_in_the_middle_of_a_migration_nothing_of_it_stays(database: &Database) {
    let source = source().await;
    // The migration that creates this table comes after others, and waits for who creates it too.
    let db = database.plain_connection().await;
    let other = db.begin().await.expect("a transaction begins");
    other.execute_unprepared("CREATE TABLE runs (id INT)").await.expect("a table can be created");
    let child = start(database, &source);
    let watching = database.plain_connection().await;
    until_somebody_waits(&watching).await;
    child.kill();
    let tables = "SELECT COUNT(*) AS tables FROM pg_tables WHERE schemaname = 'public'";
    let statement = Statement::from_string(sea_orm::DbBackend::Postgres, tables);
    let row = watching.query_one_raw(statement).await.expect("the server answers").expect("a count is one row");
    assert_eq!(row.try_get::<i64>("", "tables").expect("a count is a number"), 0, "nothing of the earlier steps stays");
    other.rollback().await.expect("the table is taken back");
    finish(database, &source).await;
}

/// Keeps others from writing: on `SQLite` to the database, on `PostgreSQL` to a table.
async fn lock(db: &sea_orm::DatabaseConnection, table: &str) -> DatabaseTransaction {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Exclusive),
        ..TransactionOptions::default()
    };
    let lock = db.begin_with_options(options).await.expect("the database can be locked");
    if db.get_database_backend() == sea_orm::DbBackend::Postgres {
        let sql = format!("LOCK TABLE {table} IN EXCLUSIVE MODE");
        lock.execute_unprepared(&sql).await.expect("the table can be locked");
    }
    lock
}

async fn stopped_past_its_lease_a_process_commits_nothing_that_another_took_over(database: &Database) {
    let source = source().await;
    let mut child = started_until_the_last_details(database, &source).await;
    child.signal("STOP");
    source.script().held_details.clear();
    let store = database.store().await;
    run_page::Entity::update_many()
        .col_expr(run_page::Column::LeaseExpiresAt, Expr::value(chrono::DateTime::UNIX_EPOCH))
        .filter(run_page::COLUMN.status.eq("leased"))
        .exec(store.db())
        .await
        .expect("leases can be changed");
    finish(database, &source).await;

    child.signal("CONT");
    let woken = child.output().await;
    let said = String::from_utf8_lossy(&woken.stderr);
    assert!(said.contains("page 1 passed to another process"), "{said}");
    assert_eq!((woken.status.code(), &summary_of(&woken)["status"]), (Some(0), &"complete".into()), "{said}");
    assert_whole(database).await;
}

async fn a_transaction_that_stands_still_is_ended_by_the_server(database: &Database) {
    // So a process that is stopped in the middle of one keeps its locks no longer than a lease lasts.
    assert_eq!(setting(database, "idle_in_transaction_session_timeout").await, "20s");
}

async fn a_machine_that_is_gone_is_noticed_by_the_server(database: &Database) {
    // So it passes for one that lives, with a part of the rate, for a minute and not for hours.
    assert_eq!(setting(database, "tcp_keepalives_idle").await, "30");
    assert_eq!(setting(database, "tcp_keepalives_interval").await, "10");
    assert_eq!(setting(database, "tcp_keepalives_count").await, "3");
}

/// Returns a setting of the server for the store's connections.
async fn setting(database: &Database, name: &str) -> String {
    let query = format!("SELECT current_setting('{name}') AS setting");
    let statement = Statement::from_string(sea_orm::DbBackend::Postgres, query);
    let row = database.store().await.db().query_one_raw(statement).await.expect("the server answers").expect("a row");
    row.try_get("", "setting").expect("a text")
}
