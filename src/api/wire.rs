//! What the API's answers look like from the outside: the envelope, and what a page or a details answer must hold to
//! be believed.
//!
//! Movies are read in [`movie`], what hangs on them in [`rows`], single fields in [`fields`]. Everything below the
//! envelope is first taken as a raw piece of JSON, unread, so that one bad movie fails alone.

mod bounded;
mod fields;
mod movie;
mod rows;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::bounded::{List, Piece};
use self::fields::{Fields, decode};
use super::error::Error;
use super::http::Answer;
use super::shown::head_of;
use crate::movie::Movie;

/// The most movies that a list is believed to have, many times what there are: pages are planned by that number.
const MAX_MOVIE_COUNT: u64 = 10_000_000;

/// A page of a list.
#[derive(Debug)]
pub struct ListPage {
    /// Movies in the whole list, as the API counts them.
    pub movie_count: u64,
    /// The page's movies in the API's order, unread: what is known already needs no reading.
    pub entries: Vec<Entry>,
}

/// A movie of a list, as the API sent it.
#[derive(Clone, Debug)]
pub struct Entry(Box<RawValue>);

/// A movie that could be understood.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedMovie {
    /// The movie.
    pub movie: Movie,
    /// What hangs on it and could not be understood, and so is not kept: `torrents[2]: no hash`.
    pub lost: Vec<String>,
}

/// A movie that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("movie {}: {reason}", external_id.map_or_else(|| "without id".to_owned(), |id| id.to_string()))]
pub struct BadMovie {
    /// Its id, if at least that could be read.
    pub external_id: Option<i64>,
    /// Why not.
    pub reason: String,
    /// How its JSON begins.
    pub body_head: String,
}

/// The source's notice that it is about to move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The notice in words.
    pub message: String,
    /// The base URL that is about to close.
    pub old_base: Option<String>,
    /// The base URL to use from then on.
    pub new_base: Option<String>,
    /// When the old one closes.
    pub sunset: Option<String>,
}

/// An answer that is one of the API's: status `ok`, data an object.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    answer: &'a Answer,
    data: Data<'a>,
    meta: Option<&'a RawValue>,
}

/// An answer, taken apart in one go as far as it has something to be read.
#[derive(Deserialize)]
struct Outside<'a> {
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    status_message: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<Piece<'a, Data<'a>>>,
    #[serde(borrow, rename = "@meta")]
    meta: Option<&'a RawValue>,
}

/// What an answer says: of a list, or of a movie.
#[derive(Debug, Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    movie_count: Option<&'a RawValue>,
    #[serde(borrow)]
    movies: Option<Piece<'a>>,
    #[serde(borrow)]
    movie: Option<Piece<'a>>,
}

impl ListPage {
    /// Reads all movies, each understood or not.
    #[must_use]
    pub fn movies(&self) -> Vec<Result<ParsedMovie, BadMovie>> {
        self.entries.iter().map(Entry::read).collect()
    }
}

impl Entry {
    /// Returns the movie's id where it has a sensible one, without reading the rest.
    #[must_use]
    pub fn external_id(&self) -> Option<i32> {
        movie::listed_id(&self.0)
    }

    /// Reads the movie.
    pub fn read(&self) -> Result<ParsedMovie, BadMovie> {
        movie::read(&self.0)
    }

    /// Reads of the movie what is not known of it; what is known stands.
    pub fn fill_unknown(&self, movie: &mut Movie) -> Result<(), BadMovie> {
        movie::fill_unknown(&self.0, movie)
    }

    /// Reads of the movie what changes often, rating and torrents, as far as it is not known. Returns what could not be
    /// understood, and so is lost.
    pub fn fill_changing(&self, movie: &mut Movie) -> Result<Vec<String>, BadMovie> {
        movie::fill_changing(&self.0, movie)
    }
}

