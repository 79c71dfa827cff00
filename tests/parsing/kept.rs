//! What holds for whatever comes out of the parsing: for a movie that is kept, for one that is not, and for the words
//! about either. The movies themselves are made in `strange` and `sound`.

use std::collections::BTreeSet;

use proptest::prelude::*;
use yts_ingest::api::BadMovie;
use yts_ingest::movie::{CastMember, Movie, Torrent};

/// What holds for every movie that is kept: unknown is `None`, and nothing is out of its range.
pub(crate) fn check_kept(movie: &Movie) -> Result<(), TestCaseError> {
    prop_assert!(movie.external_id > 0);
    for text in [
        &movie.imdb_code,
        &movie.title,
        &movie.title_english,
        &movie.title_long,
        &movie.slug,
        &movie.description_intro,
        &movie.description_full,
        &movie.yt_trailer_code,
        &movie.language,
        &movie.mpa_rating,
        &movie.url,
        &movie.background_image,
        &movie.background_image_original,
        &movie.small_cover_image,
        &movie.medium_cover_image,
        &movie.large_cover_image,
    ] {
        check_known(text.as_deref())?;
    }
    prop_assert!(movie.year.is_none_or(|year| (1..=9_999).contains(&year)), "year {:?}", movie.year);
    prop_assert!(movie.rating.is_none_or(|rating| rating > 0.0 && rating <= 10.0), "rating {:?}", movie.rating);
    prop_assert!(movie.runtime.is_none_or(|runtime| runtime > 0), "runtime {:?}", movie.runtime);
    prop_assert!(movie.like_count.is_none_or(|count| count >= 0), "like_count {:?}", movie.like_count);
    prop_assert!(movie.date_uploaded.is_none_or(|date| date.timestamp() > 0), "date {:?}", movie.date_uploaded);
    let genres: BTreeSet<&String> = movie.genres.iter().collect();
    prop_assert_eq!(genres.len(), movie.genres.len(), "a genre stands twice");
    for genre in genres {
        check_known(Some(genre))?;
    }
    let hashes: BTreeSet<&String> = movie.torrents.iter().map(|torrent| &torrent.hash).collect();
    prop_assert_eq!(hashes.len(), movie.torrents.len(), "a hash stands twice");
    movie.torrents.iter().try_for_each(check_torrent)?;
    movie.cast.iter().try_for_each(check_cast_member)
}

fn check_torrent(torrent: &Torrent) -> Result<(), TestCaseError> {
    check_known(Some(&torrent.hash))?;
    for text in [
        &torrent.url,
        &torrent.quality,
        &torrent.kind,
        &torrent.video_codec,
        &torrent.bit_depth,
        &torrent.audio_channels,
        &torrent.size,
    ] {
        check_known(text.as_deref())?;
    }
    prop_assert!(torrent.seeds.is_none_or(|seeds| seeds >= 0) && torrent.peers.is_none_or(|peers| peers >= 0));
    prop_assert!(torrent.size_bytes.is_none_or(|bytes| bytes >= 0));
    Ok(())
}

fn check_cast_member(member: &CastMember) -> Result<(), TestCaseError> {
    check_known(Some(&member.name))?;
    for text in [&member.imdb_code, &member.character_name, &member.url_small_image] {
        check_known(text.as_deref())?;
    }
    Ok(())
}

/// A text that is there says something, and a database can hold it.
fn check_known(text: Option<&str>) -> Result<(), TestCaseError> {
    if let Some(text) = text {
        prop_assert!(!text.trim().is_empty() && !text.contains('\0'), "{:?} is no text", text);
    }
    Ok(())
}

/// A movie that is not kept says why, and is fit to be shown.
pub(crate) fn check_bad(bad: &BadMovie) -> Result<(), TestCaseError> {
    prop_assert!(!bad.reason.trim().is_empty(), "no reason");
    prop_assert!(bad.body_head.chars().count() <= 200 && !bad.body_head.chars().any(char::is_control));
    check_shown(&bad.to_string())
}

pub(crate) fn check_shown(message: &str) -> Result<(), TestCaseError> {
    prop_assert!(
        !message.is_empty() && !message.chars().any(char::is_control),
        "{:?} is not fit for a terminal",
        message
    );
    Ok(())
}
