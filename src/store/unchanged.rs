//! Tells of which movies the source says nothing new, before a page's transaction begins: so that pages wait for their turn to
//! write only where there is something to write.
//!
//! Ratings and torrents are read as one text, since a row for each costs more than finding it. What differs, or
//! cannot be told, is left to `changes`, which reads and compares again within the transaction.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::{movie, torrent};
use sea_orm::prelude::Decimal;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::changes::{Changing, is_one_of};
use super::{Error, Store, dialect};
use crate::movie::Movie;

/// What is read of a torrent, in the order of the fields of [`Torrent`]. What was put there by hand is not to keep a run from
/// going on: `PostgreSQL` has dates without end, which are none to us, and `SQLite` keeps fractions in columns of integers.
fn columns(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "hash, url, quality, type, CAST(is_repack AS integer), video_codec, bit_depth, audio_channels, \
             seeds, peers, size, size_bytes, CASE WHEN isfinite(date_uploaded) THEN date_uploaded END"
        }
        _ => {
            "hash, url, quality, type, CAST(is_repack AS integer), video_codec, bit_depth, audio_channels, \
             CAST(seeds AS integer), CAST(peers AS integer), size, CAST(size_bytes AS integer), date_uploaded"
        }
    }
}

/// A movie: our own id, the source's, the rating as it is written, and the torrents.
#[derive(Deserialize)]
struct Row<'a>(i64, i32, #[serde(borrow)] Option<&'a RawValue>, Vec<Torrent>);

#[derive(Deserialize)]
struct Torrent {
    hash: String,
    url: Option<String>,
    quality: Option<String>,
    kind: Option<String>,
    is_repack: Option<i32>,
    video_codec: Option<String>,
    bit_depth: Option<String>,
    audio_channels: Option<String>,
    seeds: Option<i32>,
    peers: Option<i32>,
    size: Option<String>,
    size_bytes: Option<i64>,
    date_uploaded: Option<DateTime<Utc>>,
}

impl Store {
    /// Returns those of the movies, by the source's ids, whose rating and torrents are stored as the source says.
    pub async fn up_to_date(&self, movies: &[&Movie]) -> Result<HashSet<i32>, Error> {
        if movies.is_empty() {
            return Ok(HashSet::new());
        }
        let stored = stored(&self.db, movies).await.map_err(Error::doing("look which movies changed"))?;
        let Some(stored) = stored else { return Ok(HashSet::new()) };
        Ok(movies.iter().filter(|movie| stored.is_up_to_date(movie)).map(|movie| movie.external_id).collect())
    }
}

/// Reads what is stored of the movies, or nothing where it cannot be understood.
pub(super) async fn stored(connection: &impl ConnectionTrait, updates: &[&Movie]) -> Result<Option<Changing>, DbErr> {
    let backend = connection.get_database_backend();
    // Within each movie, so that PostgreSQL looks the torrents up by the movie instead of reading all of them.
    let torrents = dialect::packed_rows(backend, columns(backend));
    let torrents = format!("SELECT {torrents} FROM torrents WHERE movie_id = movies.id");
    let movie = format!(
        "'[' || id || ',' || external_id || ',' || COALESCE(CAST(rating AS text), 'null') || ',[' || \
         COALESCE(({torrents}), '') || ']]'"
    );
    let query = Query::select()
        .expr(Expr::cust(dialect::joined(backend, &movie, "','")))
        .from(movie::Entity)
        .and_where(is_one_of(connection, updates))
        .to_owned();
    let row = connection.query_one(&query).await?;
    let packed: Option<Option<String>> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    let packed = packed.flatten().unwrap_or_default();
    Ok(unpacked(backend, &format!("[{packed}]")))
}

fn unpacked(backend: DbBackend, packed: &str) -> Option<Changing> {
    let rows: Vec<Row> = serde_json::from_str(packed).ok()?;
    let mut ratings = HashMap::with_capacity(rows.len());
    let mut torrents = HashMap::with_capacity(rows.len());
    for Row(movie_id, external_id, rating, of_movie) in rows {
        let rating = match rating {
            Some(written) => Some(decimal(backend, written.get())?),
            None => None,
        };
        ratings.insert(external_id, (movie_id, rating));
        let of_movie = of_movie.into_iter().map(|row| (row.hash.clone(), row.into_model(movie_id)));
        torrents.insert(movie_id, of_movie.collect());
    }
    Some(Changing { ratings, torrents })
}

/// Reads a number as the driver does: `SQLite` has no decimals.
fn decimal(backend: DbBackend, written: &str) -> Option<Decimal> {
    match backend {
        DbBackend::Postgres => written.parse().ok(),
        _ => Decimal::try_from(written.parse::<f64>().ok()?).ok(),
    }
}

impl Torrent {
    fn into_model(self, movie_id: i64) -> torrent::Model {
        torrent::Model {
            // Not read, for nothing depends on it.
            id: 0,
            movie_id,
            hash: self.hash,
            url: self.url,
            quality: self.quality,
            kind: self.kind,
            is_repack: self.is_repack.map(|flag| flag != 0),
            video_codec: self.video_codec,
            bit_depth: self.bit_depth,
            audio_channels: self.audio_channels,
            seeds: self.seeds,
            peers: self.peers,
            size: self.size,
            size_bytes: self.size_bytes,
            date_uploaded: self.date_uploaded,
        }
    }
}
