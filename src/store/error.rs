//! What can go wrong with the database, in words that name the thing and the remedy, and whether to try again.

use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is none that the store understands.
    #[error("cannot use database {url}: {reason}; give sqlite://FILE?mode=rwc or postgres://USER@HOST/NAME")]
    Url {
        /// The URL, redacted.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database can't be reached or opened.
    #[error("cannot open database {url}: {reason}; run test-db to see what is wrong")]
    Open {
        /// The URL, redacted.
        url: String,
        /// What the database said.
        reason: String,
        /// Whether trying again may help.
        transient: bool,
    },
    /// Another process writes to this `SQLite` file.
    #[error(
        "another fetch-yts, or yts-catalog embed, is writing to this database (lock {}); wait until it ends, or use PostgreSQL, \
         on which several processes share a run",
        path.display()
    )]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The file was removed, or another put in its place, while it was in use: what is saved now goes nowhere.
    #[error(
        "the database file {} was removed or replaced while it was in use; what was saved since is lost, \
         the same command begins anew or goes on with what is there",
        path.display()
    )]
    Removed {
        /// The database file.
        path: PathBuf,
    },
    /// The schema can't be brought up to date.
    #[error("cannot migrate the database: {}; nothing was changed, run test-db to see what is wrong", plain(.0))]
    Migrate(#[source] DbErr),
    /// A statement failed.
    #[error("cannot {doing}: {}", plain(.source))]
    Statement {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: DbErr,
    },
    /// The lease on a page passed to another process before the page was saved; nothing of it was saved here.
    #[error("page {page} passed to another process before it was saved here; nothing is lost")]
    LeaseLost {
        /// The page.
        page: i32,
    },
    /// The page had been saved under this very lease, and only the answer to the commit was lost.
    #[error("page {page} was saved before; only the answer was lost")]
    SavedBefore {
        /// The page.
        page: i32,
    },
    /// Of several pages some cannot be saved as they are; nothing of any was saved, and each may be tried alone.
    #[error("some of these pages cannot be saved together with the others; each can be tried alone")]
    NotTogether,
    /// A movie was neither inserted nor there: its slug was taken at the same moment, or something of the user's drops it.
    #[error(
        "the database did not take movie {external_id}, and does not say why; a trigger or a unique index of your own may"
    )]
    NotTaken {
        /// The source's id.
        external_id: i32,
    },
    /// The run that was to be gone on with was ended by another process at the same moment.
    #[error("the run to go on with was ended by another process at the same moment")]
    RunEnded,
}

impl Error {
    /// Returns a function that says what was being done when a statement failed.
    pub(super) fn doing(doing: &'static str) -> impl FnOnce(DbErr) -> Self {
        move |source| Self::Statement { doing, source }
    }

    /// Returns the error for a connection on which notices come in.
    pub(super) fn listening(error: SqlxError) -> Self {
        let source = DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
        Self::Statement { doing: "listen to the other processes", source }
    }

    /// Says whether the same thing, tried again a little later, may work.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Open { transient, .. } => *transient,
            // Its slug may have been taken at this moment, and be looked up anew.
            Self::NotTaken { .. } | Self::RunEnded => true,
            Self::Migrate(source) | Self::Statement { source, .. } => is_transient(source),
            Self::Url { .. }
            | Self::InUse { .. }
            | Self::Removed { .. }
            | Self::LeaseLost { .. }
            | Self::SavedBefore { .. }
            | Self::NotTogether => false,
        }
    }

    /// Says whether the data is at fault and not the database: a value that a constraint refuses, for example.
    #[must_use]
    pub fn is_about_data(&self) -> bool {
        // SQLSTATE classes 21 (a key twice), 22 (data exception), 23 (constraint violation), 54 (limit exceeded), P0 (raised by a
        // trigger of the user's); SQLite's primary codes 18 (too big), 19 (constraint), 20 (mismatch), the extended code being primary + 256 × n.
        let source = match self {
            Self::NotTaken { .. } => return true,
            Self::Statement { source, .. } if !is_transient(source) => source,
            _ => return false,
        };
        let Some(code) = database_code(source) else { return false };
        match code.parse::<u32>() {
            Ok(number) if code.len() < 5 => matches!(number % 256, 18..=20),
            _ => ["21", "22", "23", "54", "P0"].iter().any(|class| code.starts_with(class)),
        }
    }
}

/// Says whether a database error passes by itself: a lost connection, a restart, a deadlock, a lock held elsewhere.
pub(super) fn is_transient(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => is_transient_sqlx(error),
        _ => false,
    }
}

/// Says the same of a driver's error.
fn is_transient_sqlx(error: &SqlxError) -> bool {
    match error {
        SqlxError::Io(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::Protocol(_)
        | SqlxError::WorkerCrashed => true,
        // A slug that was looked up and was free: another process took it at this moment.
        SqlxError::Database(error) if error.constraint() == Some("movies_slug_key") => true,
        SqlxError::Database(error) => error.code().is_some_and(|code| {
            // Connection trouble, a transaction that stood still, serialization failure and deadlock, a statement that took
            // too long, shutdown and start-up of the server; too many connections; and SQLite's "busy" and "locked".
            code.starts_with("08")
                || ["25P03", "40001", "40P01", "53300", "55P03", "57014"].contains(&&*code)
                || ["5", "6", "261", "262", "517"].contains(&&*code)
                || (code.starts_with("57P0") && &*code != "57P04")
        }),
        _ => false,
    }
}

fn database_code(error: &DbErr) -> Option<String> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => error.as_database_error()?.code().map(Into::into),
        _ => None,
    }
}

/// `SQLite`'s code where it cannot open the file, or one that it needs beside it.
const SQLITE_CANNOT_OPEN: &str = "14";

/// Returns what the database said, without the layers through which it came.
pub(super) fn plain(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match error.as_database_error() {
            Some(error) if error.code().is_some_and(|code| code == SQLITE_CANNOT_OPEN) => {
                format!(
                    "{} (is its folder there, may it be written to, and may this process open more files? see ulimit -n)",
                    error.message()
                )
            }
            Some(error) => error.message().to_owned(),
            None => error.to_string(),
        },
        other => other.to_string(),
    }
}
