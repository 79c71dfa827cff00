//! A database for one test: a file of its own, or a database of its own on the server at `TEST_POSTGRES_URL`.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;

use futures::FutureExt;
use sea_orm::{ConnectOptions, ConnectionTrait};
use tempfile::TempDir;
use url::Url;
use yts_ingest::store::{Options, Store};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A database that exists as long as the test runs.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) name: String,
    folder: TempDir,
}

/// Makes each test run on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => { $(
        mod $test {
            use crate::support::database::{Kind, with_database};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                with_database(Kind::Sqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                with_database(Kind::Postgres, super::$test).await;
            }
        }
    )+ };
}

/// Makes each test run on the database it is about.
macro_rules! on_one {
    ($kind:ident: $($test:ident),+ $(,)?) => { $(
        mod $test {
            use crate::support::database::{Kind, with_database};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_its_database() {
                with_database(Kind::$kind, super::$test).await;
            }
        }
    )+ };
}

/// Runs a test with an empty database, which is gone afterwards, also where the test fails.
pub(crate) async fn with_database(kind: Kind, test: impl AsyncFnOnce(&Database)) {
    let database = Database::create(kind).await;
    let outcome = AssertUnwindSafe(Box::pin(test(&database))).catch_unwind().await;
    database.remove().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl Database {
    async fn create(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let name = format!("yts_test_{}_{:08x}", std::process::id(), rand::random::<u32>());
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("yts.db").display()),
            Kind::Postgres => {
                // template0 is never connected to, so that tests that start at once do not wait for each other.
                on_server(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
                let mut url = server_url();
                url.set_path(&name);
                url.into()
            }
        };
        Self { kind, url, name, folder }
    }

    async fn remove(&self) {
        if self.kind == Kind::Postgres {
            on_server(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
        }
    }

    /// Removes the database while it is in use, as somebody may by mistake.
    pub(crate) async fn lose(&self) {
        self.remove().await;
        if self.kind == Kind::Sqlite {
            for name in ["yts.db", "yts.db-wal", "yts.db-shm"] {
                std::fs::remove_file(self.folder().join(name)).expect("the file is there");
            }
        }
    }

    /// Returns a folder that exists as long as the database; on `SQLite` the database is in it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the options to open the database with: a small pool, since all tests share one server.
    pub(crate) fn options(&self, max_connections: u32) -> Options {
        Options { max_connections, ..Options::new(self.url.clone()) }
    }

    /// Opens the database with its schema up to date.
    pub(crate) async fn store(&self) -> Store {
        Store::connect(&self.options(4)).await.expect("the database opens")
    }

    /// Empties every table, of whatever size, and begins to count anew.
    pub(crate) async fn empty(&self) {
        let db = self.plain_connection().await;
        let tables = "runs, movies, genres, casts";
        db.execute_unprepared(&format!("TRUNCATE {tables} RESTART IDENTITY CASCADE"))
            .await
            .expect("tables can be emptied");
        db.close().await.expect("the connection closes");
    }

    /// Has the `PostgreSQL` server plan all statements of later connections without these ways to go.
    pub(crate) async fn plan_without(&self, ways: &[&str]) {
        for way in ways {
            on_server(&format!("ALTER DATABASE {} SET enable_{way} = off", self.name)).await;
        }
    }

    /// Opens one connection as the migration binary does.
    pub(crate) async fn plain_connection(&self) -> sea_orm::DatabaseConnection {
        let mut options = ConnectOptions::new(self.url.clone());
        options.max_connections(1).sqlx_logging(false);
        options.map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(false));
        sea_orm::Database::connect(options).await.expect("the database opens")
    }
}

/// Returns the server's URL. Without a server half of the tests would prove nothing, so they fail.
fn server_url() -> Url {
    let url = std::env::var("TEST_POSTGRES_URL").unwrap_or_default();
    assert!(!url.is_empty(), "TEST_POSTGRES_URL is not set: run scripts/test, or scripts/with-postgres cargo test");
    Url::parse(&url).expect("TEST_POSTGRES_URL is a URL")
}

async fn on_server(sql: &str) {
    let mut options = ConnectOptions::new(server_url());
    options.max_connections(1).sqlx_logging(false);
    let server = sea_orm::Database::connect(options).await.expect("the server at TEST_POSTGRES_URL answers");
    server.execute_unprepared(sql).await.expect("the user at TEST_POSTGRES_URL may create databases");
    server.close().await.expect("the connection closes");
}
