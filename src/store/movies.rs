//! Rows of the movies table: builds them, keeps slugs unique, inserts those that are new.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::movie;
use sea_orm::prelude::Decimal;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect};

use super::bulk::OwnColumn;
use super::{Error, bulk, dialect, documents};
use crate::movie::Movie;

const DOING: &str = "save movies";

/// Inserts movies and returns their ids by the source's id. A movie that another transaction saved meanwhile is not
/// among them: it is there, and needs nothing.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    movies: &[&Movie],
    now: DateTime<Utc>,
) -> Result<HashMap<i32, i64>, Error> {
    // Most slugs are free, and trying costs less than looking first.
    let as_they_are = movies.iter().filter_map(|movie| Some((movie.external_id, movie.slug.clone()?))).collect();
    let mut ids = insert_with_slugs(connection, movies, as_they_are, now).await?;
    let displaced = neither_inserted_nor_there(connection, movies, &ids).await?;
    if displaced.is_empty() {
        return Ok(ids);
    }
    let slugs = unique_slugs(connection, &displaced).await?;
    ids.extend(insert_with_slugs(connection, &displaced, slugs, now).await?);
    match neither_inserted_nor_there(connection, &displaced, &ids).await?.first() {
        Some(Movie { external_id, .. }) => Err(Error::NotTaken { external_id: *external_id }),
        None => Ok(ids),
    }
}

/// Inserts movies under these slugs, and returns the ids of those that nothing kept out.
async fn insert_with_slugs(
    connection: &impl ConnectionTrait,
    movies: &[&Movie],
    mut slugs: HashMap<i32, String>,
    now: DateTime<Utc>,
) -> Result<HashMap<i32, i64>, Error> {
    let rows = movies.iter().map(|movie| row_of(movie, slugs.remove(&movie.external_id), now));
    let documents = (connection.get_database_backend() == DbBackend::Postgres).then(|| documents_of(movies));
    // No target: a slug that is held must not fail the statement either.
    let any_conflict = OnConflict::new().do_nothing().to_owned();
    let columns = [movie::Column::Id, movie::Column::ExternalId];
    let inserted = bulk::insert_returning(connection, rows.collect(), documents, &any_conflict, &columns).await;
    let ids = inserted.and_then(|rows| {
        rows.iter().map(|row| Ok((row.try_get("", "external_id")?, row.try_get("", "id")?))).collect()
    });
    ids.map_err(Error::doing(DOING))
}

/// Returns the movies that are not in the database, though they were to be inserted: their slugs are held by others, or
/// something that the user made keeps them out.
async fn neither_inserted_nor_there<'a>(
    connection: &impl ConnectionTrait,
    movies: &[&'a Movie],
    ids: &HashMap<i32, i64>,
) -> Result<Vec<&'a Movie>, Error> {
    let mut missing: Vec<&Movie> =
        movies.iter().copied().filter(|movie| !ids.contains_key(&movie.external_id)).collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let external_ids: Vec<i32> = missing.iter().map(|movie| movie.external_id).collect();
    let mut there = HashSet::new();
    for keys in external_ids.chunks(bulk::MAX_KEYS) {
        let condition = dialect::is_any_of(connection.get_database_backend(), movie::Column::ExternalId, keys);
        let query = movie::Entity::find().select_only().column(movie::Column::ExternalId).filter(condition);
        there.extend(query.into_tuple::<i32>().all(connection).await.map_err(Error::doing(DOING))?);
    }
    missing.retain(|movie| !there.contains(&movie.external_id));
    Ok(missing)
}

/// Returns what `PostgreSQL` is to find the movies by, as far as it is made here.
fn documents_of(movies: &[&Movie]) -> OwnColumn {
    let document = |movie: &&Movie| {
        let description = movie.description_full.as_deref().or(movie.description_intro.as_deref());
        documents::document(&movie.title_or_fallback(), movie.title_english.as_deref(), description)
    };
    OwnColumn { name: "search_document", array: "tsvector[]", values: movies.iter().map(document).collect() }
}

