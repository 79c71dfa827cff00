//! Waits for what happens soon, and fails where it does not.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// How long what happens soon may take on a loaded machine.
const SOON: Duration = Duration::from_mins(1);

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Waits for something that happens soon.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.expect("it happens soon");
}

/// Waits until a statement in this `PostgreSQL` database waits for another transaction.
pub(crate) async fn until_somebody_waits(db: &DatabaseConnection) {
    let sql = "SELECT COUNT(*) AS waiting FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = async {
        loop {
            let statement = Statement::from_string(DbBackend::Postgres, sql);
            let row = db.query_one_raw(statement).await.expect("the server answers").expect("a count is one row");
            if row.try_get::<i64>("", "waiting").expect("a count is a number") > 0 {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.expect("somebody waits soon");
}
