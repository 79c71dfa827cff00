//! Verifying and repairing: what is whole has no findings, each kind of damage is found, and a repair mends just that.
//!
//! Here is how the tests do damage and verify; what they find is in a file for each thing that is looked at.

mod movies;
mod rows;
mod runs;

use std::time::Duration;

use sea_orm::ConnectionTrait;
use url::Url;
use yts_ingest::api::{self, Client};
use yts_ingest::verify::{self, Report};

use crate::support::crawling::Crawl;
use crate::support::database::{Database, Kind};
use crate::support::snapshot::Snapshot;
use crate::support::source::{Source, movie_json};

const MOVIES: u64 = 6;
const PATIENCE: Duration = Duration::from_secs(30);

/// A source of six movies, a crawl of it, and what is in the database after it.
async fn crawled(database: &Database) -> (Source, Snapshot) {
    let source = Source::start((1..=MOVIES).map(movie_json).collect()).await;
    let summary = Crawl::of(source.base_url()).run(database).await;
    assert_eq!((summary.status, summary.movies.saved), ("complete", MOVIES));
    (source, Snapshot::of(database.store().await.db()).await)
}

/// Does what fetch-yts --verify does, with --repair or without.
async fn verify(database: &Database, source: &Source, is_repair: bool) -> Report {
    let store = database.store().await;
    let client = client(&source.base_url());
    let options = verify::Options { scope: "source=test".to_owned(), sample: 20, rate: 0.0, patience: PATIENCE };
    let presence =
        if is_repair { Some(store.announce(&database.options(1)).await.expect("nobody else writes")) } else { None };
    let outcome = Box::pin(verify::run(&options, &store, &client, presence.as_ref())).await;
    let (report, trouble) = outcome.expect("the database stays");
    assert!(trouble.is_none(), "{trouble:?}");
    report
}

fn client(base_url: &str) -> Client {
    let options = api::Options {
        base_urls: vec![Url::parse(base_url).expect("the base URL is one")],
        rate: 0.0,
        max_attempts: 2,
        base_delay: Duration::from_millis(10),
        ..api::Options::default()
    };
    Client::new(options).expect("the client is set up")
}

/// Returns the kinds of findings with what they are about, sorted.
fn found(report: &Report) -> Vec<(&str, &str)> {
    let mut found: Vec<_> = report.findings.iter().map(|finding| (finding.kind, finding.what.as_str())).collect();
    found.sort_unstable();
    found
}

/// Drops the checks of values, on `PostgreSQL`.
const WITHOUT_CHECKS: &str = "DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE contype = 'c' AND conrelid IN ('movies'::regclass, 'torrents'::regclass)
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.place, found.conname); END LOOP;
END $$";

/// Carries out statements that break the schema's rules, past what guards them.
async fn damage(database: &Database, statements: &[&str]) {
    let connection = database.plain_connection().await;
    let past_the_guards: &[&str] = match database.kind {
        Kind::Sqlite => &["PRAGMA ignore_check_constraints = ON"],
        Kind::Postgres => &["SET session_replication_role = replica", WITHOUT_CHECKS],
    };
    for sql in [past_the_guards, statements].concat() {
        connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    connection.close().await.expect("the connection closes");
}

/// Plants damage, expects that just this is found, and that a repair brings everything back as it was.
async fn found_and_repaired(database: &Database, statements: &[&str], expected: &[(&str, &str)]) -> Report {
    let (source, undamaged) = crawled(database).await;
    damage(database, statements).await;
    let report = verify(database, &source, false).await;
    assert_eq!(found(&report), expected, "{report}");
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    assert_eq!(repaired.repaired.expect("something was repaired").found, expected.len());
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
    repaired
}
