//! The whole catalogue as one value that does not depend on our own ids or on when a row was written: to compare
//! databases with each other, and with what the demo API's generator says.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::{cast, genre, movie, movie_cast, movie_genre, torrent};
use sea_orm::prelude::Decimal;
use sea_orm::{DatabaseConnection, EntityTrait};
use yts_ingest::demo;

/// A catalogue: movies by the source's id, and the names of everything they may link to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) movies: BTreeMap<i32, MovieSnapshot>,
    pub(crate) genres: BTreeSet<String>,
    pub(crate) cast_members: BTreeSet<Person>,
}

/// A movie with everything that hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MovieSnapshot {
    /// All its columns; our own id and the times of writing are blanked.
    pub(crate) columns: movie::Model,
    pub(crate) genres: BTreeSet<String>,
    /// Who plays whom, in order of billing.
    pub(crate) roles: Vec<(Person, Option<String>)>,
    /// By hash; our own ids are blanked.
    pub(crate) torrents: BTreeMap<String, torrent::Model>,
}

/// A person, as told from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Person {
    pub(crate) imdb_code: Option<String>,
    pub(crate) name: String,
    pub(crate) url_small_image: Option<String>,
}

impl Snapshot {
    /// Reads the catalogue from a database.
    pub(crate) async fn of(db: &DatabaseConnection) -> Self {
        let rows = |name| move |error| panic!("cannot read {name}: {error}");
        let movies = movie::Entity::find().all(db).await.unwrap_or_else(rows("movies"));
        let genres: HashMap<i32, String> =
            find_all::<genre::Entity>(db).await.into_iter().map(|row| (row.id, row.name)).collect();
        let persons: HashMap<i64, Person> =
            find_all::<cast::Entity>(db).await.into_iter().map(|row| (row.id, Person::from(row))).collect();
        let external_ids: HashMap<i64, i32> = movies.iter().map(|row| (row.id, row.external_id)).collect();
        let mut snapshot = Self {
            movies: movies.into_iter().map(|row| (row.external_id, MovieSnapshot::of_columns(row))).collect(),
            genres: genres.values().cloned().collect(),
            cast_members: persons.values().cloned().collect(),
        };
        assert_eq!(snapshot.movies.len(), external_ids.len(), "a movie stands twice");
        assert_eq!(snapshot.genres.len(), genres.len(), "a genre stands twice");
        assert_eq!(snapshot.cast_members.len(), persons.len(), "a person stands twice");
        for link in find_all::<movie_genre::Entity>(db).await {
            snapshot.movie(external_ids[&link.movie_id]).genres.insert(genres[&link.genre_id].clone());
        }
        let mut roles = find_all::<movie_cast::Entity>(db).await;
        roles.sort_by_key(|role| role.position);
        for role in roles {
            let billed = (persons[&role.cast_id].clone(), role.character_name);
            snapshot.movie(external_ids[&role.movie_id]).roles.push(billed);
        }
        for row in find_all::<torrent::Entity>(db).await {
            let movie = snapshot.movie(external_ids[&row.movie_id]);
            let known = movie.torrents.insert(row.hash.clone(), torrent::Model { id: 0, movie_id: 0, ..row });
            assert_eq!(known, None, "a torrent stands twice");
        }
        snapshot
    }

    /// Says what a database must hold that mirrors these movies of the demo API.
    pub(crate) fn expected(movies: &[demo::Movie]) -> Self {
        let mut by_id: Vec<&demo::Movie> = movies.iter().collect();
        by_id.sort_by_key(|movie| movie.id);
        let mut slugs = HashSet::new();
        let mut snapshot = Self::default();
        for movie in by_id {
            // Of two movies with one slug the older keeps it; both stand on one page, which is saved in order of ids.
            let is_free = slugs.insert(movie.slug.as_str());
            let slug = if is_free { movie.slug.clone() } else { format!("{}-{}", movie.slug, movie.id) };
            let expected = MovieSnapshot::expected(movie, slug);
            snapshot.genres.extend(expected.genres.iter().cloned());
            snapshot.cast_members.extend(expected.roles.iter().map(|(person, _)| person.clone()));
            snapshot.movies.insert(expected.columns.external_id, expected);
        }
        snapshot
    }

    /// Asserts that two catalogues are the same, naming the first movie that differs.
    #[track_caller]
    pub(crate) fn assert_same(&self, expected: &Self) {
        let ids = |snapshot: &Self| snapshot.movies.keys().copied().collect::<Vec<_>>();
        assert_eq!(ids(self), ids(expected), "other movies");
        for (id, movie) in &self.movies {
            assert_eq!(movie, &expected.movies[id], "movie {id}");
        }
        assert_eq!(self.genres, expected.genres);
        assert_eq!(self.cast_members, expected.cast_members);
    }

