//! A connection whose answers come in time, or count as lost: how all statements of the store reach the database.
//!
//! `PostgreSQL` ends a statement by itself that takes longer than `statement_timeout`. What takes longer still is a
//! connection that has fallen silent, which no system notices as long as something between acknowledges what is sent.
//! The error is one that passes, so `retry` tries again on another; `silence` sees to it that this one goes.

use std::time::Duration;

use sea_orm::prelude::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, TransactionOptions, TransactionTrait,
};

use super::connection::Options;
use super::silence;

/// How long closing may take before the connections are left to the system.
const LONGEST_CLOSE: Duration = Duration::from_secs(10);

/// A pool, or a transaction, that does not wait for ever.
#[derive(Clone, Debug)]
pub(super) struct Timely<C> {
    connection: C,
    /// How long to wait for an answer, and for a connection to ask on; a file answers or fails.
    limit: Option<Duration>,
}

async fn in_time<T>(limit: Option<Duration>, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let Some(limit) = limit else { return answer.await };
    let silent = || DbErr::Conn(RuntimeErr::SqlxError(silence::error(limit).into()));
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(silent()))
}

impl<C> Timely<C> {
    /// Returns the connection as it is, for what may take as long as it likes.
    pub(super) fn unlimited(&self) -> &C {
        &self.connection
    }

    /// Waits for an answer of the connection that comes by another way than a statement.
    pub(super) async fn in_time<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        in_time(self.limit, answer).await
    }
}

impl Timely<DatabaseConnection> {
    pub(super) fn new(connection: DatabaseConnection, options: &Options) -> Self {
        Self { connection, limit: (!options.is_sqlite()).then_some(options.answer_timeout) }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<Timely<DatabaseTransaction>, DbErr> {
        let connection = in_time(self.limit, self.connection.begin_with_options(options)).await?;
        Ok(Timely { connection, limit: self.limit })
    }

    /// Closes the pool; a silent connection is not waited for.
    pub(super) async fn close(self) -> Result<(), DbErr> {
        let closing = self.connection.close();
        if self.limit.is_none() {
            return closing.await;
        }
        tokio::time::timeout(LONGEST_CLOSE, closing).await.unwrap_or_else(|_| {
            tracing::debug!("a connection that fell silent was left as it is");
            Ok(())
        })
    }
}

impl Timely<DatabaseTransaction> {
    /// Commits. Where the answer is lost, so is the knowledge whether it did.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        in_time(self.limit, self.connection.commit()).await
    }

    /// Takes everything back.
    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        in_time(self.limit, self.connection.rollback()).await
    }
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Timely<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        in_time(self.limit, self.connection.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        in_time(self.limit, self.connection.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        in_time(self.limit, self.connection.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        in_time(self.limit, self.connection.query_all_raw(statement)).await
    }
}
