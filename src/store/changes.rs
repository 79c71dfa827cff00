//! Brings movies that are there up to date: compares what is stored with what the source says, writes only differences.
//!
//! What the source does not say never replaces what is known. A torrent is never removed. Everything is read and written
//! in bulk: on PostgreSQL the number of statements does not depend on the number of movies, but for one a rating that some get.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{movie, torrent};
use sea_orm::prelude::Decimal;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, Iterable, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::history::Change;
use super::links::{LinkedIds, Roles};
use super::save::Saving;
use super::{Error, bulk, dialect, history, links, movies, torrents, unchanged};
use crate::movie::Movie;

const DOING: &str = "bring movies up to date";

/// How much of a movie to bring up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Rating and torrents with their seeds and peers: what a list page tells and what changes often.
    RatingAndTorrents,
    /// Everything.
    Everything,
}

/// What differs from the database, to be written at once.
#[derive(Default)]
struct Changes {
    movies: Vec<movie::Model>,
    /// The movies that get a rating, by the rating.
    ratings: BTreeMap<Decimal, Vec<i64>>,
    torrents: Vec<torrent::ActiveModel>,
    genres: HashMap<i64, HashSet<i32>>,
    roles: HashMap<i64, Roles>,
    history: Vec<Change>,
    /// The movies that any of it is about, by the source's ids.
    changed: HashSet<i32>,
}

/// The torrents that are stored, by movie, then by hash.
pub(super) type KnownTorrents = HashMap<i64, HashMap<String, torrent::Model>>;

/// What is stored of movies and changes often.
pub(super) struct Changing {
    /// Our own id and the rating, by the source's id.
    pub(super) ratings: HashMap<i32, (i64, Option<Decimal>)>,
    pub(super) torrents: KnownTorrents,
}

impl Changing {
    /// Says whether a movie is stored just as the source says, so that bringing it up to date would write nothing.
    pub(super) fn is_up_to_date(&self, movie: &Movie) -> bool {
        let is_stored = self.ratings.contains_key(&movie.external_id);
        is_stored && Changes::of_ratings_and_torrents(&[movie], self).changed.is_empty()
    }
}

/// Brings the movies up to date and returns which of them changed, by the source's ids.
pub(super) async fn apply(
    connection: &impl ConnectionTrait,
    updates: &[&Movie],
    scope: Scope,
    linked: &LinkedIds,
    saving: Saving,
) -> Result<HashSet<i32>, Error> {
    if updates.is_empty() {
        return Ok(HashSet::new());
    }
    let changes = match scope {
        Scope::RatingAndTorrents => ratings_and_torrents(connection, updates).await?,
        Scope::Everything => everything(connection, updates, linked, saving).await?,
    };
    changes.write(connection, saving).await
}

/// Compares what changes often. The rest of a movie, most of all its texts, is neither read nor written: so no lock is
/// needed for what another process changes there meanwhile.
async fn ratings_and_torrents(connection: &impl ConnectionTrait, updates: &[&Movie]) -> Result<Changes, Error> {
    let stored = match unchanged::stored(connection, updates).await.map_err(Error::doing(DOING))? {
        Some(stored) => stored,
        None => row_by_row(connection, updates).await?,
    };
    Ok(Changes::of_ratings_and_torrents(updates, &stored))
}

/// Reads what changes often where it was changed by hand into a form of its own, which the driver understands.
async fn row_by_row(connection: &impl ConnectionTrait, updates: &[&Movie]) -> Result<Changing, Error> {
    let query = movie::Entity::find()
        .select_only()
        .columns([movie::Column::ExternalId, movie::Column::Id, movie::Column::Rating])
        .filter(is_one_of(connection, updates));
    let rows: Vec<(i32, i64, Option<Decimal>)> =
        query.into_tuple().all(connection).await.map_err(Error::doing(DOING))?;
    let movie_ids: Vec<i64> = rows.iter().map(|(_, id, _)| *id).collect();
    let torrents = torrents::of_movies(connection, &movie_ids).await?;
    let ratings = rows.into_iter().map(|(external_id, id, rating)| (external_id, (id, rating))).collect();
    Ok(Changing { ratings, torrents })
}

/// Compares all that is known of the movies. Genres and cast are replaced, so only one transaction at a time may do that
/// to a movie.
async fn everything(
    connection: &impl ConnectionTrait,
    updates: &[&Movie],
    linked: &LinkedIds,
    saving: Saving,
) -> Result<Changes, Error> {
    let mut query =
        movie::Entity::find().filter(is_one_of(connection, updates)).order_by_asc(movie::COLUMN.external_id);
    if connection.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    let rows = query.all(connection).await.map_err(Error::doing(DOING))?;
    let movie_ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let rows: HashMap<i32, movie::Model> = rows.into_iter().map(|row| (row.external_id, row)).collect();
    let torrents = torrents::of_movies(connection, &movie_ids).await?;
    let genres = links::genres_of(connection, &movie_ids).await?;
    let roles = links::roles_of(connection, &movie_ids).await?;
    let slugs = movies::unique_slugs(connection, updates).await?;
    let mut changes = Changes::default();
    for movie in updates {
        let Some(row) = rows.get(&movie.external_id) else { continue };
        if let Some(merged) = merge(row, movie, &slugs) {
            changes.changed.insert(row.external_id);
            changes.history.extend(history::of_movie(row, &merged));
            changes.movies.push(movie::Model { updated_at: saving.now, ..merged });
        }
        changes.compare_torrents(row.id, movie, &torrents);
        changes.compare_genres(row, genres.get(&row.id), linked.genres_of(movie));
        changes.compare_roles(row, roles.get(&row.id), linked.roles_of(movie));
    }
    Ok(changes)
}