    /// Returns a movie, to be looked at or changed.
    #[track_caller]
    pub(crate) fn movie(&mut self, external_id: i32) -> &mut MovieSnapshot {
        self.movies.get_mut(&external_id).unwrap_or_else(|| panic!("movie {external_id} is not there"))
    }
}

async fn find_all<E: EntityTrait>(db: &DatabaseConnection) -> Vec<E::Model> {
    E::find().all(db).await.unwrap_or_else(|error| panic!("cannot read {}: {error}", E::default().table_name()))
}

impl MovieSnapshot {
    fn of_columns(row: movie::Model) -> Self {
        let columns = movie::Model {
            id: 0,
            rating: row.rating.map(|rating| rating.normalize()),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            ..row
        };
        Self { columns, genres: BTreeSet::new(), roles: Vec::new(), torrents: BTreeMap::new() }
    }

    /// Says field by field what becomes of a movie of the demo API; unknown is nothing, not 0 or "".
    fn expected(movie: &demo::Movie, slug: String) -> Self {
        let columns = movie::Model {
            id: 0,
            external_id: movie.id.cast_signed(),
            imdb_code: text(&movie.imdb_code),
            title: movie.title.clone().unwrap_or_else(|| movie.title_long.clone()),
            title_english: movie.title.clone(),
            title_long: text(&movie.title_long),
            slug: Some(slug),
            year: number(u32::from(movie.year)),
            rating: movie.rating.filter(|rating| *rating > 0.0).map(decimal),
            runtime: movie.runtime.and_then(number),
            description_intro: text(&movie.description_intro),
            description_full: text(&movie.description),
            yt_trailer_code: text(&movie.yt_trailer_code),
            language: movie.language.and_then(text),
            mpa_rating: text(movie.mpa_rating),
            like_count: Some(movie.like_count.cast_signed()),
            url: Some(movie.url()),
            background_image: Some(movie.image_url("background")),
            background_image_original: Some(movie.image_url("background")),
            small_cover_image: Some(movie.image_url("small-cover")),
            medium_cover_image: Some(movie.image_url("medium-cover")),
            large_cover_image: Some(movie.image_url("large-cover")),
            date_uploaded: Some(moment(movie.uploaded_at)),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        };
        let roles = movie.cast.iter().map(|role| (Person::from(role), text(&role.character_name)));
        Self {
            columns,
            genres: movie.genres.iter().map(|name| (*name).to_owned()).collect(),
            roles: roles.collect(),
            torrents: movie.torrents.iter().map(|row| (row.hash.clone(), expected_torrent(row))).collect(),
        }
    }
}

fn expected_torrent(torrent: &demo::Torrent) -> torrent::Model {
    torrent::Model {
        id: 0,
        movie_id: 0,
        hash: torrent.hash.clone(),
        url: Some(torrent.url()),
        quality: text(torrent.quality),
        kind: torrent.release_type.and_then(text),
        is_repack: torrent.is_repack.filter(|flag| !flag.is_empty()).map(|flag| flag == "1"),
        video_codec: torrent.video_codec.and_then(text),
        bit_depth: torrent.bit_depth.and_then(text),
        audio_channels: torrent.audio_channels.and_then(text),
        seeds: Some(torrent.seeds.cast_signed()),
        peers: Some(torrent.peers.cast_signed()),
        size: text(&torrent.size),
        size_bytes: Some(torrent.size_bytes.cast_signed()),
        date_uploaded: Some(moment(torrent.uploaded_at)),
    }
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(number: u32) -> Option<i32> {
    (number != 0).then(|| number.cast_signed())
}

fn decimal(rating: f64) -> Decimal {
    format!("{rating:.1}").parse::<Decimal>().expect("a rating is a number").normalize()
}

fn moment(unix_seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix_seconds, 0).expect("a date within range")
}

impl From<cast::Model> for Person {
    fn from(row: cast::Model) -> Self {
        Self { imdb_code: row.imdb_code, name: row.name, url_small_image: row.url_small_image }
    }
}

impl From<&demo::CastMember> for Person {
    fn from(member: &demo::CastMember) -> Self {
        let demo::CastMember { name, imdb_code, url_small_image, .. } = member.clone();
        Self { imdb_code, name, url_small_image }
    }
}
