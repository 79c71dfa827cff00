//! Searching: what is found, in which order, and that it follows every change, the same on both databases.
//!
//! Here is how the tests ask; the movies that they ask for are in `plots`.

mod changes;
mod documents;
mod filters;
mod hostile;
mod likeness;
mod plots;
mod words;

use yts_ingest::search::{Catalogue, Mode, Query};

fn query(text: &str, mode: Mode) -> Query {
    Query { text: text.to_owned(), mode, limit: 5, ..Query::default() }
}

async fn ids(catalogue: &Catalogue, query: &Query) -> Vec<i32> {
    let answer = catalogue.search(query).await.unwrap_or_else(|error| panic!("{query:?}: {error}"));
    answer.hits.iter().map(|hit| hit.movie.id).collect()
}

async fn first(catalogue: &Catalogue, text: &str) -> Option<i32> {
    let by_text = ids(catalogue, &query(text, Mode::Text)).await.first().copied();
    let by_both = ids(catalogue, &query(text, Mode::Hybrid)).await.first().copied();
    assert_eq!(by_text, by_both, "{text}");
    by_text
}
