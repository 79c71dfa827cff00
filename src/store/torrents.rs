//! Rows of the torrents table: builds them, inserts new ones, brings known ones up to date. None is ever removed.

use std::collections::HashMap;

use entity::torrent;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, QueryFilter,
};

use super::changes::KnownTorrents;
use super::{Error, bulk, dialect};
use crate::movie::{Movie, Torrent};

const DOING: &str = "save torrents";

/// Inserts the torrents of new movies, whose ids are given by the source's id; of those with the same hash the first.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    movies: &[&Movie],
    ids: &HashMap<i32, i64>,
) -> Result<(), Error> {
    let rows = movies.iter().filter_map(|movie| Some((movie, *ids.get(&movie.external_id)?)));
    let rows = rows.flat_map(|(movie, id)| {
        let is_first = |(place, torrent): &(usize, &Torrent)| {
            movie.torrents[..*place].iter().all(|earlier| earlier.hash != torrent.hash)
        };
        movie.torrents.iter().enumerate().filter(is_first).map(move |(_, torrent)| row_of(torrent, id))
    });
    bulk::insert(connection, rows.collect(), None).await.map_err(Error::doing(DOING))
}

/// Returns the torrents of these movies.
pub(super) async fn of_movies(connection: &impl ConnectionTrait, movie_ids: &[i64]) -> Result<KnownTorrents, Error> {
    let condition = dialect::is_any_of(connection.get_database_backend(), torrent::Column::MovieId, movie_ids);
    let rows = torrent::Entity::find().filter(condition).all(connection).await.map_err(Error::doing(DOING))?;
    let mut torrents = KnownTorrents::new();
    for row in rows {
        torrents.entry(row.movie_id).or_default().insert(row.hash.clone(), row);
    }
    Ok(torrents)
}

/// Returns the row to write for a torrent of a known movie, or nothing where all that it says is known.
pub(super) fn change(torrent: &Torrent, movie_id: i64, known: Option<&torrent::Model>) -> Option<torrent::ActiveModel> {
    let Some(known) = known else { return Some(row_of(torrent, movie_id)) };
    let mut row = merge(torrent, known)?.into_active_model().reset_all();
    row.id = sea_orm::NotSet;
    Some(row)
}

/// Returns the row with what the source says written into it, or nothing where that changes nothing.
pub(super) fn merge(torrent: &Torrent, known: &torrent::Model) -> Option<torrent::Model> {
    macro_rules! take_known {
        ($($field:ident),+) => {{
            // Most say what is known, so nothing is copied before something differs.
            if $( (torrent.$field.is_none() || torrent.$field == known.$field) )&&+ {
                return None;
            }
            torrent::Model {
                $( $field: torrent.$field.clone().or_else(|| known.$field.clone()), )+
                ..known.clone()
            }
        }};
    }
    Some(take_known!(
        url,
        quality,
        kind,
        is_repack,
        video_codec,
        bit_depth,
        audio_channels,
        seeds,
        peers,
        size,
        size_bytes,
        date_uploaded
    ))
}

/// Writes new torrents and changed ones.
pub(super) async fn upsert(
    connection: &impl ConnectionTrait,
    mut rows: Vec<torrent::ActiveModel>,
) -> Result<(), Error> {
    rows.sort_by(|a, b| (a.movie_id.as_ref(), a.hash.as_ref()).cmp(&(b.movie_id.as_ref(), b.hash.as_ref())));
    let values = torrent::Column::iter()
        .filter(|column| !matches!(column, torrent::Column::Id | torrent::Column::MovieId | torrent::Column::Hash));
    let replace = key().update_columns(values).to_owned();
    bulk::insert(connection, rows, Some(&replace)).await.map_err(Error::doing(DOING))
}

fn key() -> OnConflict {
    OnConflict::columns([torrent::Column::MovieId, torrent::Column::Hash])
}

fn row_of(torrent: &Torrent, movie_id: i64) -> torrent::ActiveModel {
    torrent::ActiveModel {
        id: sea_orm::NotSet,
        movie_id: Set(movie_id),
        hash: Set(torrent.hash.clone()),
        url: Set(torrent.url.clone()),
        quality: Set(torrent.quality.clone()),
        kind: Set(torrent.kind.clone()),
        is_repack: Set(torrent.is_repack),
        video_codec: Set(torrent.video_codec.clone()),
        bit_depth: Set(torrent.bit_depth.clone()),
        audio_channels: Set(torrent.audio_channels.clone()),
        seeds: Set(torrent.seeds),
        peers: Set(torrent.peers),
        size: Set(torrent.size.clone()),
        size_bytes: Set(torrent.size_bytes),
        date_uploaded: Set(torrent.date_uploaded),
    }
}
