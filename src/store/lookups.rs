//! What is there already: by the source's ids, before anything is fetched.

use std::collections::HashSet;

use entity::movie;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::{Error, Store, bulk, dialect};

impl Store {
    /// Returns which of these movies are in the database; one query, however many.
    pub async fn known(&self, external_ids: &[i32]) -> Result<HashSet<i32>, Error> {
        let mut known = HashSet::with_capacity(external_ids.len());
        for keys in external_ids.chunks(bulk::MAX_KEYS) {
            let found: Vec<i32> = movie::Entity::find()
                .select_only()
                .column(movie::Column::ExternalId)
                .filter(dialect::is_any_of(self.backend(), movie::Column::ExternalId, keys))
                .into_tuple()
                .all(&self.db)
                .await
                .map_err(Error::doing("look up which movies are known"))?;
            known.extend(found);
        }
        Ok(known)
    }

    /// Says whether a movie is in the database.
    pub async fn movie_exists(&self, external_id: i32) -> Result<bool, Error> {
        let found = movie::Entity::find().filter(movie::COLUMN.external_id.eq(external_id)).count(&self.db).await;
        Ok(found.map_err(Error::doing("look up a movie"))? > 0)
    }
}
