//! A list page, taken apart: each movie once, in the order of the page, and what could not be read.

use std::collections::HashMap;

use crate::api::{BadMovie, ListPage};
use crate::movie::Movie;
use crate::store::Failure;

/// A list page, taken apart: each movie once, in the order of the page.
pub(super) struct Listing {
    pub(super) movies: Vec<Movie>,
    pub(super) failures: Vec<Failure>,
    pub(super) failed: u32,
}

impl Listing {
    /// Returns a listing of movies of which only the ids are known.
    pub(super) fn of_batch(external_ids: Vec<i32>) -> Self {
        let movies = external_ids.into_iter().map(|external_id| Movie { external_id, ..Movie::default() });
        Self { movies: movies.collect(), failures: Vec::new(), failed: 0 }
    }
}

impl From<ListPage> for Listing {
    fn from(page: ListPage) -> Self {
        let mut listing = Self { movies: Vec::new(), failures: Vec::new(), failed: 0 };
        let mut places = HashMap::new();
        for entry in page.movies {
            match entry {
                Ok(parsed) => {
                    let place = *places.entry(parsed.movie.external_id).or_insert(listing.movies.len());
                    match listing.movies.get_mut(place) {
                        // The source lists a movie twice now and then; what one entry lacks, the other may have.
                        Some(movie) => movie.fill_from(parsed.movie),
                        None => listing.movies.push(parsed.movie),
                    }
                }
                Err(bad) => {
                    tracing::warn!("a movie of the list cannot be read: {}", bad.reason);
                    listing.failures.push(bad_movie(bad));
                    listing.failed += 1;
                }
            }
        }
        listing
    }
}

fn bad_movie(bad: BadMovie) -> Failure {
    Failure { external_id: bad.external_id, stage: "parse", reason: bad.reason, body_head: Some(bad.body_head) }
}
