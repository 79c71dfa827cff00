//! The endpoints of the demo API: which one a target means, and the body of its answer.
//! Faults, throttling and counting are in `service`; the JSON of a movie is in `render`.

use std::io::Write as _;

use super::query::{ListQuery, Page, parameter};
use super::render::{Extras, UNKNOWN_MOVIE, close_envelope, open_envelope};
use super::stock::{Entry, Stock};

/// The path all endpoints are under.
pub(super) const BASE_PATH: &str = "/api/v2/";

/// How many movies are suggested.
const SUGGESTIONS: usize = 4;

const NOT_FOUND: &[u8] =
    br#"{"status":"error","status_message":"Endpoint does not exist","data":{},"@meta":{"api_version":2}}"#;

/// An endpoint with the query part of the request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Endpoint<'a> {
    List(&'a str),
    Details(&'a str),
    Suggestions(&'a str),
    Unknown,
}

impl<'a> Endpoint<'a> {
    /// Returns the endpoint that a target, a path and perhaps a query, leads to.
    pub(super) fn of(target: &'a str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path.strip_prefix(BASE_PATH) {
            Some("list_movies.json") => Self::List(query),
            Some("movie_details.json") => Self::Details(query),
            Some("movie_suggestions.json") => Self::Suggestions(query),
            _ => Self::Unknown,
        }
    }

    /// Writes the answer's body and returns its status.
    pub(super) fn write(self, stock: &Stock, body: &mut Vec<u8>) -> u16 {
        match self {
            Self::List(query) => {
                let query = ListQuery::parse(query);
                let page = query.select(stock);
                write_list(stock, &query, &page, body);
            }
            Self::Details(query) => write_details(stock, query, body),
            Self::Suggestions(query) => write_suggestions(stock, query, body),
            Self::Unknown => {
                body.extend_from_slice(NOT_FOUND);
                return 404;
            }
        }
        200
    }

    /// Writes a list answer that counts movies but has none; false where that is no fault, as the page has none or is
    /// no list.
    pub(super) fn write_without_movies(self, stock: &Stock, body: &mut Vec<u8>) -> bool {
        let Self::List(query) = self else { return false };
        let query = ListQuery::parse(query);
        let page = query.select(stock);
        if page.indexes.is_empty() {
            return false;
        }
        write_list(stock, &query, &Page { indexes: Vec::new(), ..page }, body);
        true
    }
}

fn write_list(stock: &Stock, query: &ListQuery, page: &Page, body: &mut Vec<u8>) {
    open_envelope(body);
    // Writing to memory cannot fail.
    let _ =
        write!(body, r#"{{"movie_count":{},"limit":{},"page_number":{}"#, page.movie_count, query.limit, query.page);
    if !page.indexes.is_empty() {
        body.push(b',');
        write_movies(page.indexes.iter().map(|&index| stock.entry(index)), body);
    }
    body.push(b'}');
    close_envelope(body);
}

fn write_movies<'a>(entries: impl Iterator<Item = &'a Entry>, body: &mut Vec<u8>) {
    body.extend_from_slice(br#""movies":["#);
    for (number, entry) in entries.enumerate() {
        if number > 0 {
            body.push(b',');
        }
        entry.rendered.write_listed(body);
    }
    body.push(b']');
}

fn write_details(stock: &Stock, query: &str, body: &mut Vec<u8>) {
    let entry = match parameter(query, "movie_id") {
        Some(id) => id.parse().ok().and_then(|id| stock.find(id)),
        None => parameter(query, "imdb_id").and_then(|code| stock.find_by_imdb_code(&code)),
    };
    open_envelope(body);
    match entry {
        Some(entry) => {
            let is_set = |name| parameter(query, name).is_some_and(|value| value == "true" || value == "1");
            let extras = Extras { images: is_set("with_images"), cast: is_set("with_cast") };
            entry.rendered.write_details(extras, body);
        }
        None => body.extend_from_slice(UNKNOWN_MOVIE.as_bytes()),
    }
    close_envelope(body);
}

/// Writes movies that follow from the id, known or not, since the API always suggests some.
fn write_suggestions(stock: &Stock, query: &str, body: &mut Vec<u8>) {
    let id = parameter(query, "movie_id").and_then(|id| id.parse::<usize>().ok()).unwrap_or_default();
    let listed = stock.listed();
    let start = id.checked_rem(listed.len()).unwrap_or_default();
    let suggested = listed[start..].iter().chain(&listed[..start]).take(SUGGESTIONS);
    open_envelope(body);
    // Writing to memory cannot fail.
    let _ = write!(body, r#"{{"movie_count":{},"#, SUGGESTIONS.min(listed.len()));
    write_movies(suggested.map(|&index| stock.entry(index)), body);
    body.push(b'}');
    close_envelope(body);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn ask(stock: &Stock, target: &str) -> Value {
        let mut body = Vec::new();
        Endpoint::of(target).write(stock, &mut body);
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn an_empty_page_has_no_movies_key() {
        let stock = Stock::new(1, 30);
        let data = ask(&stock, "/api/v2/list_movies.json?limit=20&page=3")["data"].clone();
        assert_eq!(data, serde_json::json!({"movie_count": 30, "limit": 20, "page_number": 3}));
        assert_eq!(
            ask(&stock, "/api/v2/list_movies.json?limit=20&page=2")["data"]["movies"].as_array().unwrap().len(),
            10
        );
    }

    #[test]
    fn an_unknown_id_is_answered_by_movie_zero() {
        let answer = ask(&Stock::new(1, 30), "/api/v2/movie_details.json?movie_id=999999&with_cast=true");
        assert_eq!((&answer["status"], &answer["data"]["movie"]["id"]), (&"ok".into(), &0.into()));
    }

    #[test]
    fn details_are_found_by_id_and_by_imdb_code() {
        let stock = Stock::new(1, 30);
        let entry = stock.entry(12);
        let by_id = ask(&stock, &format!("/api/v2/movie_details.json?movie_id={}", entry.id));
        let by_code = ask(&stock, &format!("/api/v2/movie_details.json?imdb_id={}", entry.imdb_code));
        assert_eq!(by_id["data"]["movie"]["id"], entry.id);
        assert_eq!(by_id, by_code);
    }

    #[test]
    fn a_removed_movie_is_in_neither_list_nor_details() {
        let mut stock = Stock::new(1, 30);
        let before = stock.listed().to_vec();
        stock.remove_one();
        let gone = before.iter().find(|index| !stock.listed().contains(index)).unwrap();
        let target = format!("/api/v2/movie_details.json?movie_id={}", stock.entry(*gone).id);
        assert_eq!(ask(&stock, &target)["data"]["movie"]["id"], 0);
        assert_eq!(ask(&stock, "/api/v2/list_movies.json")["data"]["movie_count"], 29);
    }

    #[test]
    fn four_movies_are_suggested() {
        let answer = ask(&Stock::new(1, 30), "/api/v2/movie_suggestions.json?movie_id=29");
        assert_eq!(answer["data"]["movies"].as_array().unwrap().len(), 4);
    }
}