pub(super) fn is_one_of(connection: &impl ConnectionTrait, updates: &[&Movie]) -> Expr {
    let external_ids: Vec<i32> = updates.iter().map(|movie| movie.external_id).collect();
    dialect::is_any_of(connection.get_database_backend(), movie::Column::ExternalId, &external_ids)
}

/// Returns the row with what the source says written into it, or nothing where that changes nothing.
pub(super) fn merge(row: &movie::Model, movie: &Movie, slugs: &HashMap<i32, String>) -> Option<movie::Model> {
    let mut merged = row.clone();
    macro_rules! take_known {
        ($($field:ident),+) => { $( if movie.$field.is_some() { merged.$field.clone_from(&movie.$field); } )+ };
    }
    take_known!(
        imdb_code,
        title_english,
        title_long,
        year,
        runtime,
        description_intro,
        description_full,
        yt_trailer_code,
        language,
        mpa_rating,
        like_count,
        url,
        background_image,
        background_image_original,
        small_cover_image,
        medium_cover_image,
        large_cover_image,
        date_uploaded
    );
    if let Some(rating) = movie.rating.and_then(movies::rating) {
        merged.rating = Some(rating);
    }
    if let Some(title) = &movie.title {
        merged.title.clone_from(title);
    }
    if let Some(slug) = slugs.get(&movie.external_id)
        && !is_same_slug(row, movie)
    {
        merged.slug = Some(slug.clone());
    }
    (merged != *row).then_some(merged)
}

/// Says whether the stored slug is the source's, as it is or with the id appended when another movie held it.
fn is_same_slug(row: &movie::Model, movie: &Movie) -> bool {
    let (Some(stored), Some(said)) = (&row.slug, &movie.slug) else {
        return row.slug.is_none() && movie.slug.is_none();
    };
    stored == said || *stored == format!("{said}-{}", movie.external_id)
}

impl Changes {
    fn of_ratings_and_torrents(updates: &[&Movie], stored: &Changing) -> Self {
        let mut changes = Self::default();
        for movie in updates {
            let Some((id, rating)) = stored.ratings.get(&movie.external_id) else { continue };
            changes.compare_rating(*id, movie, *rating);
            changes.compare_torrents(*id, movie, &stored.torrents);
        }
        changes
    }

    fn compare_rating(&mut self, movie_id: i64, movie: &Movie, stored: Option<Decimal>) {
        let said = movie.rating.and_then(movies::rating);
        if let Some(rating) = said.filter(|rating| stored != Some(*rating)) {
            self.changed.insert(movie.external_id);
            self.history.push(history::of_rating(movie_id, stored, rating));
            self.ratings.entry(rating).or_default().push(movie_id);
        }
    }

    fn compare_torrents(&mut self, movie_id: i64, movie: &Movie, known: &KnownTorrents) {
        let known = known.get(&movie_id);
        let mut hashes = HashSet::new();
        for torrent in movie.torrents.iter().filter(|torrent| hashes.insert(torrent.hash.as_str())) {
            let stored = known.and_then(|known| known.get(&torrent.hash));
            if let Some(row) = torrents::change(torrent, movie_id, stored) {
                self.changed.insert(movie.external_id);
                if stored.is_none() {
                    self.history.push(history::of_new_torrent(&row));
                }
                self.torrents.push(row);
            }
        }
    }

    fn compare_genres(&mut self, row: &movie::Model, stored: Option<&HashSet<i32>>, genres: HashSet<i32>) {
        if !genres.is_empty() && stored != Some(&genres) {
            self.changed.insert(row.external_id);
            self.genres.insert(row.id, genres);
        }
    }

    fn compare_roles(&mut self, row: &movie::Model, stored: Option<&Roles>, roles: Roles) {
        if !roles.is_empty() && stored != Some(&roles) {
            self.changed.insert(row.external_id);
            self.roles.insert(row.id, roles);
        }
    }

    /// Writes them; returns the movies that they are about, by the source's ids.
    async fn write(mut self, connection: &impl ConnectionTrait, saving: Saving) -> Result<HashSet<i32>, Error> {
        self.movies.sort_by_key(|row| row.external_id);
        let rows = self.movies.into_iter().map(|row| row.into_active_model().reset_all());
        let replace = OnConflict::column(movie::Column::Id)
            .update_columns(movie::Column::iter().filter(|column| !matches!(column, movie::Column::Id)))
            .to_owned();
        bulk::insert(connection, rows.collect(), Some(&replace)).await.map_err(Error::doing(DOING))?;
        for (rating, movie_ids) in self.ratings {
            movie::Entity::update_many()
                .col_expr(movie::Column::Rating, Expr::val(rating))
                .col_expr(movie::Column::UpdatedAt, Expr::val(saving.now))
                .filter(dialect::is_any_of(connection.get_database_backend(), movie::Column::Id, &movie_ids))
                .exec(connection)
                .await
                .map_err(Error::doing(DOING))?;
        }
        torrents::upsert(connection, self.torrents).await?;
        history::record(connection, self.history, saving.run_id, saving.now).await?;
        if !self.genres.is_empty() {
            links::delete_genres(connection, &self.genres.keys().copied().collect::<Vec<_>>()).await?;
            let pairs =
                self.genres.into_iter().flat_map(|(id, genres)| genres.into_iter().map(move |genre| (id, genre)));
            links::insert_genres(connection, pairs.collect()).await?;
        }
        if !self.roles.is_empty() {
            links::delete_roles(connection, &self.roles.keys().copied().collect::<Vec<_>>()).await?;
            links::insert_roles(connection, self.roles.into_iter().collect()).await?;
        }
        Ok(self.changed)
    }
}
