//! Connections to `PostgreSQL` that have fallen silent: noticed by a ping, and exchanged for new ones, so that none keeps
//! its place in the pool for ever. How long a statement waits for its answer is `timely`'s.

use std::io;
use std::time::{Duration, Instant};

use sea_orm::SqlxError;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::{sleep, timeout};

/// How long the answer to a ping may take. A server that is busy for so long loses a connection by it, and nothing else.
pub(super) const LONGEST_PING: Duration = Duration::from_secs(5);

/// A connection that was used so recently is used again without a look; the others may have fallen silent meanwhile.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// How long an attempt to connect may take, and the pause between two.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// How long a place of the pool may wait for a server that is gone, so that nothing waits on when all is over.
const LONGEST_OUTAGE: Duration = Duration::from_mins(10);

/// Returns the error for an answer that did not come.
pub(super) fn error(waited: Duration) -> SqlxError {
    let text = format!("no answer for {} s, so the connection counts as lost", waited.as_secs());
    SqlxError::Io(io::Error::new(io::ErrorKind::TimedOut, text))
}

/// Has the pool look at connections that come back, since an answer may still be due there, and at those that were idle.
pub(super) fn exchange_silent(pool: PgPoolOptions, options: &PgConnectOptions) -> PgPoolOptions {
    let (before, after) = (options.clone(), options.clone());
    pool.test_before_acquire(false)
        .before_acquire(move |connection, seen| {
            let options = before.clone();
            Box::pin(async move {
                if seen.idle_for > TRUSTED_FOR {
                    look_at(connection, &options).await?;
                }
                Ok(true)
            })
        })
        .after_release(move |connection, _| {
            let options = after.clone();
            Box::pin(async move { look_at(connection, &options).await.map(|()| true) })
        })
}

/// Makes sure that a connection answers, by exchanging it where it is silent.
async fn look_at(connection: &mut PgConnection, options: &PgConnectOptions) -> Result<(), SqlxError> {
    if let Ok(answer) = timeout(LONGEST_PING, connection.ping()).await {
        return answer;
    }
    tracing::warn!("a connection to the database has fallen silent and is given up");
    exchange(connection, options).await
}

/// Puts a new connection in the place of a silent one. To close that in order would be to send first what it could not
/// send before, which may take for ever; dropped, it is closed at once.
async fn exchange(silent: &mut PgConnection, options: &PgConnectOptions) -> Result<(), SqlxError> {
    let begun_at = Instant::now();
    while begun_at.elapsed() < LONGEST_OUTAGE {
        match timeout(LONGEST_ATTEMPT, options.connect()).await {
            Ok(Ok(new)) => {
                *silent = new;
                return Ok(());
            }
            Ok(Err(error)) => tracing::debug!("no new connection yet: {error}"),
            Err(_) => tracing::debug!("no new connection yet: no answer"),
        }
        sleep(BETWEEN_ATTEMPTS).await;
    }
    Err(error(begun_at.elapsed()))
}
