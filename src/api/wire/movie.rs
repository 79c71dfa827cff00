//! Reading a movie: which fields it has, and what it must have to be kept at all.
//!
//! What hangs on it is read in [`super::rows`].

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bounded::Piece;
use super::fields::{Fields, Label};
use super::{BadMovie, ParsedMovie, rows};
use crate::api::shown::head_of;
use crate::movie::Movie;

/// Losses that are named one by one; a thousand broken torrents are one story, and each name ends in a log and a record.
const MAX_LOST: usize = 20;

/// Reads a movie; one that cannot be understood is handed back with the reason.
pub(super) fn read(raw: &RawValue) -> Result<ParsedMovie, BadMovie> {
    let mut movie = Movie::default();
    let lost = understand(&mut movie, Fields::read(raw.get()), raw.get(), fill)?;
    Ok(ParsedMovie { movie, lost })
}

/// Reads a movie that is taken apart already, out of the answer that is shown if it cannot be understood.
pub(super) fn read_piece(piece: Piece<'_>, answer: &str) -> Result<ParsedMovie, BadMovie> {
    let fields = match piece {
        Piece::Object(object) => Fields::of_object(object),
        Piece::List(_) | Piece::Other => Err("not an object".to_owned()),
    };
    let mut movie = Movie::default();
    let lost = understand(&mut movie, fields, answer, fill)?;
    Ok(ParsedMovie { movie, lost })
}

/// Reads of a movie what is not known of it. What is lost there is not: most of it is known.
pub(super) fn fill_unknown(raw: &RawValue, movie: &mut Movie) -> Result<(), BadMovie> {
    understand(movie, Fields::read(raw.get()), raw.get(), fill).map(drop)
}

/// Reads of a movie what changes often, as far as it is not known; returns what is lost.
pub(super) fn fill_changing(raw: &RawValue, movie: &mut Movie) -> Result<Vec<String>, BadMovie> {
    let fill = |movie: &mut Movie, fields: &Fields<'_>, lost: &mut Vec<String>| {
        movie.rating = movie.rating.or_else(|| fields.rating("rating"));
        rows::fill_torrents(&mut movie.torrents, fields, lost)
    };
    understand(movie, Fields::read(raw.get()), raw.get(), fill)
}

/// Returns the id of a movie of which nothing else is to be known, where it is a sensible one.
pub(super) fn listed_id(raw: &RawValue) -> Option<i32> {
    /// The field alone; what is beside it is skipped.
    #[derive(Deserialize)]
    struct Id<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    let fields = match serde_json::from_str::<Id<'_>>(raw.get()) {
        Ok(Id { id }) => Fields::of("id", id),
        // As it may be where a field is there twice.
        Err(_) => Fields::read(raw.get()).ok()?,
    };
    proper_id(id_of(&fields)).ok()
}

/// Reads the id, and the rest as `fill` does; returns what is lost. `json` is shown if that fails.
fn understand(
    movie: &mut Movie,
    fields: Result<Fields<'_>, String>,
    json: &str,
    fill: impl FnOnce(&mut Movie, &Fields<'_>, &mut Vec<String>) -> Result<(), String>,
) -> Result<Vec<String>, BadMovie> {
    let id = fields.as_ref().ok().and_then(id_of);
    let bad = |reason| BadMovie { external_id: id, reason, body_head: head_of(json) };
    let fields = fields.map_err(bad)?;
    movie.external_id = proper_id(id).map_err(bad)?;
    let fields = fields.labelled(Label { movie: Some(movie.external_id), entry: None });
    let mut lost = Vec::new();
    fill(movie, &fields, &mut lost).map_err(bad)?;
    if lost.len() > MAX_LOST {
        let more = lost.split_off(MAX_LOST).len();
        lost.push(format!("and {more} more"));
    }
    for loss in &lost {
        tracing::warn!("{}: {loss}; not kept", fields.label());
    }
    Ok(lost)
}

/// Returns a movie's id, sensible or not, if it has one.
fn id_of(fields: &Fields<'_>) -> Option<i64> {
    fields.integer("id", i64::MIN..=i64::MAX)
}

/// Returns the id, the one field that a movie must have. The API says 0 for a movie it does not know.
fn proper_id(id: Option<i64>) -> Result<i32, String> {
    let id = id.ok_or("no id")?;
    let is_proper = (1..=i64::from(i32::MAX)).contains(&id);
    match i32::try_from(id) {
        Ok(external_id) if is_proper => Ok(external_id),
        _ => Err(format!("id {id} is not between 1 and {}", i32::MAX)),
    }
}

/// Reads what is not known of a movie. The API's 0 means unknown for year, rating, runtime and dates; a date is read in
/// its unix form only, for the other is in a time zone that nobody tells.
fn fill(movie: &mut Movie, fields: &Fields<'_>, lost: &mut Vec<String>) -> Result<(), String> {
    macro_rules! fill {
        ($($field:ident: $read:expr),+ $(,)?) => { $( if movie.$field.is_none() { movie.$field = $read; } )+ };
    }
    fill!(
        imdb_code: fields.short_text("imdb_code")?,
        title: fields.short_text("title")?,
        title_english: fields.short_text("title_english")?,
        title_long: fields.short_text("title_long")?,
        slug: fields.short_text("slug")?,
        year: fields.count("year", 9_999).filter(|&year| year != 0),
        rating: fields.rating("rating"),
        runtime: fields.count("runtime", i32::MAX).filter(|&minutes| minutes != 0),
        description_intro: fields.text("description_intro")?,
        description_full: description(fields)?,
        yt_trailer_code: fields.short_text("yt_trailer_code")?,
        language: fields.short_text("language")?,
        mpa_rating: fields.short_text("mpa_rating")?,
        like_count: fields.count("like_count", i32::MAX),
        url: fields.text("url")?,
        background_image: fields.text("background_image")?,
        background_image_original: fields.text("background_image_original")?,
        small_cover_image: fields.text("small_cover_image")?,
        medium_cover_image: fields.text("medium_cover_image")?,
        large_cover_image: fields.text("large_cover_image")?,
        date_uploaded: fields.moment("date_uploaded_unix"),
    );
    if movie.genres.is_empty() {
        movie.genres = rows::genres(fields, lost)?;
    }
    if movie.cast.is_empty() {
        movie.cast = rows::cast(fields, lost)?;
    }
    rows::fill_torrents(&mut movie.torrents, fields, lost)
}

/// Reads the description from the first of its three names that has one; in lists all three are the same.
fn description(fields: &Fields<'_>) -> Result<Option<String>, String> {
    for name in ["description_full", "summary", "synopsis"] {
        let text = fields.text(name)?;
        if text.is_some() {
            return Ok(text);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
