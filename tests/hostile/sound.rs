//! What holds for every movie that the parsing lets through; the fuzz targets include this file too.

use std::fmt::Display;

use yts_ingest::movie::{Movie, Torrent};

/// Asserts that both databases can hold a movie as it is.
pub(crate) fn assert_sound(movie: &Movie, origin: &dyn Display) {
    assert!(movie.external_id > 0, "{origin}: {movie:?}");
    let indexed = [&movie.title, &movie.title_english, &movie.title_long, &movie.slug, &movie.imdb_code];
    assert!(
        indexed.into_iter().flatten().all(|text| text.len() <= 2_000 && !text.contains('\0')),
        "{origin}: {movie:?}"
    );
    assert!(movie.rating.is_none_or(|rating| rating > 0.0 && rating <= 10.0), "{origin}: {movie:?}");
    assert!(movie.year.is_none_or(|year| (1..=9_999).contains(&year)), "{origin}: {movie:?}");
    assert!(movie.torrents.iter().all(is_sound), "{origin}: {movie:?}");
    assert!(
        movie.torrents.len() <= 1_000 && movie.cast.len() <= 1_000 && movie.genres.len() <= 1_000,
        "{origin}: {movie:?}"
    );
}

fn is_sound(torrent: &Torrent) -> bool {
    let is_counted = |count: Option<i32>| count.is_none_or(|count| count >= 0);
    let year_is_four_digits = torrent.date_uploaded.is_none_or(|date| date.format("%Y").to_string().len() == 4);
    let is_sized = torrent.size_bytes.is_none_or(|bytes| bytes >= 0);
    is_counted(torrent.seeds) && is_counted(torrent.peers) && is_sized && year_is_four_digits
}
