//! Pools of connections: what connections to each database are opened with. What is opened when stands in `connection`.

use std::sync::Arc;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection, PgConnection};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr, SqlxError};

use super::connection::Options;
use super::search::index_settings;
use super::timely::Timely;
use super::{Error, retry, silence};

/// What connections to `SQLite` may take of the memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// How many there are at most: each has a thread, and the allocator keeps for each what it once took.
    connections: u32,
    /// `PRAGMA cache_size`: in KiB, with a minus.
    cache: &'static str,
    /// `PRAGMA mmap_size`: in bytes. It halves the time of reading whole tables, as search does, and counts as memory of
    /// the process.
    map: &'static str,
}

/// The connection that writes, those that read beside it, and those of a program that only reads. Of those beside the
/// writer, few keep up with it, and since they forget what they have read as soon as it writes, little cache will do.
pub(super) const WRITER: Memory = Memory { connections: 1, cache: "-16384", map: "0" };
pub(super) const CRAWL_READER: Memory = Memory { connections: 2, cache: "-1024", map: "0" };
pub(super) const READER: Memory = Memory { connections: u32::MAX, cache: "-4096", map: "1073741824" };

/// How long a process may stand still in the middle of a transaction: no longer than a lease, and nothing slow happens
/// within one.
const LONGEST_IDLE_IN_TRANSACTION: &str = "20s";

/// Opens one connection of its own to a server, which stays the same as long as it lives.
pub(super) async fn session(options: &Options) -> Result<Timely<DatabaseConnection>, Error> {
    reach(options).await?;
    Ok(Timely::new(postgres_pool(options, of_a_session()).await?, options))
}

/// Returns the pool of one session. By default a pool exchanges its connections every half an hour, and with them would go
/// the locks by which others see that this process lives.
pub(super) fn of_a_session() -> PgPoolOptions {
    PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None)
}

/// Opens a pool of so many connections.
pub(super) async fn pool(
    options: &Options,
    max_connections: u32,
    memory: Memory,
) -> Result<Timely<DatabaseConnection>, Error> {
    reach(options).await?;
    let connection = if options.is_sqlite() {
        let open = || async {
            let pool = Database::connect(sqlite_pool(options, max_connections, memory)).await;
            pool.map(|pool| never_create_again(pool, options)).map_err(|error| options.opening(&error))
        };
        // SQLite does not wait for another that switches a new file to its write-ahead log at the same moment.
        retry(options.acquire_timeout, open).await?
    } else {
        postgres_pool(options, PgPoolOptions::new().max_connections(max_connections)).await?
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

fn sqlite_pool(options: &Options, max_connections: u32, memory: Memory) -> ConnectOptions {
    let in_memory = options.sqlite_file().is_none();
    let busy_timeout = options.acquire_timeout;
    let mut pool = ConnectOptions::new(options.url.clone());
    pool.sqlx_logging(false)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        // Each connection to a database in memory has a database of its own, which ends with the connection.
        .max_connections(if in_memory { 1 } else { max_connections.min(memory.connections) })
        .min_connections(u32::from(in_memory))
        .map_sqlx_sqlite_opts(move |sqlite| {
            // WAL with synchronous=NORMAL: a commit survives the death of the process; a power cut may take the last
            // commits, each as a whole, so that their pages are simply due again. The rarer checkpoints
            // take a good part off the time of a first run.
            sqlite
                .foreign_keys(true)
                .journal_mode(if in_memory { SqliteJournalMode::Memory } else { SqliteJournalMode::Wal })
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(busy_timeout)
                .pragma("cache_size", memory.cache)
                .pragma("wal_autocheckpoint", "8000")
                .pragma("temp_store", "memory")
                .pragma("mmap_size", memory.map)
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

async fn postgres_pool(options: &Options, pool: PgPoolOptions) -> Result<DatabaseConnection, Error> {
    let opening = |error| options.opening(&DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))));
    let longest_statement = options.statement_timeout.as_millis().to_string();
    let server: PgConnectOptions = options.url.parse().map_err(opening)?;
    let server = server.disable_statement_logging().application_name("yts-ingest").options([
        ("statement_timeout", longest_statement.as_str()),
        // A process that is stopped in the middle of a transaction must not keep its locks from the others.
        ("idle_in_transaction_session_timeout", LONGEST_IDLE_IN_TRANSACTION),
        // A machine that is gone must not pass for one that lives, as long as a system takes to notice by itself: 2 hours.
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
    ]);
    let server = server.options(index_settings());
    let pool = pool.acquire_timeout(options.acquire_timeout);
    Ok(silence::exchange_silent(pool, &server).connect_with(server).await.map_err(opening)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_never_exchanged_for_another() {
        let pool = of_a_session();
        let exchanges = (pool.get_max_lifetime(), pool.get_idle_timeout(), pool.get_max_connections());
        assert_eq!(exchanges, (None, None, 1));
    }
}
