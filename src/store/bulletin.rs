//! Short notices between the processes that share a database: who joined, and that the source asked for a pause.
//!
//! On PostgreSQL they are LISTEN and NOTIFY, which arrive within milliseconds; on SQLite there is nobody to tell.

use std::time::Duration;

use sea_orm::sea_query::{Expr, Func, Query};
use sea_orm::sqlx::Executor;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DbBackend, SqlxError};
use tokio::time::timeout;

use super::pool::of_a_session;
use super::presence::processes_that_ask;
use super::silence::{self, LONGEST_PING};
use super::{Error, Presence, Store};

const CHANNEL: &str = "yts_ingest";

/// How long beginning to listen may take.
const LONGEST_START: Duration = Duration::from_secs(30);

/// What a process tells the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulletin {
    /// It has begun to ask the source.
    Joined,
    /// The source asked it to pause for so long.
    Pause(Duration),
}

/// What the other processes tell.
#[derive(Debug)]
pub struct Bulletins {
    listener: PgListener,
    owner: i32,
    source: String,
}

impl Store {
    /// Returns how many processes ask the source at the moment, this one included.
    pub async fn processes(&self) -> Result<u32, Error> {
        match self.backend() {
            DbBackend::Postgres => processes_that_ask(&self.db).await,
            _ => Ok(1),
        }
    }

    /// Begins to listen to the other processes; `None` where there can be none.
    pub async fn listen(&self, owner: i32, source: &str) -> Result<Option<Bulletins>, Error> {
        if self.backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let server = self.db().get_postgres_connection_pool().connect_options();
        let listening = async {
            // A pool of its own: where the connection falls silent, the place that it keeps is nobody else's.
            let pool = of_a_session().connect_with(server.as_ref().clone()).await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        let listener = in_time(LONGEST_START, listening).await.map_err(Error::listening)?;
        Ok(Some(Bulletins { listener, owner, source: source.to_owned() }))
    }
}

impl Presence {
    /// Tells the other processes that ask the same source; on the session of the sign of life, which is never busy.
    pub async fn publish(&self, source: &str, bulletin: Bulletin) -> Result<(), Error> {
        let Some(session) = self.session() else { return Ok(()) };
        let owner = self.owner;
        let payload = match bulletin {
            Bulletin::Joined => format!("{owner} 0 {source}"),
            Bulletin::Pause(pause) => format!("{owner} {} {source}", pause.as_millis()),
        };
        let notify = Func::cust("pg_notify").args([Expr::val(CHANNEL), Expr::val(payload)]);
        let statement = Query::select().expr(notify).to_owned();
        session.query_one(&statement).await.map_err(Error::doing("tell the other processes"))?;
        Ok(())
    }
}

impl Bulletins {
    /// Waits for the next one from another process about the same source. A connection that is lost is made again.
    pub async fn next(&mut self) -> Result<Bulletin, Error> {
        loop {
            let notification = self.listener.recv().await.map_err(Error::listening)?;
            if let Some(bulletin) = self.read(notification.payload()) {
                return Ok(bulletin);
            }
        }
    }

    /// Makes sure that the connection still carries what the others say; one that fell silent would never tell.
    pub async fn make_sure_of_hearing(&mut self) -> Result<(), Error> {
        let question = self.listener.execute("SELECT 1");
        in_time(LONGEST_PING, question).await.map_err(Error::listening)?;
        Ok(())
    }

    fn read(&self, payload: &str) -> Option<Bulletin> {
        let mut words = payload.splitn(3, ' ');
        let owner: i32 = words.next()?.parse().ok()?;
        let milliseconds: u64 = words.next()?.parse().ok()?;
        let is_for_us = owner != self.owner && words.next()? == self.source;
        is_for_us.then(|| match milliseconds {
            0 => Bulletin::Joined,
            _ => Bulletin::Pause(Duration::from_millis(milliseconds)),
        })
    }
}

async fn in_time<T>(limit: Duration, answer: impl Future<Output = Result<T, SqlxError>>) -> Result<T, SqlxError> {
    timeout(limit, answer).await.unwrap_or_else(|_| Err(silence::error(limit)))
}
