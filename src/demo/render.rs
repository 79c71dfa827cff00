//! Turns movies into JSON, in the shapes of the real API's answers of 2026. A movie is rendered once, into the pieces
//! that list and details have in common; an answer is a copy of pieces. Which movies an answer holds is decided
//! elsewhere.

use chrono::{DateTime, Datelike, FixedOffset};

use super::catalogue::{CastMember, Movie, Torrent};
use super::json::Fields;

/// The answer to an unknown id: status ok and a movie 0, as the real API has it.
pub(super) const UNKNOWN_MOVIE: &str = concat!(
    r#"{"movie":{"id":0,"url":"","imdb_code":"","title":null,"title_english":null,"title_long":" (0)","slug":"","year":0,"#,
    r#""rating":0,"runtime":0,"genres":null,"like_count":0,"description_intro":"","description_full":"","yt_trailer_code":"","#,
    r#""language":null,"mpa_rating":""}}"#
);

/// The pieces of one movie's JSON, about 4 KB in one block of memory.
#[derive(Debug)]
pub(super) struct Rendered {
    bytes: Box<[u8]>,
    /// Where each piece ends, in the order of `Piece`.
    ends: [usize; 8],
}

/// Which of a details answer's optional parts were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extras {
    pub(super) images: bool,
    pub(super) cast: bool,
}

#[derive(Clone, Copy)]
enum Piece {
    /// From the id to the genres.
    Head,
    Description,
    LikesAndIntro,
    /// From the trailer to the covers.
    Middle,
    Screenshots,
    Cast,
    Torrents,
    Uploaded,
}

impl Rendered {
    /// Renders a movie.
    pub(super) fn new(movie: &Movie) -> Self {
        let mut out = Fields::default();
        let mut ends = [0; 8];
        let writers: [fn(&mut Fields, &Movie); 8] = [
            head,
            |out, movie| out.json(&movie.description),
            likes_and_intro,
            middle,
            screenshots,
            cast,
            torrents,
            uploaded,
        ];
        for (end, write) in ends.iter_mut().zip(writers) {
            write(&mut out, movie);
            *end = out.length();
        }
        Self { bytes: out.into_bytes(), ends }
    }

