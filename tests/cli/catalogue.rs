//! A small catalogue for sources of one's own: its list pages and details, as the API words them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use url::Url;

use crate::source::{Answer, Source};

/// Movies in order of the list.
pub(crate) struct Catalogue(Vec<Value>);

impl Catalogue {
    /// Movies 1 to `count`, the newest first.
    pub(crate) fn new(count: u32) -> Self {
        Self((1..=count).rev().map(|id| movie(id, &format!("Movie {id}"))).collect())
    }

    /// A single movie.
    pub(crate) fn of(movie: Value) -> Self {
        Self(vec![movie])
    }

    /// Answers a request as the API would.
    pub(crate) fn answer(&self, target: &str) -> Answer {
        let url = Url::parse(&format!("http://source{target}")).expect("a target that makes a URL");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        if url.path().ends_with("list_movies.json") {
            return ok(&self.page(number("page").unwrap_or(1), number("limit").unwrap_or(20)));
        }
        let asked = number("movie_id").unwrap_or_default();
        let unknown = json!({"id": 0});
        let movie = self.0.iter().find(|movie| movie["id"] == json!(asked)).unwrap_or(&unknown);
        ok(&json!({ "movie": movie }))
    }

    /// Starts a source of these movies, and counts how often it is asked.
    pub(crate) fn counted(self) -> (Source, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let source = Source::start(move |target| {
            count.fetch_add(1, Ordering::SeqCst);
            self.answer(target)
        });
        (source, asked)
    }

    fn page(&self, page: usize, limit: usize) -> Value {
        let movies: Vec<&Value> = self.0.iter().skip((page - 1) * limit).take(limit).collect();
        json!({"movie_count": self.0.len(), "limit": limit, "page_number": page, "movies": movies})
    }
}

/// A movie of the API with little in it.
pub(crate) fn movie(id: u32, title: &str) -> Value {
    json!({
        "id": id, "title": title, "slug": format!("movie-{id}"), "year": 2020, "rating": 7.5, "genres": ["Drama"],
        "torrents": [{"hash": format!("{id:040X}"), "quality": "1080p", "type": "web", "seeds": 3, "peers": 1}],
    })
}

/// The number of the list page that a request asks for, if it asks for one.
pub(crate) fn list_page_of(target: &str) -> Option<u32> {
    let query = target.split_once("list_movies.json?")?.1;
    query.split('&').find_map(|pair| pair.strip_prefix("page="))?.parse().ok()
}

fn ok(data: &Value) -> Answer {
    let body = json!({"status": "ok", "status_message": "Query was successful", "data": data});
    Answer { status: 200, content_type: "application/json", body: body.to_string().into_bytes() }
}
