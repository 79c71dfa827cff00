//! Opens the database: URL, pool, `SQLite`'s pragmas, migrations. No query of the catalogue stands here.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait, Step};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection, PgConnection};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr, SqlxError};
use tokio::sync::Semaphore;

use super::error::{is_transient, plain};
use super::timely::Timely;
use super::{Error, Store, Writer, retry, silence};
use crate::redact::{redact_message, redact_url};

/// Memory in KiB, with a minus, that the connection that writes to `SQLite` may keep pages in, and each that reads.
const WRITER_CACHE: &str = "-16384";
const READER_CACHE: &str = "-4096";

/// How long a process may stand still in the middle of a transaction: no longer than a lease, and nothing slow happens
/// within one.
const LONGEST_IDLE_IN_TRANSACTION: &str = "20s";

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

    /// Returns the file of a `SQLite` URL, or nothing for a database in memory or on a server.
    pub(super) fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let in_memory = path.is_empty() || path == ":memory:" || query.split('&').any(|pair| pair == "mode=memory");
        (!in_memory).then(|| PathBuf::from(path))
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
        let db = connect(options, options.max_connections).await?;
        let writer = match options.sqlite_file() {
            Some(_) => Some(Timely::new(sqlite(options, 1, WRITER_CACHE).await?, options)),
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
        let store = Self::open(options).await?;
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

/// Opens a pool of so many connections.
pub(super) async fn connect(options: &Options, max_connections: u32) -> Result<Timely<DatabaseConnection>, Error> {
    reach(options).await?;
    let connection = if options.is_sqlite() {
        sqlite(options, max_connections, READER_CACHE).await?
    } else {
        let pool = postgres_pool(options, max_connections).await;
        pool.map_err(|error| options.opening(&DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))))?
    };
    Ok(Timely::new(connection, options))
}

/// Makes sure that the server answers. A pool would try again in silence until its patience ends; this says at once
/// what is wrong.
pub(super) async fn reach(options: &Options) -> Result<(), Error> {
    options.check_url()?;
    if options.is_sqlite() {
        return Ok(());
    }
    let attempt = tokio::time::timeout(options.acquire_timeout, PgConnection::connect(&options.url)).await;
    let connection = attempt.unwrap_or(Err(SqlxError::PoolTimedOut));
    let connection =
        connection.map_err(|error| options.opening(&DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))))?;
    if let Err(error) = connection.close().await {
        tracing::debug!("the first connection was not closed in order: {error}");
    }
    Ok(())
}

/// Opens a pool of connections to a `SQLite` file, each with a cache as `PRAGMA cache_size` takes it.
async fn sqlite(options: &Options, max_connections: u32, cache: &'static str) -> Result<DatabaseConnection, Error> {
    let open = || async {
        let pool = Database::connect(sqlite_pool(options, max_connections, cache)).await;
        pool.map(|pool| never_create_again(pool, options)).map_err(|error| options.opening(&error))
    };
    // SQLite does not wait for another that switches a new file to its write-ahead log at the same moment.
    retry(options.acquire_timeout, open).await
}

fn sqlite_pool(options: &Options, max_connections: u32, cache: &'static str) -> ConnectOptions {
    let in_memory = options.sqlite_file().is_none();
    let busy_timeout = options.acquire_timeout;
    let mut pool = ConnectOptions::new(options.url.clone());
    pool.sqlx_logging(false)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        // Each connection to a database in memory has a database of its own, which ends with the connection.
        .max_connections(if in_memory { 1 } else { max_connections })
        .min_connections(u32::from(in_memory))
        .map_sqlx_sqlite_opts(move |sqlite| {
            // WAL with synchronous=NORMAL: a commit survives the death of the process; a power cut may take the last
            // commits, each as a whole, so that their pages are simply due again. The larger cache and the rarer
            // checkpoints halve the time of a first run; reading through the page cache's own memory halves that of
            // whole tables, as search does.
            sqlite
                .foreign_keys(true)
                .journal_mode(if in_memory { SqliteJournalMode::Memory } else { SqliteJournalMode::Wal })
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(busy_timeout)
                .pragma("cache_size", cache)
                .pragma("wal_autocheckpoint", "8000")
                .pragma("temp_store", "memory")
                .pragma("mmap_size", "1073741824")
        });
    if in_memory {
        pool.idle_timeout(None).max_lifetime(None);
    }
    pool
}

/// Has the pool's later connections open the file only if it is there: one that was removed meanwhile must not come back
/// empty.
fn never_create_again(connection: DatabaseConnection, options: &Options) -> DatabaseConnection {
    if options.sqlite_file().is_some() {
        let pool = connection.get_sqlite_connection_pool();
        pool.set_connect_options(pool.connect_options().as_ref().clone().create_if_missing(false));
    }
    connection
}

async fn postgres_pool(options: &Options, max_connections: u32) -> Result<DatabaseConnection, SqlxError> {
    let longest_statement = options.statement_timeout.as_millis().to_string();
    let server: PgConnectOptions = options.url.parse()?;
    let server = server.disable_statement_logging().application_name("yts-ingest").options([
        ("statement_timeout", longest_statement.as_str()),
        // A process that is stopped in the middle of a transaction must not keep its locks from the others.
        ("idle_in_transaction_session_timeout", LONGEST_IDLE_IN_TRANSACTION),
        // A machine that is gone must not pass for one that lives, as long as a system takes to notice by itself: 2 hours.
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
    ]);
    let pool = PgPoolOptions::new().max_connections(max_connections).acquire_timeout(options.acquire_timeout);
    let pool = silence::exchange_silent(pool, &server).connect_with(server).await?;
    Ok(pool.into())
}
