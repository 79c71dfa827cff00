//! What `SQLite` and `PostgreSQL` say differently: the clock, "one of these keys", and many numbers or rows as one text.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::postgres_array::NotU8;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, Value};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr};

/// The form in which the driver reads and writes times on `SQLite`: text that sorts as the times do.
const SQLITE_TIME: &str = "%Y-%m-%dT%H:%M:%f+00:00";

/// Returns the database's own time, so much later than now; clocks of other machines are not to be relied on.
pub(super) fn now_plus(backend: DbBackend, later: Duration) -> Expr {
    let seconds = i64::try_from(later.as_secs()).unwrap_or(i64::MAX);
    match backend {
        DbBackend::Postgres => {
            let now = Expr::from(Func::cust(Alias::new("clock_timestamp")));
            now.add(Expr::cust_with_values("$1 * INTERVAL '1 second'", [seconds]))
        }
        _ => Expr::from(Func::cust(Alias::new("strftime")).args([
            Expr::val(SQLITE_TIME),
            Expr::val("now"),
            Expr::val(format!("+{seconds} seconds")),
        ])),
    }
}

/// Returns the database's own time.
pub(super) fn now(backend: DbBackend) -> Expr {
    now_plus(backend, Duration::ZERO)
}

/// Asks the database for its time.
pub(super) async fn database_time(connection: &impl ConnectionTrait) -> Result<DateTime<Utc>, DbErr> {
    let query = Query::select().expr_as(now(connection.get_database_backend()), "now").to_owned();
    let row = connection.query_one(&query).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the database's time".to_owned()))?.try_get("", "now")
}

/// Returns "the column is one of these".
///
/// On `PostgreSQL` it is one parameter whatever their number, so that the statement stays the same and prepared; on
/// `SQLite` an array panics, hence the list.
pub(super) fn is_any_of<C, V>(backend: DbBackend, column: C, keys: &[V]) -> Expr
where
    C: ColumnTrait,
    V: Clone + Into<Value> + NotU8,
{
    match backend {
        DbBackend::Postgres => column.eq_any(keys.iter().cloned()),
        _ => column.is_in(keys.iter().cloned()),
    }
}

/// Returns the expression that packs numbers into one text, with blanks between them: a row for each costs more.
pub(super) fn packed(backend: DbBackend, column: &str) -> String {
    joined(backend, &format!("CAST({column} AS text)"), "' '")
}

/// Returns the expression that joins texts into one, with a separator between them.
pub(super) fn joined(backend: DbBackend, text: &str, separator: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("string_agg({text}, {separator})"),
        _ => format!("group_concat({text}, {separator})"),
    }
}

/// Returns the expression that packs rows of these columns into one text, as JSON: whatever their texts hold, each stays
/// what it is.
pub(super) fn packed_rows(backend: DbBackend, columns: &str) -> String {
    let row = match backend {
        DbBackend::Postgres => format!("CAST(json_build_array({columns}) AS text)"),
        _ => format!("json_array({columns})"),
    };
    joined(backend, &row, "','")
}

/// Returns the numbers of a packed text.
pub(super) fn unpacked<N: FromStr>(packed: Option<String>) -> Vec<N> {
    packed.unwrap_or_default().split(' ').filter_map(|number| number.parse().ok()).collect()
}
