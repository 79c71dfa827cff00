//! Says to other processes that this one is alive, in a way that ends with the process, however it ends.
//!
//! So the leases of a process that was killed are free at once, without waiting until they expire.
//! On `PostgreSQL` it is a session's advisory lock, which the server drops with the connection; on `SQLite` a locked file
//! beside the database, which also keeps a second writer out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::connection::Options;
use super::file::WatchedFile;
use super::pool::session;
use super::timely::Timely;
use super::{Error, Lease, Store};

/// First half of the advisory lock's key, of a process that lives; the second is the process's number.
const LIVES: i32 = 2_037_674_753;

/// The same of a process that asks the source, and so shares its rate with the others that do.
const ASKS: i32 = LIVES + 1;

/// A process's sign of life, until it is dropped.
#[derive(Debug)]
pub struct Presence {
    /// The number under which this process claims pages.
    pub owner: i32,
    sign: Sign,
    asks: AtomicBool,
    /// A page stands here twice where it was claimed again before its first holder here let go of it.
    in_hand: Mutex<Vec<i32>>,
}

/// A page that this process works on: its lease is renewed until this is dropped.
#[derive(Debug)]
pub struct InHand<'a> {
    presence: &'a Presence,
    page: i32,
}

#[derive(Debug)]
enum Sign {
    /// A connection of its own, since the lock belongs to the session.
    Session(Timely<DatabaseConnection>),
    File(WatchedFile),
    /// A database in memory is this process's alone.
    Alone,
}

impl Store {
    /// Announces this process. On `SQLite` it fails where another process writes to the same file.
    pub async fn announce(&self, options: &Options) -> Result<Presence, Error> {
        let owner = rand::random_range(1..=i32::MAX);
        let sign = match (self.backend(), options.sqlite_file()) {
            (DbBackend::Postgres, _) => Sign::Session(session(options).await?),
            (_, Some(file)) => Sign::File(WatchedFile::lock(file)?),
            (_, None) => Sign::Alone,
        };
        let presence = Presence { owner, sign, asks: AtomicBool::new(false), in_hand: Mutex::default() };
        presence.renew().await?;
        Ok(presence)
    }
}

impl Presence {
    /// Takes a page in hand, so that its lease is renewed.
    #[must_use]
    pub fn hold(&self, lease: Lease) -> InHand<'_> {
        self.lock().push(lease.page);
        InHand { presence: self, page: lease.page }
    }

    /// Returns the pages that this process works on.
    pub(super) fn pages_in_hand(&self) -> Vec<i32> {
        self.lock().clone()
    }

    /// Locks the list; it is held to change one entry only, so a poisoned lock still holds a whole list.
    fn lock(&self) -> MutexGuard<'_, Vec<i32>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the session that carries the sign of life, where it is one.
    pub(super) fn session(&self) -> Option<&Timely<DatabaseConnection>> {
        match &self.sign {
            Sign::Session(session) => Some(session),
            Sign::File(_) | Sign::Alone => None,
        }
    }

    /// Says that `SQLite`'s file was removed, where it was: then whatever else went wrong follows from that.
    #[must_use]
    pub fn file_lost(&self) -> Option<Error> {
        match &self.sign {
            Sign::File(file) => file.make_sure_of().err(),
            Sign::Session(_) | Sign::Alone => None,
        }
    }

    /// Says to the others that this process asks the source, from now on.
    pub async fn ask_the_source(&self) -> Result<(), Error> {
        self.asks.store(true, Ordering::Relaxed);
        self.renew().await
    }

    /// Renews the sign where the connection that carried it was lost; fails where the file is no longer there. The lock
    /// is a shared one, since the server may not have noticed yet that the session which holds it too is gone.
    pub async fn renew(&self) -> Result<(), Error> {
        let session = match &self.sign {
            Sign::Session(session) => session,
            Sign::File(file) => return file.make_sure_of(),
            Sign::Alone => return Ok(()),
        };
        let sql = "SELECT pg_advisory_lock_shared($1, $2) WHERE NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' \
                   AND pid = pg_backend_pid() AND classid::bigint = $1 AND objid::bigint = $2)";
        let asks = self.asks.load(Ordering::Relaxed).then_some(ASKS);
        for class in [LIVES].into_iter().chain(asks) {
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [class.into(), self.owner.into()]);
            session.execute_raw(statement).await.map_err(Error::doing("announce this process"))?;
        }
        Ok(())
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut in_hand = self.presence.lock();
        if let Some(at) = in_hand.iter().position(|page| *page == self.page) {
            in_hand.swap_remove(at);
        }
    }
}

/// Returns the locks of one class in this database, as what a query selects from.
fn signs(class: i32) -> String {
    format!(
        "FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = {class} \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}

/// Returns how many processes ask the source.
pub(super) async fn processes_that_ask(db: &impl ConnectionTrait) -> Result<u32, Error> {
    const DOING: &str = "count the processes";
    let sql = format!("SELECT COUNT(DISTINCT objid) AS processes {}", signs(ASKS));
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.map_err(Error::doing(DOING))?;
    let count: Option<i64> = row.map(|row| row.try_get("", "processes")).transpose().map_err(Error::doing(DOING))?;
    Ok(u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX))
}

/// Returns the condition under which the owner of a lease is known to live no more.
pub(super) fn owner_is_gone(backend: DbBackend, own: i32) -> String {
    match backend {
        DbBackend::Postgres => {
            format!("lease_owner <> {own} AND lease_owner NOT IN (SELECT objid::bigint {})", signs(LIVES))
        }
        // The file's lock is ours, so no other writer lives.
        _ => format!("lease_owner <> {own}"),
    }
}
