//! Rows that link movies to genres and to cast members.

use std::collections::{HashMap, HashSet};

use entity::{movie_cast, movie_genre};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::casts::PersonKey;
use super::{Error, bulk, dialect};
use crate::movie::Movie;

const DOING: &str = "link movies to genres and cast";

/// The roles of a movie in order of billing: who, as which character.
pub(super) type Roles = Vec<(i64, Option<String>)>;

/// The ids of everything that movies link to.
pub(super) struct LinkedIds {
    /// Genres by name.
    pub genres: HashMap<String, i32>,
    /// Cast members by what makes a person one.
    pub casts: HashMap<PersonKey, i64>,
}

impl LinkedIds {
    /// Returns the genre ids of a movie.
    pub(super) fn genres_of(&self, movie: &Movie) -> HashSet<i32> {
        movie.genres.iter().filter_map(|name| self.genres.get(name).copied()).collect()
    }

    /// Returns the roles of a movie in order of billing, each once.
    pub(super) fn roles_of(&self, movie: &Movie) -> Roles {
        let mut seen = HashSet::new();
        let roles = movie
            .cast
            .iter()
            .filter_map(|member| Some((*self.casts.get(&PersonKey::of(member))?, member.character_name.clone())));
        roles.filter(|role| seen.insert(role.clone())).collect()
    }
}

/// Links new movies, whose ids are given by the source's id.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    movies: &[&Movie],
    ids: &HashMap<i32, i64>,
    linked: &LinkedIds,
) -> Result<(), Error> {
    let (mut genres, mut roles) = (Vec::new(), Vec::new());
    for movie in movies {
        let Some(&id) = ids.get(&movie.external_id) else { continue };
        genres.extend(linked.genres_of(movie).into_iter().map(|genre_id| (id, genre_id)));
        roles.push((id, linked.roles_of(movie)));
    }
    insert_genres(connection, genres).await?;
    insert_roles(connection, roles).await
}

/// Inserts links of `(movie, genre)` of movies that have none yet.
pub(super) async fn insert_genres(connection: &impl ConnectionTrait, mut links: Vec<(i64, i32)>) -> Result<(), Error> {
    links.sort_unstable();
    let rows = links
        .into_iter()
        .map(|(movie_id, genre_id)| movie_genre::ActiveModel { movie_id: Set(movie_id), genre_id: Set(genre_id) });
    bulk::insert(connection, rows.collect(), None).await.map_err(Error::doing(DOING))
}

/// Inserts the roles of movies that have none yet.
pub(super) async fn insert_roles(connection: &impl ConnectionTrait, roles: Vec<(i64, Roles)>) -> Result<(), Error> {
    let rows = roles.into_iter().flat_map(|(movie_id, roles)| {
        (0_i16..).zip(roles).map(move |(position, (cast_id, character_name))| movie_cast::ActiveModel {
            movie_id: Set(movie_id),
            position: Set(position),
            cast_id: Set(cast_id),
            character_name: Set(character_name),
        })
    });
    bulk::insert(connection, rows.collect(), None).await.map_err(Error::doing(DOING))
}

/// Returns the genre ids of these movies.
pub(super) async fn genres_of(
    connection: &impl ConnectionTrait,
    movie_ids: &[i64],
) -> Result<HashMap<i64, HashSet<i32>>, Error> {
    let condition = dialect::is_any_of(connection.get_database_backend(), movie_genre::Column::MovieId, movie_ids);
    let rows = movie_genre::Entity::find().filter(condition).all(connection).await.map_err(Error::doing(DOING))?;
    let mut genres = HashMap::<i64, HashSet<i32>>::new();
    for row in rows {
        genres.entry(row.movie_id).or_default().insert(row.genre_id);
    }
    Ok(genres)
}

/// Returns the roles of these movies in order of billing.
pub(super) async fn roles_of(
    connection: &impl ConnectionTrait,
    movie_ids: &[i64],
) -> Result<HashMap<i64, Roles>, Error> {
    let condition = dialect::is_any_of(connection.get_database_backend(), movie_cast::Column::MovieId, movie_ids);
    let query = movie_cast::Entity::find().filter(condition).order_by_asc(movie_cast::COLUMN.position);
    let rows = query.all(connection).await.map_err(Error::doing(DOING))?;
    let mut roles = HashMap::<i64, Vec<_>>::new();
    for row in rows {
        roles.entry(row.movie_id).or_default().push((row.cast_id, row.character_name));
    }
    Ok(roles)
}

/// Removes all genre links of these movies.
pub(super) async fn delete_genres(connection: &impl ConnectionTrait, movie_ids: &[i64]) -> Result<(), Error> {
    let condition = dialect::is_any_of(connection.get_database_backend(), movie_genre::Column::MovieId, movie_ids);
    movie_genre::Entity::delete_many().filter(condition).exec(connection).await.map_err(Error::doing(DOING))?;
    Ok(())
}

/// Removes all roles of these movies.
pub(super) async fn delete_roles(connection: &impl ConnectionTrait, movie_ids: &[i64]) -> Result<(), Error> {
    let condition = dialect::is_any_of(connection.get_database_backend(), movie_cast::Column::MovieId, movie_ids);
    movie_cast::Entity::delete_many().filter(condition).exec(connection).await.map_err(Error::doing(DOING))?;
    Ok(())
}
