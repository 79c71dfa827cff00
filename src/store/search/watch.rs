//! Tells whether anything was written since the last look, so that what was read before may be used again.
//!
//! The answer is exact, whoever wrote: on `PostgreSQL` it is the snapshot, on `SQLite` the `data_version` of a
//! connection that never writes. No trigger and no counter is needed, and so no writer waits for another.

use std::sync::Arc;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row, SqliteConnection};
use sea_orm::{DbBackend, DbErr, RuntimeErr};
use tokio::sync::Mutex;

use super::DOING;
use crate::store::{Error, Store};

/// Watches one database for writes.
#[derive(Debug)]
pub(crate) struct Watch {
    store: Store,
    /// A connection of its own to a file of `SQLite`.
    own: Option<Mutex<SqliteConnection>>,
}

impl Watch {
    /// Begins to watch.
    pub(super) async fn begin(store: &Store) -> Result<Self, Error> {
        let own = match sqlite_file(store) {
            Some(options) => {
                let connection = options.connect().await;
                Some(Mutex::new(connection.map_err(|error| Error::doing(DOING)(DbErr::Conn(wrap(error))))?))
            }
            None => None,
        };
        Ok(Self { store: store.clone(), own })
    }

    /// Ends the watch.
    pub(crate) async fn close(self) -> Result<(), Error> {
        let Some(own) = self.own else { return Ok(()) };
        let closed = own.into_inner().close().await;
        closed.map_err(|error| Error::doing("close the database")(DbErr::Conn(wrap(error))))
    }

    /// Returns the state of the data: the same text as before means that nothing was written meanwhile.
    pub(crate) async fn state(&self) -> Result<String, Error> {
        let Some(own) = &self.own else {
            // A database in memory has one connection, which counts its own changes.
            let sql = match self.store.backend() {
                DbBackend::Postgres => "SELECT pg_current_snapshot()::text",
                _ => "SELECT CAST(total_changes() AS TEXT)",
            };
            let state = self.store.one_text(sql, Vec::new()).await.map_err(Error::doing(DOING))?;
            return Ok(state.unwrap_or_default());
        };
        let mut connection = own.lock().await;
        let query = sea_orm::sqlx::query(AssertSqlSafe("PRAGMA data_version"));
        let row = query.fetch_one(&mut *connection).await;
        let version = row.and_then(|row| row.try_get::<i64, _>(0));
        version.map(|version| version.to_string()).map_err(|error| Error::doing(DOING)(DbErr::Query(wrap(error))))
    }
}

/// Returns how to open the store's file once more; nothing for `PostgreSQL` and for a database in memory.
fn sqlite_file(store: &Store) -> Option<SqliteConnectOptions> {
    if store.backend() != DbBackend::Sqlite {
        return None;
    }
    let options = store.db().get_sqlite_connection_pool().connect_options();
    let name = options.get_filename().to_string_lossy().into_owned();
    let is_in_memory = name.contains("sqlx-in-memory") || name.contains(":memory:") || name.is_empty();
    (!is_in_memory).then(|| SqliteConnectOptions::clone(&options))
}

fn wrap(error: sea_orm::SqlxError) -> RuntimeErr {
    RuntimeErr::SqlxError(Arc::new(error))
}

impl Store {
    /// Begins to watch for writes.
    pub(crate) async fn watch(&self) -> Result<Watch, Error> {
        Watch::begin(self).await
    }
}
