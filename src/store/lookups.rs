//! What is there already: by the source's ids, before anything is fetched.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::movie;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::{Error, Store, bulk, dialect};

/// Which of the movies asked for are in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// When each of those that are was saved (UTC), by the source's ids.
    pub saved_at: HashMap<i32, DateTime<Utc>>,
    /// Those of them that were thought to have disappeared from the source.
    pub disappeared: HashSet<i32>,
}

impl Store {
    /// Returns which of these movies are in the database; one query, however many.
    pub async fn known(&self, external_ids: &[i32]) -> Result<Known, Error> {
        let mut known = Known::default();
        for keys in external_ids.chunks(bulk::MAX_KEYS) {
            let found: Vec<(i32, DateTime<Utc>, Option<DateTime<Utc>>)> = movie::Entity::find()
                .select_only()
                .columns([movie::Column::ExternalId, movie::Column::CreatedAt, movie::Column::DeletedAt])
                .filter(dialect::is_any_of(self.backend(), movie::Column::ExternalId, keys))
                .into_tuple()
                .all(&self.db)
                .await
                .map_err(Error::doing("look up which movies are known"))?;
            for (external_id, created_at, deleted_at) in found {
                known.saved_at.insert(external_id, created_at);
                known.disappeared.extend(deleted_at.map(|_| external_id));
            }
        }
        Ok(known)
    }

    /// Says whether a movie is in the database.
    pub async fn movie_exists(&self, external_id: i32) -> Result<bool, Error> {
        let found = movie::Entity::find().filter(movie::COLUMN.external_id.eq(external_id)).count(&self.db).await;
        Ok(found.map_err(Error::doing("look up a movie"))? > 0)
    }
}

/// Notes that the source lists movies again that were thought to have disappeared.
pub(super) async fn mark_reappeared(connection: &impl ConnectionTrait, external_ids: &[i32]) -> Result<(), Error> {
    if external_ids.is_empty() {
        return Ok(());
    }
    movie::Entity::update_many()
        .col_expr(movie::Column::DeletedAt, Expr::val(None::<DateTime<Utc>>))
        .filter(dialect::is_any_of(connection.get_database_backend(), movie::Column::ExternalId, external_ids))
        .exec(connection)
        .await
        .map_err(Error::doing("note that movies are listed again"))?;
    Ok(())
}
