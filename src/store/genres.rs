//! Genres: gets them by name or creates them, many at once.

use std::collections::{BTreeSet, HashMap};

use entity::genre;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter};

use super::{Error, bulk, dialect};

const DOING: &str = "get or create genres";

/// Returns the ids of the genres, creating those that are missing.
///
/// It looks before it inserts: ids are not used up, and nothing is written on the way where all are known. What another
/// transaction inserts in between is seen by the second look. Sorted names keep two transactions from waiting for each
/// other in a circle.
pub(super) async fn get_or_create(
    connection: &impl ConnectionTrait,
    names: &BTreeSet<&str>,
) -> Result<HashMap<String, i32>, Error> {
    let mut ids = find(connection, names.iter().copied()).await?;
    let missing: Vec<&str> = names.iter().copied().filter(|name| !ids.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(ids);
    }
    let rows = missing.iter().map(|name| genre::ActiveModel { name: Set((*name).to_owned()), ..Default::default() });
    let known = OnConflict::column(genre::Column::Name).do_nothing().to_owned();
    bulk::insert(connection, rows.collect(), Some(&known)).await.map_err(Error::doing(DOING))?;
    ids.extend(find(connection, missing.into_iter()).await?);
    Ok(ids)
}

async fn find(
    connection: &impl ConnectionTrait,
    names: impl Iterator<Item = &str>,
) -> Result<HashMap<String, i32>, Error> {
    let names: Vec<String> = names.map(str::to_owned).collect();
    let mut ids = HashMap::with_capacity(names.len());
    for keys in names.chunks(bulk::MAX_KEYS) {
        let condition = dialect::is_any_of(connection.get_database_backend(), genre::Column::Name, keys);
        let found = genre::Entity::find().filter(condition).all(connection).await.map_err(Error::doing(DOING))?;
        ids.extend(found.into_iter().map(|genre| (genre.name, genre.id)));
    }
    Ok(ids)
}
