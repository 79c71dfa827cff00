//! What `test-db` shows: the state of the database, as text for people or as data for programs.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::store::Health;

/// The state of the database.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Where it is, without its password.
    pub database_url: String,
    /// `SQLite` or `PostgreSQL`.
    pub server: String,
    /// Its version.
    pub version: String,
    /// Milliseconds that a question and its answer take; `None` where there is no database yet.
    pub round_trip_milliseconds: Option<f64>,
    /// Rows a table; `None` where it does not exist or cannot be read.
    pub tables: BTreeMap<&'static str, Option<i64>>,
    /// Migrations that fetch-yts would apply.
    pub pending_migrations: Vec<String>,
    /// State of the vector extension.
    pub vector: String,
    /// Whether the database is yet to be created.
    pub is_new: bool,
    /// What keeps fetch-yts from working, each with its remedy.
    pub problems: Vec<String>,
    /// Whether fetch-yts could run.
    pub is_usable: bool,
}

impl Report {
    /// Puts a report together.
    #[must_use]
    pub fn new(database_url: String, health: Health) -> Self {
        let milliseconds = (health.round_trip.as_secs_f64() * 1e6).round() / 1e3;
        Self {
            database_url,
            is_usable: health.is_usable(),
            server: health.server,
            version: health.version,
            round_trip_milliseconds: (!health.is_new).then_some(milliseconds),
            tables: health.tables.into_iter().map(|table| (table.name, table.rows)).collect(),
            pending_migrations: health.pending_migrations,
            vector: health.vector,
            is_new: health.is_new,
            problems: health.problems,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "database    {}", self.database_url)?;
        writeln!(f, "server      {} {}", self.server, self.version)?;
        match self.round_trip_milliseconds {
            Some(milliseconds) => writeln!(f, "round trip  {milliseconds:.3} ms")?,
            None => writeln!(f, "file        none yet; fetch-yts creates it")?,
        }
        writeln!(f, "vector      {}", self.vector)?;
        match self.pending_migrations.as_slice() {
            [] => writeln!(f, "migrations  up to date")?,
            pending => writeln!(f, "migrations  {} pending; fetch-yts applies them", pending.len())?,
        }
        for (name, rows) in &self.tables {
            match rows {
                Some(rows) => writeln!(f, "  {name:<17} {rows:>9} rows")?,
                None if self.pending_migrations.is_empty() => writeln!(f, "  {name:<17} cannot be read")?,
                None => writeln!(f, "  {name:<17}   missing")?,
            }
        }
        for problem in &self.problems {
            writeln!(f, "problem: {problem}")?;
        }
        writeln!(f, "{}", if self.is_usable { "fetch-yts can run" } else { "fetch-yts cannot run" })
    }
}