    fn piece(&self, piece: Piece) -> &[u8] {
        let index = piece as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// Appends the movie as it stands in a list.
    pub(super) fn write_listed(&self, out: &mut Vec<u8>) {
        let description = self.piece(Piece::Description);
        out.extend_from_slice(b"{");
        out.extend_from_slice(self.piece(Piece::Head));
        for key in [&br#""summary":"#[..], br#","description_full":"#, br#","synopsis":"#] {
            out.extend_from_slice(key);
            out.extend_from_slice(description);
        }
        out.extend_from_slice(b",");
        out.extend_from_slice(self.piece(Piece::Middle));
        out.extend_from_slice(br#""state":"ok","#);
        out.extend_from_slice(self.piece(Piece::Torrents));
        out.extend_from_slice(self.piece(Piece::Uploaded));
        out.extend_from_slice(b"}");
    }

    /// Appends the movie as it stands in a details answer.
    pub(super) fn write_details(&self, extras: Extras, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"movie":{"#);
        out.extend_from_slice(self.piece(Piece::Head));
        out.extend_from_slice(self.piece(Piece::LikesAndIntro));
        out.extend_from_slice(br#""description_full":"#);
        out.extend_from_slice(self.piece(Piece::Description));
        out.extend_from_slice(b",");
        out.extend_from_slice(self.piece(Piece::Middle));
        if extras.images {
            out.extend_from_slice(self.piece(Piece::Screenshots));
        }
        if extras.cast {
            out.extend_from_slice(self.piece(Piece::Cast));
        }
        out.extend_from_slice(self.piece(Piece::Torrents));
        out.extend_from_slice(self.piece(Piece::Uploaded));
        out.extend_from_slice(b"}}");
    }
}

/// Puts what was written so far into the API's envelope as its data.
pub(super) fn open_envelope(out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"status":"ok","status_message":"Query was successful","data":"#);
}

/// Ends the envelope.
pub(super) fn close_envelope(out: &mut Vec<u8>) {
    out.extend_from_slice(br#","@meta":{"api_version":2,"execution_time":"0 ms"}}"#);
}

fn head(out: &mut Fields, movie: &Movie) {
    out.plain("id", movie.id);
    out.text("url", &movie.url());
    out.text("imdb_code", &movie.imdb_code);
    out.nullable("title", movie.title.as_deref());
    out.nullable("title_english", movie.title.as_deref());
    out.text("title_long", &movie.title_long);
    out.text("slug", &movie.slug);
    out.plain("year", movie.year);
    out.present("rating", movie.rating);
    out.present("runtime", movie.runtime);
    if !movie.genres.is_empty() {
        out.list("genres", &movie.genres, |out, genre| out.json(genre));
    }
}

fn likes_and_intro(out: &mut Fields, movie: &Movie) {
    out.plain("like_count", movie.like_count);
    out.text("description_intro", &movie.description_intro);
}

fn middle(out: &mut Fields, movie: &Movie) {
    out.text("yt_trailer_code", &movie.yt_trailer_code);
    out.nullable("language", movie.language);
    out.text("mpa_rating", movie.mpa_rating);
    out.text("background_image", &movie.image_url("background"));
    out.text("background_image_original", &movie.image_url("background"));
    for size in ["small", "medium", "large"] {
        out.text(&format!("{size}_cover_image"), &movie.image_url(&format!("{size}-cover")));
    }
}

fn screenshots(out: &mut Fields, movie: &Movie) {
    for size in ["medium", "large"] {
        for number in 1..=3 {
            let url = movie.image_url(&format!("{size}-screenshot{number}"));
            out.text(&format!("{size}_screenshot_image{number}"), &url);
        }
    }
}

fn cast(out: &mut Fields, movie: &Movie) {
    if !movie.cast.is_empty() {
        out.list("cast", &movie.cast, cast_member);
    }
}

fn cast_member(out: &mut Fields, member: &CastMember) {
    out.object(|out| {
        out.text("name", &member.name);
        out.text("character_name", &member.character_name);
        if let Some(url) = &member.url_small_image {
            out.text("url_small_image", url);
        }
        if let Some(code) = &member.imdb_code {
            out.text("imdb_code", code);
        }
    });
}

fn torrents(out: &mut Fields, movie: &Movie) {
    if !movie.torrents.is_empty() {
        out.list("torrents", &movie.torrents, torrent);
    }
}

fn torrent(out: &mut Fields, torrent: &Torrent) {
    out.object(|out| {
        out.text("url", &torrent.url());
        out.text("hash", &torrent.hash);
        out.text("quality", torrent.quality);
        let encoding = [
            ("type", torrent.release_type),
            ("is_repack", torrent.is_repack),
            ("video_codec", torrent.video_codec),
            ("bit_depth", torrent.bit_depth),
            ("audio_channels", torrent.audio_channels),
        ];
        for (key, value) in encoding {
            if let Some(text) = value {
                out.text(key, text);
            }
        }
        out.plain("seeds", torrent.seeds);
        out.plain("peers", torrent.peers);
        out.text("size", &torrent.size);
        out.plain("size_bytes", torrent.size_bytes);
        out.text("date_uploaded", &server_time(torrent.uploaded_at));
        out.plain("date_uploaded_unix", torrent.uploaded_at);
    });
}

fn uploaded(out: &mut Fields, movie: &Movie) {
    out.text("date_uploaded", &server_time(movie.uploaded_at));
    out.plain("date_uploaded_unix", movie.uploaded_at);
    out.end();
}

/// Returns a time as the server's own clock shows it: Central European, with summer time by the month, and no word of
/// the zone.
fn server_time(unix_seconds: i64) -> String {
    let Some(utc) = DateTime::from_timestamp(unix_seconds, 0) else { return String::new() };
    let hours_ahead = if (4..=10).contains(&utc.month()) { 2 } else { 1 };
    FixedOffset::east_opt(hours_ahead * 3600)
        .map(|zone| utc.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::catalogue::Catalogue;
    use super::*;

    fn parsed(write: impl FnOnce(&mut Vec<u8>)) -> Value {
        let mut out = Vec::new();
        write(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn every_movie_reads_back_as_it_was_drawn() {
        for movie in Catalogue::generate(2, 500).movies() {
            let rendered = Rendered::new(movie);
            let listed = parsed(|out| rendered.write_listed(out));
            assert_eq!(listed["id"], movie.id);
            assert_eq!(listed["title"], json!(movie.title));
            assert_eq!(listed.get("rating").and_then(Value::as_f64), movie.rating);
            assert_eq!(listed["synopsis"], movie.description);
            assert_eq!(listed.get("genres").is_some(), !movie.genres.is_empty());
            assert_eq!(listed.get("torrents").is_some(), !movie.torrents.is_empty());
            assert!(listed.get("cast").is_none() && listed.get("like_count").is_none());

            let details = parsed(|out| rendered.write_details(Extras { images: true, cast: true }, out));
            let details = &details["movie"];
            assert_eq!(details["torrents"], listed["torrents"]);
            assert_eq!(details["like_count"], movie.like_count);
            assert_eq!(details.get("cast").map_or(0, |cast| cast.as_array().unwrap().len()), movie.cast.len());
            assert!(details["large_screenshot_image3"].is_string() && details.get("state").is_none());
        }
    }

    #[test]
    fn details_without_extras_have_neither_cast_nor_screenshots() {
        let catalogue = Catalogue::generate(2, 1);
        let details = parsed(|out| Rendered::new(&catalogue.movies()[0]).write_details(Extras::default(), out));
        assert!(details["movie"].get("cast").is_none());
        assert!(details["movie"].get("medium_screenshot_image1").is_none());
    }

    #[test]
    fn dates_show_the_server_s_clock() {
        assert_eq!(server_time(1_715_034_797), "2024-05-07 00:33:17");
        assert_eq!(server_time(1_611_108_944), "2021-01-20 03:15:44");
    }
}
