//! Inserts many rows in as few statements as the parameter limits allow.

mod columns;

use sea_orm::sea_query::{InsertStatement, OnConflict, Query};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, QueryResult, QueryTrait};

/// The most parameters of a statement on `PostgreSQL`, half of what it takes.
const MAX_PARAMETERS: usize = 32_766;

/// The same on `SQLite`, which takes as many: a statement with its values is kept for each number of rows, so that larger ones
/// would take much memory.
const MAX_PARAMETERS_ON_SQLITE: usize = 2_000;

/// The most keys that one look-up asks for.
pub(super) const MAX_KEYS: usize = 10_000;

/// Inserts the rows; those that conflict are treated as `on_conflict` says.
pub(super) async fn insert<A, C>(connection: &C, rows: Vec<A>, on_conflict: Option<&OnConflict>) -> Result<(), DbErr>
where
    A: ActiveModelTrait,
    C: ConnectionTrait,
{
    let backend = connection.get_database_backend();
    for chunk in chunks(backend, rows) {
        let mut statement = statement_for(backend, chunk, None)?;
        if let Some(on_conflict) = on_conflict {
            statement.on_conflict(on_conflict.clone());
        }
        connection.execute(&statement).await?;
    }
    Ok(())
}

/// A column that only `PostgreSQL` has, so that it is none of the entity's: its values in their text form, one a row.
pub(super) struct OwnColumn {
    pub(super) name: &'static str,
    /// The type of an array of its values.
    pub(super) array: &'static str,
    pub(super) values: Vec<Option<String>>,
}

/// Inserts the rows and returns the named columns of those that were inserted or updated.
pub(super) async fn insert_returning<A, C>(
    connection: &C,
    rows: Vec<A>,
    mut own_column: Option<OwnColumn>,
    on_conflict: &OnConflict,
    columns: &[<A::Entity as EntityTrait>::Column],
) -> Result<Vec<QueryResult>, DbErr>
where
    A: ActiveModelTrait,
    C: ConnectionTrait,
{
    let mut returned = Vec::with_capacity(rows.len());
    let backend = connection.get_database_backend();
    for chunk in chunks(backend, rows) {
        let own =
            own_column.as_mut().map(|own| OwnColumn { values: own.values.drain(..chunk.len()).collect(), ..*own });
        let mut statement = statement_for(backend, chunk, own)?;
        statement.on_conflict(on_conflict.clone()).returning(Query::returning().columns(columns.iter().copied()));
        returned.extend(connection.query_all(&statement).await?);
    }
    Ok(returned)
}

/// Returns the statement that inserts the rows: as columns on `PostgreSQL`, one by one on `SQLite`, which has no arrays.
fn statement_for<A: ActiveModelTrait>(
    backend: DbBackend,
    rows: Vec<A>,
    own_column: Option<OwnColumn>,
) -> Result<InsertStatement, DbErr> {
    match backend {
        DbBackend::Postgres if rows.first().is_some_and(columns::can_hold) => columns::insert(rows, own_column),
        _ => Ok(A::Entity::insert_many(rows).into_query()),
    }
}

/// Cuts the rows into pieces whose parameters fit into one statement.
fn chunks<A: ActiveModelTrait>(backend: DbBackend, rows: Vec<A>) -> Vec<Vec<A>> {
    let columns = <A::Entity as EntityTrait>::Column::iter().count();
    let most = if backend == DbBackend::Postgres { MAX_PARAMETERS } else { MAX_PARAMETERS_ON_SQLITE };
    let rows_per_statement = most / columns;
    let mut chunks = Vec::with_capacity(1 + rows.len() / rows_per_statement);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        chunks.push(rows.by_ref().take(rows_per_statement).collect());
    }
    chunks
}