impl<'a> Envelope<'a> {
    /// Opens an answer. Only `status` is believed: the API's `status_message` varies, and carries notices at times.
    pub(super) fn open(answer: &'a Answer) -> Result<Self, Error> {
        let (url, head) = (|| answer.url.clone(), || head_of(&answer.body));
        let body = answer.body.trim_start_matches('\u{FEFF}').trim_start();
        // Some hosts send JSON and call it HTML, so the body's first character decides.
        if !body.starts_with('{') {
            let is_html = answer.is_html || body.starts_with('<');
            let (url, head) = (url(), head());
            return Err(if is_html { Error::Challenge { url, head } } else { Error::NotJson { url, head } });
        }
        let outside: Outside<'_> = serde_json::from_str(body).map_err(|error| Error::Json {
            url: url(),
            reason: error.to_string(),
            head: head(),
        })?;
        let Some(status) = outside.status else {
            return Err(Error::NotAnApi { url: url(), head: head() });
        };
        if status.get() != "\"ok\"" {
            let message = outside.status_message.and_then(|raw| decode(raw).ok()).unwrap_or_default();
            let status = head_of(status.get().trim_matches('"'));
            return Err(Error::NotOk { url: url(), status, message: head_of(&message) });
        }
        let unexpected = |reason: &str| Error::Shape { url: url(), reason: reason.to_owned(), head: head() };
        match outside.data {
            Some(Piece::Object(data)) => Ok(Self { answer, data, meta: outside.meta }),
            Some(Piece::List(_) | Piece::Other) => Err(unexpected("data is not an object")),
            None => Err(unexpected("no data")),
        }
    }

    /// Returns the notice of a move that a host about to close puts into its answers.
    pub(super) fn notice(&self) -> Option<Notice> {
        let meta = Fields::read(self.meta?.get()).ok()?;
        let migration = Fields::read(meta.raw("migration")?.get()).ok()?;
        let text = |name| migration.text(name).ok().flatten().map(|text| head_of(&text));
        let notice = Notice {
            message: text("message").unwrap_or_default(),
            old_base: text("old_base"),
            new_base: text("new_base"),
            sunset: text("sunset"),
        };
        (notice != Notice::default()).then_some(notice)
    }

    /// Reads the answer as a page of a list with `page_size` movies a page.
    ///
    /// The API leaves `movies` out where there are none; on a page that should have some, that is an error: it happens
    /// when the API is asked in bursts, and must not be taken for the end of the list.
    pub(super) fn list_page(self, page: u32, page_size: u32) -> Result<ListPage, Error> {
        let count = self.data.movie_count.map(|raw| Fields::of("movie_count", raw));
        let count = count.and_then(|count| count.integer("movie_count", 0..=i64::MAX));
        let movie_count =
            count.and_then(|count| u64::try_from(count).ok()).ok_or_else(|| self.unexpected("no movie_count"))?;
        if movie_count > MAX_MOVIE_COUNT {
            return Err(self.unexpected("movie_count out of range"));
        }
        let movies = match &self.data.movies {
            Some(Piece::List(List(Ok(movies)))) => movies.as_slice(),
            Some(Piece::List(List(Err(_)))) => return Err(self.unexpected("more movies than a page can have")),
            Some(Piece::Object(_) | Piece::Other) => return Err(self.unexpected("movies is not a list")),
            None => &[],
        };
        let last_page = movie_count.div_ceil(u64::from(page_size.max(1)));
        if movies.is_empty() && u64::from(page) <= last_page {
            return Err(Error::MissingMovies { url: self.answer.url.clone(), page, movie_count });
        }
        let entries = movies.iter().map(|&raw| Entry(raw.to_owned())).collect();
        Ok(ListPage { movie_count, entries })
    }

    /// Reads the answer as the details of the movie asked for. The API answers for a movie it does not know with
    /// status `ok` and id 0.
    pub(super) fn details(mut self, asked: i32) -> Result<ParsedMovie, Error> {
        let piece = self.data.movie.take().ok_or_else(|| self.unexpected("no movie"))?;
        let read = movie::read_piece(piece, &self.answer.body);
        let answered = match &read {
            Ok(parsed) => Some(parsed.movie.external_id.into()),
            Err(bad) => bad.external_id,
        };
        match answered {
            Some(0) => Err(Error::UnknownMovie { external_id: asked }),
            Some(answered) if answered != i64::from(asked) => {
                Err(Error::WrongMovie { url: self.answer.url.clone(), asked, answered })
            }
            _ => Ok(read?),
        }
    }

    fn unexpected(&self, reason: &str) -> Error {
        Error::Shape { url: self.answer.url.clone(), reason: reason.to_owned(), head: head_of(&self.answer.body) }
    }
}

#[cfg(test)]
mod tests;
