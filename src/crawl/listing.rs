//! A list page, taken apart: each movie once, in the order of the page, and what could not be read.

use std::collections::HashMap;

use super::details::lost_part;
use crate::api::{BadMovie, Entry, ListPage};
use crate::movie::Movie;
use crate::store::Failure;

/// A list page, taken apart.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Each movie once, in the order of the page.
    pub(super) movies: Vec<Listed>,
    pub(super) failures: Vec<Failure>,
    pub(super) failed: u32,
}

/// A movie as it is listed, read only where that is needed.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) external_id: i32,
    /// What the list says of it. The source lists a movie twice now and then.
    pub(super) entries: Vec<Entry>,
}

impl Listing {
    /// Returns a listing of movies of which only the ids are known.
    pub(super) fn of_batch(external_ids: Vec<i32>) -> Self {
        let movies = external_ids.into_iter().map(|external_id| Listed { external_id, entries: Vec::new() });
        Self { movies: movies.collect(), ..Self::default() }
    }

    /// Iterates over the movies by the source's ids.
    pub(super) fn external_ids(&self) -> impl Iterator<Item = i32> {
        self.movies.iter().map(|movie| movie.external_id)
    }

    /// Reads what is listed of these movies that changes often. What one entry of a movie lacks, another may have.
    pub(super) fn changing(&mut self, listed: Vec<Listed>) -> Vec<Movie> {
        let mut movies = Vec::with_capacity(listed.len());
        for Listed { external_id, entries } in listed {
            let mut movie = Movie { external_id, ..Movie::default() };
            let mut is_understood = false;
            for entry in &entries {
                match entry.fill_changing(&mut movie) {
                    Ok(lost) => {
                        is_understood = true;
                        let in_list = lost.into_iter().map(|reason| format!("in the list: {reason}"));
                        self.failures.extend(in_list.map(|reason| lost_part(external_id.into(), reason)));
                    }
                    Err(bad) => self.fail(bad),
                }
            }
            movies.extend(is_understood.then_some(movie));
        }
        movies
    }

    /// Records a movie that cannot be read.
    fn fail(&mut self, bad: BadMovie) {
        tracing::warn!("a movie of the list cannot be read: {}", bad.reason);
        let BadMovie { external_id, reason, body_head } = bad;
        self.failures.push(Failure { external_id, stage: "parse", reason, body_head: Some(body_head) });
        self.failed += 1;
    }
}

impl From<ListPage> for Listing {
    fn from(page: ListPage) -> Self {
        let mut listing = Self::default();
        let mut places = HashMap::new();
        for entry in page.entries {
            let Some(external_id) = entry.external_id() else {
                // Without a sensible id it cannot be understood, so reading it tells why.
                entry.read().err().into_iter().for_each(|bad| listing.fail(bad));
                continue;
            };
            let place = *places.entry(external_id).or_insert(listing.movies.len());
            match listing.movies.get_mut(place) {
                Some(movie) => movie.entries.push(entry),
                None => listing.movies.push(Listed { external_id, entries: vec![entry] }),
            }
        }
        listing
    }
}
