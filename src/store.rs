//! The only place that knows SQL: opens the database, hands out pages, saves movies, reads them back.
//!
//! One database type is `SQLite`, embedded; the other is `PostgreSQL`, shared by several machines. Every operation is
//! written once: how their SQL differs stands in `dialect`, how they are opened and shared in `pool`, `file`, `presence`,
//! `bulletin` and `silence`, and what only one of them does (row locks, search) is asked for where it matters.
//! A page's movies, their relations and the mark that the page is done commit in one transaction (`save`).

mod bulk;
mod bulletin;
mod casts;
mod changes;
mod check;
mod claims;
mod connection;
mod coverage;
mod dialect;
mod differences;
mod documents;
mod error;
mod failures;
mod file;
mod genres;
mod history;
mod library;
mod links;
mod lookups;
mod movies;
mod pool;
mod presence;
mod refused;
mod retries;
mod retry;
mod runs;
mod save;
mod search;
mod silence;
mod status;
mod timely;
mod torrents;
mod unchanged;
mod vectors;
mod verify;

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, QueryResult, SqliteTransactionMode,
    StatementBuilder, TransactionOptions,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::timely::Timely;

pub use self::bulletin::{Bulletin, Bulletins};
pub use self::changes::Scope;
pub use self::check::{Health, TableHealth, check};
pub use self::claims::{Claim, Lease};
pub use self::connection::Options;
pub use self::coverage::{Disappeared, PageReading};
pub use self::differences::{Comparison, Difference};
pub(crate) use self::documents::{is_accent, plain_letters};
pub use self::error::Error;
pub use self::failures::Failure;
pub use self::history::ChangeRow;
pub use self::lookups::Known;
pub use self::presence::{InHand, Presence};
pub use self::retries::{RetryPlan, Settled};
pub use self::retry::retry;
pub use self::runs::{NewRun, Outcome, Run, RunTotals, Traffic};
pub use self::save::{PageResult, Saved};
pub use self::search::Filter;
pub(crate) use self::search::{Card, PackedVectors, Role, Titles, TorrentRow, Watch, WordQuery};
pub use self::status::{FailureRow, NewestMovie, Recent, RunStatus, Stats, Totals};
pub use self::vectors::{Embeddable, Vector};
pub use self::verify::{Finding, Inspection, Mended};

/// A connection pool to the catalogue's database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: Timely<DatabaseConnection>,
    /// On `SQLite` only.
    writer: Option<Writer>,
}

/// `SQLite` has one writer at a time: waiting here is fair and costs nothing, waiting there is polling. It writes by one
/// connection of its own, whose cache stays warm: a connection forgets what it has read as soon as another one writes.
#[derive(Clone, Debug)]
struct Writer {
    turn: Arc<Semaphore>,
    db: Timely<DatabaseConnection>,
}

/// A transaction that writes, with the right to do so.
struct Writing {
    transaction: Timely<DatabaseTransaction>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Store {
    /// Returns the pool, for queries of your own with the `entity` crate.
    #[must_use]
    pub fn db(&self) -> &DatabaseConnection {
        self.db.unlimited()
    }

    /// Returns how many transactions of a crawl gain by being written side by side: `SQLite` has one writer, and on `PostgreSQL`
    /// many would wait for each other's cast.
    #[must_use]
    pub fn useful_writers(&self) -> usize {
        if self.writer.is_some() { 1 } else { 4 }
    }

    fn backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    /// Returns the connection that writes, with the right to use it.
    async fn writer(&self) -> Result<(&Timely<DatabaseConnection>, Option<OwnedSemaphorePermit>), DbErr> {
        let Some(Writer { turn, db }) = &self.writer else { return Ok((&self.db, None)) };
        let permit = Arc::clone(turn).acquire_owned().await;
        Ok((db, Some(permit.map_err(|closed| DbErr::Custom(closed.to_string()))?)))
    }

    /// Runs a statement that writes, as a transaction of its own; returns its rows.
    async fn write(&self, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>, DbErr> {
        let (db, _permit) = self.writer().await?;
        db.query_all(statement).await
    }

    /// Begins a transaction that writes. On `SQLite` it takes the write lock at once, since a lock that is upgraded
    /// halfway fails instead of waiting.
    async fn begin_writing(&self, doing: &'static str) -> Result<Writing, Error> {
        let (db, permit) = self.writer().await.map_err(Error::doing(doing))?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let transaction = db.begin(options).await.map_err(Error::doing(doing))?;
        Ok(Writing { transaction, _permit: permit })
    }
}

impl Writing {
    async fn commit(self, doing: &'static str) -> Result<(), Error> {
        self.transaction.commit().await.map_err(Error::doing(doing))
    }
}
