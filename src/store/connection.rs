//! Opens the database: URL, pools, migrations. What connections are opened with is `pool`'s.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait, Step};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{DbErr, RuntimeErr, SqlxError};
use tokio::sync::Semaphore;

use super::error::{is_transient, plain};
use super::pool::{CRAWL_READER, Memory, READER, WRITER, pool};
use super::{Error, Store, Writer, silence};
use crate::redact::{redact_message, redact_url};

/// How long bringing the schema up to date may take. Its statements have a limit each; this is for a silent connection.
const LONGEST_MIGRATION: Duration = Duration::from_mins(10);

/// How to open the database.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// Connections in the pool at most.
    pub max_connections: u32,
    /// How long to wait for a connection, and on `SQLite` for the write lock.
    pub acquire_timeout: Duration,
    /// How long one statement may take, on `PostgreSQL`.
    pub statement_timeout: Duration,
    /// How long to wait for an answer of `PostgreSQL`, and for a connection to ask on, before that counts as lost: longer
    /// than a statement may take.
    pub answer_timeout: Duration,
}

impl Options {
    /// Returns the options for a URL, with defaults for the rest.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(45),
            answer_timeout: Duration::from_mins(1),
        }
    }

    /// Returns how many files a crawl has open for the database at most, for what has to do with the rest.
    pub(crate) fn open_files(&self) -> usize {
        // SQLite: a writer and two readers with the file and its log each, their shared memory, the lock, temporary ones.
        // PostgreSQL: a socket for each connection, for news and for the sign of life, and what a host's name takes.
        if self.is_sqlite() { 12 } else { self.max_connections as usize + 4 }
    }

    /// Returns the file of a `SQLite` URL, or nothing for a database in memory or on a server.
    pub(super) fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let in_memory = path.is_empty() || path == ":memory:" || query.split('&').any(|pair| pair == "mode=memory");
        // The driver's own reading of the URL, so that both mean the same file: % and two digits are one character.
        let file = || SqliteConnectOptions::from_str(&self.url).map(|options| options.get_filename().to_owned());
        (!in_memory).then(|| file().unwrap_or_else(|_| PathBuf::from(path)))
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Makes sure that the URL is one of a database that the store knows.
    pub(super) fn check_url(&self) -> Result<(), Error> {
        let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme));
        let reason = "it names neither SQLite nor PostgreSQL".to_owned();
        if known { Ok(()) } else { Err(Error::Url { url: self.redacted_url(), reason }) }
    }

    /// Returns the error for a database that could not be opened.
    pub(super) fn opening(&self, error: &DbErr) -> Error {
        let (url, reason) = (self.redacted_url(), redact_message(&plain(error), &self.url));
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(source)) if matches!(**source, SqlxError::Configuration(_)) => {
                Error::Url { url, reason }
            }
            error => Error::Open { url, reason, transient: is_transient(error) },
        }
    }

    /// Returns the URL without its password.
    #[must_use]
    pub fn redacted_url(&self) -> String {
        redact_url(&self.url)
    }
}

impl Store {
    /// Opens the database without changing it; a `SQLite` file is created where the URL says `mode=rwc`.
    pub async fn open(options: &Options) -> Result<Self, Error> {
        Self::open_with(options, CRAWL_READER).await
    }

    async fn open_with(options: &Options, reader: Memory) -> Result<Self, Error> {
        let db = pool(options, options.max_connections, reader).await?;
        let writer = match options.sqlite_file() {
            Some(_) => Some(pool(options, 1, WRITER).await?),
            None => options.is_sqlite().then(|| db.clone()),
        };
        let writer = writer.map(|db| Writer { turn: Arc::new(Semaphore::new(1)), db });
        Ok(Self { db, writer })
    }

    /// Opens the database and brings its schema up to date.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), yts_ingest::store::Error> {
    /// use yts_ingest::store::{Options, Store};
    ///
    /// let store = Store::connect(&Options::new("sqlite::memory:")).await?;
    /// assert!(!store.movie_exists(60929).await?);
    /// # Ok(()) }
    /// ```
    pub async fn connect(options: &Options) -> Result<Self, Error> {
        let store = Self::open(options).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Brings the schema up to date; processes that start at once wait for each other.
    pub async fn migrate(&self) -> Result<(), Error> {
        let migrating =
            tokio::time::timeout(LONGEST_MIGRATION, migration::migrate(self.db.unlimited(), Step::Up(None)));
        let silent = || DbErr::Conn(RuntimeErr::SqlxError(silence::error(LONGEST_MIGRATION).into()));
        migrating.await.unwrap_or_else(|_| Err(silent())).map_err(Error::Migrate)
    }

    /// Opens a database that a crawl has made; it never creates a file.
    pub async fn open_existing(options: &Options) -> Result<Self, Error> {
        let refuse =
            |reason: &str| Error::Open { url: options.redacted_url(), reason: reason.to_owned(), transient: false };
        if options.sqlite_file().is_some_and(|file| !file.exists()) {
            return Err(refuse("the file does not exist yet; fetch-yts creates it"));
        }
        let store = Self::open_with(options, READER).await?;
        match Migrator::get_pending_migrations_read_only(store.db.unlimited()).await {
            Ok(pending) if pending.is_empty() => Ok(store),
            Ok(_) => Err(refuse("its schema is not up to date; fetch-yts brings it there")),
            Err(error) => Err(refuse(&plain(&error))),
        }
    }

    /// Closes the pools, and with it `SQLite`'s write-ahead log.
    pub async fn close(self) -> Result<(), Error> {
        const DOING: &str = "close the database";
        if let Some(writer) = self.writer {
            writer.db.close().await.map_err(Error::doing(DOING))?;
        }
        self.db.close().await.map_err(Error::doing(DOING))
    }
}
