//! Compares movies field by field with what the source says, by the rules by which they are brought up to date: what
//! the source does not say is no difference, and neither is what changes all the time (seeds, peers, likes).

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{cast, genre, movie, movie_cast, torrent};
use sea_orm::sea_query::Value;
use sea_orm::{EntityTrait, IdenStatic, Iterable, ModelTrait, QueryFilter};
use serde::Serialize;

use super::casts::PersonKey;
use super::{Error, Store, changes, dialect, history, movies, torrents};
use crate::movie::Movie;

const DOING: &str = "compare movies with the source";

/// A field in which the database and the source differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A column of movies, `genres`, `cast`, or a torrent by its hash with the column.
    pub field: String,
    /// What is stored.
    pub stored: Option<String>,
    /// What the source says.
    pub source: Option<String>,
}

/// What came of comparing a movie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The movie, by the source's id.
    pub external_id: i32,
    /// Where it differs; nothing where it is not in the database at all.
    pub differences: Option<Vec<Difference>>,
}

impl Store {
    /// Compares movies with what the source says of them; a constant number of statements, however many.
    pub async fn differences(&self, said: &[Movie]) -> Result<Vec<Comparison>, Error> {
        let said: Vec<Movie> = said.iter().cloned().map(without_volatile).collect();
        let external_ids: Vec<i32> = said.iter().map(|movie| movie.external_id).collect();
        let stored = movie::Entity::load()
            .filter(dialect::is_any_of(self.backend(), movie::Column::ExternalId, &external_ids))
            .with(genre::Entity)
            .with(torrent::Entity)
            .with((movie_cast::Entity, cast::Entity))
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))?;
        let stored: HashMap<i32, movie::ModelEx> = stored.into_iter().map(|row| (row.external_id, row)).collect();
        let slugs = movies::unique_slugs(&self.db, &said.iter().collect::<Vec<_>>()).await?;
        let compare = |movie: Movie| Comparison {
            external_id: movie.external_id,
            differences: stored.get(&movie.external_id).map(|row| compare(row, &movie, &slugs)),
        };
        Ok(said.into_iter().map(compare).collect())
    }
}

/// Takes out what changes all the time, in the form in which it would be saved.
fn without_volatile(movie: Movie) -> Movie {
    let mut movie = movie.without_nul();
    movie.like_count = None;
    for torrent in &mut movie.torrents {
        (torrent.seeds, torrent.peers) = (None, None);
    }
    movie
}

fn compare(stored: &movie::ModelEx, said: &Movie, slugs: &HashMap<i32, String>) -> Vec<Difference> {
    let row = movie::Model::from(stored.clone());
    let mut differences = Vec::new();
    if let Some(merged) = changes::merge(&row, said, slugs) {
        differences.extend(differing_columns(&row, &merged, ""));
    }
    differences.extend(genres(stored, said));
    differences.extend(roles(stored, said));
    differences.extend(portraits(stored, said));
    let mut hashes = HashSet::new();
    for torrent in said.torrents.iter().filter(|torrent| hashes.insert(torrent.hash.as_str())) {
        let known = stored.torrents.iter().find(|row| row.hash == torrent.hash).cloned().map(torrent::Model::from);
        let place = format!("torrent {}", torrent.hash);
        match known {
            None => {
                differences.push(Difference { field: place, stored: None, source: Some(torrent.hash.clone()) });
            }
            Some(row) => {
                let merged = torrents::merge(torrent, &row);
                let columns = merged.map(|merged| differing_columns(&row, &merged, &format!("{place} ")));
                differences.extend(columns.unwrap_or_default());
            }
        }
    }
    differences
}

/// Returns the columns in which two states of a row differ.
fn differing_columns<M: ModelTrait>(stored: &M, said: &M, place: &str) -> Vec<Difference> {
    let columns = <M::Entity as EntityTrait>::Column::iter();
    let differing = columns.filter(|column| stored.get(*column) != said.get(*column));
    let difference = |column: <M::Entity as EntityTrait>::Column| Difference {
        field: format!("{place}{}", column.as_str()),
        stored: text_of(stored.get(column)),
        source: text_of(said.get(column)),
    };
    differing.map(difference).collect()
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::BigInt(number) => number.map(|number| number.to_string()),
        Value::Bool(flag) => flag.map(|flag| flag.to_string()),
        other => history::text_of(other),
    }
}

fn genres(stored: &movie::ModelEx, said: &Movie) -> Option<Difference> {
    let known: BTreeSet<&str> = stored.genres.iter().map(|genre| genre.name.as_str()).collect();
    let names: BTreeSet<&str> = said.genres.iter().map(String::as_str).collect();
    let listed = |names: &BTreeSet<&str>| Some(names.iter().copied().collect::<Vec<_>>().join(", "));
    let differ = !names.is_empty() && names != known;
    differ.then(|| Difference { field: "genres".to_owned(), stored: listed(&known), source: listed(&names) })
}

/// Compares who plays whom, in order of billing.
fn roles(stored: &movie::ModelEx, said: &Movie) -> Option<Difference> {
    let mut rows: Vec<&movie_cast::ModelEx> = stored.movie_casts.iter().collect();
    rows.sort_by_key(|role| role.position);
    let known: Vec<(Option<PersonKey>, Option<&str>)> = rows
        .iter()
        .map(|role| (person_of(role).map(|person| PersonKey::of_row(&person)), role.character_name.as_deref()))
        .collect();
    let mut seen = HashSet::new();
    let roles: Vec<(Option<PersonKey>, Option<&str>)> = said
        .cast
        .iter()
        .map(|member| (Some(PersonKey::of(member)), member.character_name.as_deref()))
        .filter(|role| seen.insert(role.clone()))
        .collect();
    let name = |person: Option<String>, character: Option<&str>| {
        format!("{} as {}", person.as_deref().unwrap_or("nobody"), character.unwrap_or("unknown"))
    };
    let differ = !roles.is_empty() && roles != known;
    differ.then(|| {
        let stored =
            rows.iter().map(|role| name(person_of(role).map(|person| person.name), role.character_name.as_deref()));
        let source = said.cast.iter().map(|member| name(Some(member.name.clone()), member.character_name.as_deref()));
        Difference {
            field: "cast".to_owned(),
            stored: Some(stored.collect::<Vec<_>>().join(", ")),
            source: Some(source.collect::<Vec<_>>().join(", ")),
        }
    })
}

/// Compares the portraits of those who play in it.
fn portraits(stored: &movie::ModelEx, said: &Movie) -> Vec<Difference> {
    let known: HashMap<PersonKey, cast::Model> =
        stored.movie_casts.iter().filter_map(person_of).map(|person| (PersonKey::of_row(&person), person)).collect();
    let mut seen = HashSet::new();
    let members = said.cast.iter().filter(|member| member.url_small_image.is_some());
    let mut differences = Vec::new();
    for member in members.filter(|member| seen.insert(PersonKey::of(member))) {
        let Some(person) = known.get(&PersonKey::of(member)) else { continue };
        if person.url_small_image != member.url_small_image {
            differences.push(Difference {
                field: format!("cast {} url_small_image", member.name),
                stored: person.url_small_image.clone(),
                source: member.url_small_image.clone(),
            });
        }
    }
    differences
}

fn person_of(role: &movie_cast::ModelEx) -> Option<cast::Model> {
    role.cast.as_ref().cloned().map(cast::Model::from)
}
