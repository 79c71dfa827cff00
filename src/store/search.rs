//! What search asks the database: which movies have a word, pass a filter or lie close to a vector, and their texts.
//!
//! Nothing is ranked here, so that both databases rank alike; ranking is the search's. Long lists of ids come back as
//! one packed text, since a row for each would cost more than finding it.

mod cards;
mod filter;
mod near;
mod postings;
mod watch;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

pub(crate) use self::cards::{Card, Role, TorrentRow};
pub use self::filter::Filter;
pub(crate) use self::near::PackedVectors;
pub(super) use self::near::index_settings;
pub(crate) use self::postings::{Titles, WordQuery};
pub(crate) use self::watch::Watch;

use super::{Error, Store, dialect};

const DOING: &str = "search";

impl Store {
    /// Whether the database itself finds the nearest vectors.
    #[must_use]
    pub fn has_vector_type(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// Reads one packed list of ids.
    async fn packed_ids(&self, sql: &str, values: Vec<Value>) -> Result<Vec<i64>, Error> {
        Ok(dialect::unpacked(self.one_text(sql, values).await.map_err(Error::doing(DOING))?))
    }

    async fn one_text(&self, sql: &str, values: Vec<Value>) -> Result<Option<String>, DbErr> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        match self.db.query_one_raw(statement).await? {
            Some(row) => row.try_get_by_index(0),
            None => Ok(None),
        }
    }
}
