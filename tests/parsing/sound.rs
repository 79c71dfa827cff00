//! Movies as the API could describe them, and how it writes them. Those that it should never send are in `strange`.

use chrono::DateTime;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use yts_ingest::movie::{CastMember, Movie, Torrent};

/// A text that the API could mean.
fn meant() -> impl Strategy<Value = String> {
    "[^\\x00]{0,30}[\\PC&&\\S][^\\x00]{0,30}"
}

/// A genre; the API's are words, and longer ones are not taken for any.
fn genre() -> impl Strategy<Value = String> {
    "[^\\x00]{0,8}[\\PC&&\\S][^\\x00]{0,8}"
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(meant())
}

fn count() -> impl Strategy<Value = Option<i32>> {
    option::of(0..=i32::MAX)
}

fn moment() -> impl Strategy<Value = Option<DateTime<chrono::Utc>>> {
    option::of((1_i64..4_000_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).expect("a moment")))
}

fn torrent() -> impl Strategy<Value = Torrent> {
    let texts = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let size_bytes = option::of(0..=i64::MAX);
    ("[0-9A-F]{40}", texts, option::of(any::<bool>()), count(), count(), size_bytes, moment()).prop_map(
        |(hash, texts, is_repack, seeds, peers, size_bytes, date_uploaded)| {
            let (url, quality, kind, video_codec, bit_depth, audio_channels, size) = texts;
            Torrent {
                hash,
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
                date_uploaded,
            }
        },
    )
}

fn cast_member() -> impl Strategy<Value = CastMember> {
    (option::of("[0-9]{7,8}"), meant(), maybe(), maybe()).prop_map(
        |(imdb_code, name, character_name, url_small_image)| CastMember {
            imdb_code,
            name,
            character_name,
            url_small_image,
        },
    )
}

/// A movie as the API could describe it.
pub(crate) fn sound_movie() -> impl Strategy<Value = Movie> {
    let titles = (maybe(), maybe(), maybe(), maybe(), maybe());
    let numbers = (option::of(1..=9_999), option::of(1..=100_u8), option::of(1..=i32::MAX), count(), moment());
    let texts = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let images = (maybe(), maybe(), maybe(), maybe(), maybe());
    let lists = (
        proptest::collection::btree_set(genre(), 0..4),
        proptest::collection::btree_set(cast_member(), 0..4),
        proptest::collection::btree_map("[0-9A-F]{40}", torrent(), 0..4),
    );
    (1..=i32::MAX, titles, numbers, texts, images, lists).prop_map(|(external_id, titles, numbers, texts, images, lists)| {
        let (imdb_code, title, title_english, title_long, slug) = titles;
        let (year, tenths, runtime, like_count, date_uploaded) = numbers;
        let (description_intro, description_full, yt_trailer_code, language, mpa_rating, url) = texts;
        let (background_image, background_image_original, small_cover_image, medium_cover_image, large_cover_image) = images;
        let (genres, cast, torrents) = lists;
        Movie {
            external_id, imdb_code, title, title_english, title_long, slug, year,
            rating: tenths.map(|tenths| f64::from(tenths) / 10.0),
            runtime, description_intro, description_full, yt_trailer_code, language, mpa_rating, like_count, url,
            background_image, background_image_original, small_cover_image, medium_cover_image, large_cover_image,
            date_uploaded,
            genres: genres.into_iter().collect(),
            cast: cast.into_iter().collect(),
            torrents: torrents.into_iter().map(|(hash, torrent)| Torrent { hash, ..torrent }).collect(),
        }
    })
}

/// Writes a movie as the API does: flags as "1" and "0", dates in seconds, unknown as null.
pub(crate) fn written(movie: &Movie) -> Value {
    let seconds = |date: Option<DateTime<chrono::Utc>>| date.map(|date| date.timestamp());
    let torrents = movie.torrents.iter().map(|torrent| {
        json!({
            "hash": torrent.hash, "url": torrent.url, "quality": torrent.quality, "type": torrent.kind,
            "is_repack": torrent.is_repack.map(|is_repack| if is_repack { "1" } else { "0" }),
            "video_codec": torrent.video_codec, "bit_depth": torrent.bit_depth,
            "audio_channels": torrent.audio_channels, "seeds": torrent.seeds, "peers": torrent.peers,
            "size": torrent.size, "size_bytes": torrent.size_bytes,
            "date_uploaded": "2020-01-01 00:00:00", "date_uploaded_unix": seconds(torrent.date_uploaded),
        })
    });
    let cast = movie.cast.iter().map(|member| {
        json!({
            "name": member.name, "character_name": member.character_name, "imdb_code": member.imdb_code,
            "url_small_image": member.url_small_image,
        })
    });
    let mut value = json!({
        "id": movie.external_id, "imdb_code": movie.imdb_code, "title": movie.title,
        "title_english": movie.title_english, "title_long": movie.title_long, "slug": movie.slug, "year": movie.year,
        "rating": movie.rating, "runtime": movie.runtime, "genres": movie.genres,
        "description_intro": movie.description_intro, "description_full": movie.description_full,
        "yt_trailer_code": movie.yt_trailer_code, "language": movie.language, "mpa_rating": movie.mpa_rating,
        "like_count": movie.like_count, "url": movie.url,
    });
    let rest = json!({
        "background_image": movie.background_image, "background_image_original": movie.background_image_original,
        "small_cover_image": movie.small_cover_image, "medium_cover_image": movie.medium_cover_image,
        "large_cover_image": movie.large_cover_image, "date_uploaded": "2020-01-01 00:00:00",
        "date_uploaded_unix": seconds(movie.date_uploaded),
    });
    let fields = value.as_object_mut().expect("an object");
    fields.extend(rest.as_object().expect("an object").clone());
    fields.insert("torrents".to_owned(), torrents.collect());
    fields.insert("cast".to_owned(), cast.collect());
    value
}
