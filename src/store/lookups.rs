//! What is there already: by the source's ids, before anything is fetched.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::movie;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

use super::{Error, Store, bulk, dialect};

/// Which of the movies asked for are in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Those that are, by the source's ids.
    pub external_ids: HashSet<i32>,
    /// Those of them that were thought to have disappeared from the source.
    pub disappeared: HashSet<i32>,
}

impl Store {
    /// Returns which of these movies are in the database; one query, however many.
    pub async fn known(&self, external_ids: &[i32]) -> Result<Known, Error> {
        const DOING: &str = "look up which movies are known";
        let packed = |column: &str| Expr::cust(dialect::packed(self.backend(), column));
        let mut known = Known::default();
        for keys in external_ids.chunks(bulk::MAX_KEYS) {
            let query = Query::select()
                .expr(packed("external_id"))
                .expr(packed("CASE WHEN deleted_at IS NOT NULL THEN external_id END"))
                .from(movie::Entity)
                .and_where(dialect::is_any_of(self.backend(), movie::Column::ExternalId, keys))
                .take();
            let row = self.db.query_one(&query).await.map_err(Error::doing(DOING))?;
            let column = |index: usize| -> Result<Vec<i32>, DbErr> {
                let packed: Option<Option<String>> = row.as_ref().map(|row| row.try_get_by_index(index)).transpose()?;
                Ok(dialect::unpacked(packed.flatten()))
            };
            known.external_ids.extend(column(0).map_err(Error::doing(DOING))?);
            known.disappeared.extend(column(1).map_err(Error::doing(DOING))?);
        }
        Ok(known)
    }

    /// Says whether all of these movies were saved by then.
    pub async fn were_saved_by(&self, external_ids: &[i32], then: DateTime<Utc>) -> Result<bool, Error> {
        let mut saved = 0;
        for keys in external_ids.chunks(bulk::MAX_KEYS) {
            let condition = dialect::is_any_of(self.backend(), movie::Column::ExternalId, keys);
            let query = movie::Entity::find().filter(condition).filter(movie::COLUMN.created_at.lte(then));
            saved += query.count(&self.db).await.map_err(Error::doing("look up since when movies are known"))?;
        }
        Ok(saved == external_ids.len() as u64)
    }

    /// Says whether a movie is in the database.
    pub async fn movie_exists(&self, external_id: i32) -> Result<bool, Error> {
        let found = movie::Entity::find().filter(movie::COLUMN.external_id.eq(external_id)).count(&self.db).await;
        Ok(found.map_err(Error::doing("look up a movie"))? > 0)
    }
}