/// Returns a slug for each movie that has one: its own, or with the id appended where another movie holds it.
pub(super) async fn unique_slugs(
    connection: &impl ConnectionTrait,
    movies: &[&Movie],
) -> Result<HashMap<i32, String>, Error> {
    let wanted: Vec<(i32, &str)> =
        movies.iter().filter_map(|movie| Some((movie.external_id, movie.slug.as_deref()?))).collect();
    let mut holders = HashMap::new();
    let mut looked_up = HashSet::new();
    let mut unknown: Vec<String> = wanted.iter().map(|(_, slug)| (*slug).to_owned()).collect();
    // Those with the id appended may be held as well.
    loop {
        looked_up.extend(unknown.iter().cloned());
        holders.extend(holders_of(connection, unknown).await?);
        let mut taken = HashMap::with_capacity(wanted.len());
        for (external_id, slug) in &wanted {
            let is_of_another = |holder: Option<&i32>| holder.is_some_and(|holder| holder != external_id);
            let mut free = (*slug).to_owned();
            while is_of_another(holders.get(&free)) || is_of_another(taken.get(&free)) {
                free = with_id(&free, *external_id);
            }
            taken.insert(free, *external_id);
        }
        unknown = taken.keys().filter(|slug| !looked_up.contains(*slug)).cloned().collect();
        if unknown.is_empty() {
            return Ok(taken.into_iter().map(|(slug, external_id)| (external_id, slug)).collect());
        }
    }
}

/// Returns which movies hold these slugs, as far as any does.
async fn holders_of(connection: &impl ConnectionTrait, slugs: Vec<String>) -> Result<HashMap<String, i32>, Error> {
    let mut holders = HashMap::new();
    for keys in slugs.chunks(bulk::MAX_KEYS) {
        let condition = dialect::is_any_of(connection.get_database_backend(), movie::Column::Slug, keys);
        let query = movie::Entity::find().select_only().columns([movie::Column::Slug, movie::Column::ExternalId]);
        let found = query.filter(condition).into_tuple::<(String, i32)>().all(connection).await;
        holders.extend(found.map_err(Error::doing(DOING))?);
    }
    Ok(holders)
}

fn with_id(slug: &str, external_id: i32) -> String {
    format!("{slug}-{external_id}")
}

fn row_of(movie: &Movie, slug: Option<String>, now: DateTime<Utc>) -> movie::ActiveModel {
    movie::ActiveModel {
        id: sea_orm::NotSet,
        external_id: Set(movie.external_id),
        imdb_code: Set(movie.imdb_code.clone()),
        title: Set(movie.title_or_fallback()),
        title_english: Set(movie.title_english.clone()),
        title_long: Set(movie.title_long.clone()),
        slug: Set(slug),
        year: Set(movie.year),
        rating: Set(movie.rating.and_then(rating)),
        runtime: Set(movie.runtime),
        description_intro: Set(movie.description_intro.clone()),
        description_full: Set(movie.description_full.clone()),
        yt_trailer_code: Set(movie.yt_trailer_code.clone()),
        language: Set(movie.language.clone()),
        mpa_rating: Set(movie.mpa_rating.clone()),
        like_count: Set(movie.like_count),
        url: Set(movie.url.clone()),
        background_image: Set(movie.background_image.clone()),
        background_image_original: Set(movie.background_image_original.clone()),
        small_cover_image: Set(movie.small_cover_image.clone()),
        medium_cover_image: Set(movie.medium_cover_image.clone()),
        large_cover_image: Set(movie.large_cover_image.clone()),
        date_uploaded: Set(movie.date_uploaded),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    }
}

/// Returns a rating in the form of the column, with one decimal.
pub(super) fn rating(rating: f64) -> Option<Decimal> {
    Decimal::try_from(rating).ok().map(|rating| rating.round_dp(1))
}
