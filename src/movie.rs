//! The domain records: what the crawl carries from the API to the database.
//!
//! Plain data, nothing of JSON or SQL: the API's quirks end in [`crate::api`], tables begin in [`crate::store`].
//! `None` means that the source did not say; it never stands for 0 or an empty text.

use chrono::{DateTime, Utc};

/// A movie as the source describes it, with everything that hangs on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Movie {
    /// The source's own id, the key under which the catalogue knows the movie.
    pub external_id: i32,
    /// IMDb title code, `tt` and digits; not unique at the source.
    pub imdb_code: Option<String>,
    /// Title for display.
    pub title: Option<String>,
    /// Title in English.
    pub title_english: Option<String>,
    /// Title with the year in parentheses.
    pub title_long: Option<String>,
    /// Title and year for use in a URL; may repeat at the source.
    pub slug: Option<String>,
    /// Year of release.
    pub year: Option<i32>,
    /// Rating from 0 to 10.
    pub rating: Option<f64>,
    /// Runtime in minutes.
    pub runtime: Option<i32>,
    /// Short description.
    pub description_intro: Option<String>,
    /// Full description.
    pub description_full: Option<String>,
    /// `YouTube` id of the trailer.
    pub yt_trailer_code: Option<String>,
    /// Language, as the source spells it.
    pub language: Option<String>,
    /// MPA rating, such as `PG-13`.
    pub mpa_rating: Option<String>,
    /// Likes at the source.
    pub like_count: Option<i32>,
    /// Page of the movie at the source.
    pub url: Option<String>,
    /// Background image URL.
    pub background_image: Option<String>,
    /// Background image URL, original size.
    pub background_image_original: Option<String>,
    /// Cover image URL, small.
    pub small_cover_image: Option<String>,
    /// Cover image URL, medium.
    pub medium_cover_image: Option<String>,
    /// Cover image URL, large.
    pub large_cover_image: Option<String>,
    /// When the source listed the movie.
    pub date_uploaded: Option<DateTime<Utc>>,
    /// Genre names.
    pub genres: Vec<String>,
    /// Roles in order of billing.
    pub cast: Vec<CastMember>,
    /// Torrents (metadata only).
    pub torrents: Vec<Torrent>,
}

/// A torrent's metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Torrent {
    /// Info hash, the torrent's key within its movie.
    pub hash: String,
    /// Where the source offers it.
    pub url: Option<String>,
    /// `720p`, `1080p`, `2160p`, …
    pub quality: Option<String>,
    /// `bluray`, `web`, …
    pub kind: Option<String>,
    /// Whether it replaces an earlier release.
    pub is_repack: Option<bool>,
    /// `x264`, `x265`.
    pub video_codec: Option<String>,
    /// Bits a colour channel, as the source spells it.
    pub bit_depth: Option<String>,
    /// `2.0`, `5.1`.
    pub audio_channels: Option<String>,
    /// Seeds, at the time of the answer.
    pub seeds: Option<i32>,
    /// Peers, at the time of the answer.
    pub peers: Option<i32>,
    /// Size for display, such as `1.4 GB`.
    pub size: Option<String>,
    /// Size in bytes.
    pub size_bytes: Option<i64>,
    /// When the source listed the torrent.
    pub date_uploaded: Option<DateTime<Utc>>,
}

/// One role in a movie. One person may play several.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CastMember {
    /// IMDb person code: digits, zero-padded, without `nm`.
    pub imdb_code: Option<String>,
    /// The person's name.
    pub name: String,
    /// The role.
    pub character_name: Option<String>,
    /// Portrait URL.
    pub url_small_image: Option<String>,
}

impl Movie {
    /// Returns the title to store: the title, else the long title, else the slug, else `untitled-{external_id}`.
    #[must_use]
    pub fn title_or_fallback(&self) -> String {
        [&self.title, &self.title_long, &self.slug]
            .into_iter()
            .find_map(Clone::clone)
            .unwrap_or_else(|| format!("untitled-{}", self.external_id))
    }

    /// Returns the movie with NUL characters replaced by U+FFFD, since PostgreSQL cannot hold them: one rule for both
    /// databases.
    #[must_use]
    pub fn without_nul(mut self) -> Self {
        macro_rules! replace {
            ($of:expr; $($field:ident),+) => { $( $of.$field = $of.$field.take().map(without_nul); )+ };
        }
        replace!(
            self; imdb_code, title, title_english, title_long, slug, description_intro, description_full,
            yt_trailer_code, language, mpa_rating, url, background_image, background_image_original,
            small_cover_image, medium_cover_image, large_cover_image
        );
        self.genres = self.genres.into_iter().map(without_nul).collect();
        for torrent in &mut self.torrents {
            torrent.hash = without_nul(std::mem::take(&mut torrent.hash));
            replace!(torrent; url, quality, kind, video_codec, bit_depth, audio_channels, size);
        }
        for member in &mut self.cast {
            member.name = without_nul(std::mem::take(&mut member.name));
            replace!(member; imdb_code, character_name, url_small_image);
        }
        self
    }
}

/// Returns a text with U+FFFD for NUL, which `PostgreSQL` cannot hold.
pub(crate) fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}
