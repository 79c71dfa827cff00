//! The database's own checks: `SQLite`'s of its file and of its foreign keys. `PostgreSQL` watches over its keys itself.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Error, Finding, keys};

/// How many lines of the database's own report are passed on.
const MAX_LINES: usize = 20;

/// Asks the database to check itself, where it can.
pub(super) async fn check(db: &impl ConnectionTrait) -> Result<Vec<Finding>, Error> {
    const DOING: &str = "have the database check itself";
    if db.get_database_backend() != DbBackend::Sqlite {
        return Ok(Vec::new());
    }
    let ask = |sql: &'static str| db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let lines = ask("PRAGMA integrity_check").await.map_err(Error::doing(DOING))?;
    let mut findings = Vec::new();
    for row in lines.iter().take(MAX_LINES) {
        let line: String = row.try_get_by_index(0).map_err(Error::doing(DOING))?;
        if line != "ok" {
            findings.push(Finding::new("integrity", "the file", format!("{line}; mend it, or go back to a backup")));
        }
    }
    // Keys that `keys` counts are told there, with what they are.
    let broken = ask("PRAGMA foreign_key_check").await.map_err(Error::doing(DOING))?;
    for row in &broken {
        let table: String = row.try_get_by_index(0).map_err(Error::doing(DOING))?;
        let parent: String = row.try_get_by_index(2).map_err(Error::doing(DOING))?;
        let is_told = keys::is_counted(&table, &parent);
        if !is_told && findings.len() < MAX_LINES {
            findings.push(Finding::new("foreign_key", table, format!("a row leads to no row of {parent}")));
        }
    }
    Ok(findings)
}
