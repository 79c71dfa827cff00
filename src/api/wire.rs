//! What the API's answers look like from the outside: the envelope, and what a page or a details answer must hold to
//! be believed.
//!
//! Movies are read in [`movie`], what hangs on them in [`rows`], single fields in [`fields`]. Everything below the
//! envelope is first taken as a raw piece of JSON, unread, so that one bad movie fails alone.

mod bounded;
mod fields;
mod movie;
mod rows;

use serde_json::value::RawValue;

use self::fields::{Fields, ListProblem};
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
    data: Fields<'a>,
    meta: Option<&'a RawValue>,
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

    /// Reads of the movie what changes often: rating and torrents. The rest is unknown in what is returned.
    pub fn read_changing(&self) -> Result<ParsedMovie, BadMovie> {
        movie::read_changing(&self.0)
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
        let envelope = Fields::read(body).map_err(|reason| Error::Json { url: url(), reason, head: head() })?;
        let Some(status) = envelope.raw("status") else {
            return Err(Error::NotAnApi { url: url(), head: head() });
        };
        if status.get() != "\"ok\"" {
            let message = envelope.text("status_message").ok().flatten().unwrap_or_default();
            let status = head_of(status.get().trim_matches('"'));
            return Err(Error::NotOk { url: url(), status, message: head_of(&message) });
        }
        let unexpected = |reason| Error::Shape { url: url(), reason, head: head() };
        let data = envelope.raw("data").ok_or_else(|| unexpected("no data".to_owned()))?;
        let data = Fields::read(data.get()).map_err(|reason| unexpected(format!("data: {reason}")))?;
        Ok(Self { answer, data, meta: envelope.raw("@meta") })
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
    pub(super) fn list_page(&self, page: u32, page_size: u32) -> Result<ListPage, Error> {
        let count = self.data.integer("movie_count", 0..=i64::MAX).and_then(|count| u64::try_from(count).ok());
        let movie_count = count.ok_or_else(|| self.unexpected("no movie_count"))?;
        if movie_count > MAX_MOVIE_COUNT {
            return Err(self.unexpected("movie_count out of range"));
        }
        let movies = self.data.list("movies").map_err(|problem| match problem {
            ListProblem::NotAList => self.unexpected("movies is not a list"),
            ListProblem::TooLong => self.unexpected("more movies than a page can have"),
        })?;
        let last_page = movie_count.div_ceil(u64::from(page_size.max(1)));
        if movies.is_empty() && u64::from(page) <= last_page {
            return Err(Error::MissingMovies { url: self.answer.url.clone(), page, movie_count });
        }
        Ok(ListPage { movie_count, entries: movies.into_iter().map(|raw| Entry(raw.to_owned())).collect() })
    }

    /// Reads the answer as the details of the movie asked for. The API answers for a movie it does not know with
    /// status `ok` and id 0.
    pub(super) fn details(&self, asked: i32) -> Result<ParsedMovie, Error> {
        let raw = self.data.raw("movie").ok_or_else(|| self.unexpected("no movie"))?;
        let read = movie::read(raw);
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
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer { url: "http://a/x.json".to_owned(), is_html: false, body: body.to_owned() }
    }

    fn page(data: &str, page: u32) -> Result<ListPage, Error> {
        Envelope::open(&answer(&format!(r#"{{"status":"ok","data":{data}}}"#)))?.list_page(page, 20)
    }

    fn details(data: &str) -> Result<ParsedMovie, Error> {
        Envelope::open(&answer(&format!(r#"{{"status":"ok","data":{data}}}"#)))?.details(7)
    }

    fn refusal(body: &str) -> &'static str {
        Envelope::open(&answer(body)).unwrap_err().kind()
    }

    #[test]
    fn names_whatever_is_no_answer_of_the_api() {
        assert_eq!(refusal("<!DOCTYPE html><title>Just a moment...</title>"), "challenge");
        assert_eq!(refusal(""), "not-json");
        assert_eq!(refusal("Moved"), "not-json");
        assert_eq!(refusal("[1,2]"), "not-json");
        assert_eq!(refusal(r#"{"message":"welcome to the clone"}"#), "not-an-api");
        assert_eq!(refusal(r#"{"status":"error","status_message":"no"}"#), "not-ok");
        assert_eq!(refusal(r#"{"status":null}"#), "not-an-api");
        assert_eq!(refusal(r#"{"status":"ok"}"#), "shape");
        assert_eq!(refusal(r#"{"status":"ok","data":[]}"#), "shape");
        assert_eq!(refusal(r#"{"status":"ok","data":{"movies":[{"id":1}"#), "json");
        assert_eq!(refusal(r#"{"status":"ok","data":{}} trailing"#), "json");
    }

    #[test]
    fn html_by_its_header_is_believed_unless_it_is_json() {
        let html = |body: &str| Answer { is_html: true, ..answer(body) };
        assert_eq!(Envelope::open(&html("Please wait")).unwrap_err().kind(), "challenge");
        assert!(Envelope::open(&html(r#"{"status":"ok","data":{}}"#)).is_ok());
    }

    #[test]
    fn says_where_json_breaks_off_and_how_it_began() {
        let error = Envelope::open(&answer("{\"status\":\"ok\",\n\"data\":")).unwrap_err();
        assert!(error.to_string().contains("line 2 column 7"), "{error}");
        assert!(error.body_head().unwrap().starts_with("{\"status\""));
        assert!(error.is_transient());
    }

    #[test]
    fn an_empty_page_is_an_end_only_where_an_end_can_be() {
        assert_eq!(page(r#"{"movie_count":0}"#, 1).unwrap().entries.len(), 0);
        assert_eq!(page(r#"{"movie_count":40}"#, 3).unwrap().movie_count, 40);
        for data in
            [r#"{"movie_count":41}"#, r#"{"movie_count":"41","movies":null}"#, r#"{"movie_count":41,"movies":[]}"#]
        {
            assert_eq!(page(data, 3).unwrap_err().kind(), "missing-movies", "{data}");
        }
    }

    #[test]
    fn a_page_without_a_count_or_with_other_movies_is_unexpected() {
        for data in ["{}", r#"{"movie_count":-1}"#, r#"{"movie_count":1,"movies":{}}"#] {
            assert_eq!(page(data, 1).unwrap_err().kind(), "shape", "{data}");
        }
        let endless = format!(r#"{{"movie_count":1,"movies":[{}0]}}"#, "0,".repeat(1_000_000));
        assert_eq!(page(&endless, 1).unwrap_err().kind(), "shape");
    }

    #[test]
    fn a_count_that_no_catalogue_has_is_not_believed() {
        let count = |count: u64| page(&format!(r#"{{"movie_count":{count},"movies":[{{"id":1}}]}}"#), 1);
        assert_eq!(count(MAX_MOVIE_COUNT).unwrap().movie_count, MAX_MOVIE_COUNT);
        let refusals = [MAX_MOVIE_COUNT + 1, 1 << 62].map(|absurd| count(absurd).unwrap_err().to_string());
        assert!(refusals.iter().all(|error| error.contains("movie_count out of range")), "{refusals:?}");
    }

    #[test]
    fn one_bad_movie_fails_alone() {
        let data = r#"{"movie_count":4,"movies":[{"id":1,"title":"One"},{"id":0},"what",{"id":4,"title":"\ud800"}]}"#;
        let movies = page(data, 1).unwrap().movies();
        assert_eq!(movies[0].as_ref().unwrap().movie.title.as_deref(), Some("One"));
        let bad: Vec<_> = movies.into_iter().filter_map(Result::err).collect();
        assert_eq!(bad.iter().map(|bad| bad.external_id).collect::<Vec<_>>(), [Some(0), None, Some(4)]);
        assert_eq!(bad[1].body_head, "\"what\"");
        assert_eq!(bad[0].to_string(), "movie 0: id 0 is not between 1 and 2147483647");
    }

    #[test]
    fn details_must_be_of_the_movie_asked_for() {
        assert_eq!(details(r#"{"movie":{"id":7,"title":"Seven"}}"#).unwrap().movie.external_id, 7);
        let unknown = details(r#"{"movie":{"id":0,"title":null}}"#).unwrap_err();
        assert!(matches!(unknown, Error::UnknownMovie { external_id: 7 }));
        assert_eq!(details(r#"{"movie":{"id":8}}"#).unwrap_err().kind(), "wrong-movie");
        assert_eq!(details(r#"{"movie":{}}"#).unwrap_err().kind(), "bad-movie");
        assert_eq!(details("{}").unwrap_err().kind(), "shape");
    }

    #[test]
    fn shows_the_notice_of_a_move() {
        let body = r#"{"status":"ok","data":{},"@meta":{"api_version":2,"migration":
            {"message":"We move","new_base":"https:\/\/new.example\/api","sunset":"2027-01-01"}}}"#;
        let notice = Envelope::open(&answer(body)).unwrap().notice().unwrap();
        assert_eq!((notice.message.as_str(), notice.old_base), ("We move", None));
        assert_eq!(notice.new_base.as_deref(), Some("https://new.example/api"));
        assert_eq!(Envelope::open(&answer(r#"{"status":"ok","data":{},"@meta":{}}"#)).unwrap().notice(), None);
    }

    #[test]
    fn deep_nesting_overflows_no_stack() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let data = format!(r#"{{"movie_count":1,"movies":[{{"id":1,"title":{0},"x":{0}}}]}}"#, deep(1_000_000));
        assert_eq!(page(&data, 1).unwrap().movies()[0].as_ref().unwrap().movie.title, None);
        assert_eq!(refusal(&format!(r#"{{"status":{}"#, "[".repeat(1_000_000))), "json");
    }
}
