//! Runs migrations one process at a time, all or nothing.
//!
//! `SeaORM`'s migrator takes no lock: of three that start at once on an empty database, two fail. So everything runs in
//! one outer transaction that excludes the others: an advisory lock on `PostgreSQL`, `BEGIN IMMEDIATE` on `SQLite`.

use sea_orm_migration::prelude::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::prelude::*;

use crate::Migrator;

/// Names the advisory lock; any constant that no other program uses.
const LOCK_KEY: i64 = 0x7974_735f_6d69_6772;

/// Says which way to go, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Applies pending steps: all, or so many.
    Up(Option<u32>),
    /// Takes steps back: all, or so many.
    Down(Option<u32>),
    /// Drops every table, then applies all steps.
    Fresh,
    /// Takes all steps back, then applies them.
    Refresh,
    /// Takes all steps back, and the migration table with them.
    Reset,
}

/// Carries out a step while every other process that migrates waits.
pub async fn migrate(db: &DatabaseConnection, step: Step) -> Result<(), DbErr> {
    let transaction = begin_alone(db).await?;
    match step {
        Step::Up(steps) => Migrator::up(&transaction, steps).await?,
        Step::Down(steps) => Migrator::down(&transaction, steps).await?,
        Step::Fresh => Migrator::fresh(&transaction).await?,
        Step::Refresh => Migrator::refresh(&transaction).await?,
        Step::Reset => Migrator::reset(&transaction).await?,
    }
    transaction.commit().await
}

async fn begin_alone(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await?;
    if db.get_database_backend() == DbBackend::Postgres {
        let lock = Query::select().expr(Func::cust("pg_advisory_xact_lock").arg(LOCK_KEY)).to_owned();
        transaction.query_one(&lock).await?;
    }
    Ok(transaction)
}
