//! Reading what hangs on a movie: genres, cast, torrents.
//!
//! An entry that cannot be understood is left out and named in `lost`; a list too long to be true fails the movie.

use std::collections::{BTreeSet, HashSet};

use serde_json::value::RawValue;

use super::fields::{Fields, Label, ListProblem, decode};
use crate::movie::{CastMember, Torrent, without_nul};

/// Longest name of a genre.
const MAX_GENRE_BYTES: usize = 100;

/// Reads the genres, each once.
pub(super) fn genres(movie: &Fields<'_>, lost: &mut Vec<String>) -> Result<Vec<String>, String> {
    let mut genres = entries(movie, "genres", lost, |raw, _| genre(raw))?;
    let mut seen = HashSet::new();
    genres.retain(|name| !name.trim().is_empty() && seen.insert(name.clone()));
    Ok(genres)
}

/// Reads the cast in order of billing, without exact repetitions.
pub(super) fn cast(movie: &Fields<'_>, lost: &mut Vec<String>) -> Result<Vec<CastMember>, String> {
    let mut cast = entries(movie, "cast", lost, cast_member)?;
    let mut seen = BTreeSet::new();
    cast.retain(|member| seen.insert(member.clone()));
    Ok(cast)
}

/// Reads the torrents that are not known, and what is not known of the others; of those with the same hash, the first
/// stands and the others fill in what it does not say.
pub(super) fn fill_torrents(
    known: &mut Vec<Torrent>,
    movie: &Fields<'_>,
    lost: &mut Vec<String>,
) -> Result<(), String> {
    each_entry(movie, "torrents", lost, |raw, label| {
        let fields = row(raw, label)?;
        let hash = fields.short_text("hash")?.ok_or("no hash")?.to_ascii_uppercase();
        if let Some(torrent) = known.iter_mut().find(|torrent| torrent.hash == hash) {
            return fill_torrent(torrent, &fields);
        }
        let mut torrent = Torrent { hash, ..Torrent::default() };
        fill_torrent(&mut torrent, &fields)?;
        known.push(torrent);
        Ok(())
    })
}

/// Reads the entries of a list, leaving out those that `read` does not understand.
fn entries<T>(
    movie: &Fields<'_>,
    name: &'static str,
    lost: &mut Vec<String>,
    read: impl Fn(&RawValue, Label) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut understood = Vec::new();
    each_entry(movie, name, lost, |raw, label| {
        understood.push(read(raw, label)?);
        Ok(())
    })?;
    Ok(understood)
}

/// Has `read` read each entry of a list; those that it does not understand are lost.
fn each_entry(
    movie: &Fields<'_>,
    name: &'static str,
    lost: &mut Vec<String>,
    mut read: impl FnMut(&RawValue, Label) -> Result<(), String>,
) -> Result<(), String> {
    let raws = match movie.list(name) {
        Ok(raws) => raws,
        Err(ListProblem::TooLong) => return Err(format!("{name} has more entries than can be true")),
        Err(ListProblem::NotAList) => {
            lost.push(format!("{name}: not a list"));
            return Ok(());
        }
    };
    for (index, raw) in raws.into_iter().enumerate() {
        if let Err(reason) = read(raw, Label { entry: Some((name, index)), ..movie.label() }) {
            lost.push(format!("{name}[{index}]: {reason}"));
        }
    }
    Ok(())
}

fn genre(raw: &RawValue) -> Result<String, String> {
    if raw.get() == "null" {
        return Ok(String::new());
    }
    let name = decode(raw).map_err(|_| "not a text".to_owned())?;
    if name.len() > MAX_GENRE_BYTES {
        return Err(format!("more than {MAX_GENRE_BYTES} bytes"));
    }
    Ok(without_nul(name))
}

/// Reads a role. The API gives `imdb_code` as digits without `nm`, zero-padded, so it stays as it is.
fn cast_member(raw: &RawValue, label: Label) -> Result<CastMember, String> {
    let fields = row(raw, label)?;
    Ok(CastMember {
        name: fields.short_text("name")?.ok_or("no name")?,
        imdb_code: fields.short_text("imdb_code")?,
        character_name: fields.short_text("character_name")?,
        url_small_image: fields.text("url_small_image")?,
    })
}

/// Reads what is not known of a torrent. Its hash is its key, for the API repeats quality and type within a movie.
fn fill_torrent(torrent: &mut Torrent, fields: &Fields<'_>) -> Result<(), String> {
    macro_rules! fill {
        ($($field:ident: $read:expr),+ $(,)?) => { $( if torrent.$field.is_none() { torrent.$field = $read; } )+ };
    }
    fill!(
        url: fields.text("url")?,
        quality: fields.short_text("quality")?,
        kind: fields.short_text("type")?,
        is_repack: fields.flag("is_repack"),
        video_codec: fields.short_text("video_codec")?,
        bit_depth: fields.short_text("bit_depth")?,
        audio_channels: fields.short_text("audio_channels")?,
        seeds: fields.count("seeds", i32::MAX),
        peers: fields.count("peers", i32::MAX),
        size: fields.short_text("size")?,
        size_bytes: fields.integer("size_bytes", 0..=i64::MAX),
        date_uploaded: fields.moment("date_uploaded_unix"),
    );
    Ok(())
}

/// Takes an entry apart that must be an object.
fn row(raw: &RawValue, label: Label) -> Result<Fields<'_>, String> {
    if !raw.get().starts_with('{') {
        return Err("not an object".to_owned());
    }
    Fields::read(raw.get()).map(|fields| fields.labelled(label))
}

#[cfg(test)]
mod tests;
