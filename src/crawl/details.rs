//! Details of movies: fetched all at once, with what failed about them, and told apart from a source that is gone.

use std::collections::HashSet;

use futures::StreamExt;

use super::listing::Listed;
use super::page::is_batch;
use super::worker::Worker;
use super::{Error, Shared};
use crate::api::{self, Entry, ListQuery};
use crate::movie::Movie;
use crate::store::{Failure, Lease};

/// Details that were fetched, and what failed about them.
#[derive(Default)]
pub(super) struct Fetched {
    pub(super) movies: Vec<Movie>,
    pub(super) failures: Vec<Failure>,
    pub(super) failed: u32,
    /// Failures to get the details of movies that the source says it does not have.
    unknown: Vec<Failure>,
}

impl Worker {
    /// Fetches the details of these movies, all at once as far as the client lets them go out. What they do not say, the
    /// list may.
    pub(super) async fn fetch_details(&self, movies: Vec<Listed>) -> Result<Fetched, Error> {
        let client = &self.shared.client;
        let count = movies.len().max(1);
        let answers =
            movies.into_iter().map(|listed| async move { (client.details(listed.external_id).await, listed) });
        let mut answers = futures::stream::iter(answers).buffer_unordered(count);
        let mut fetched = Fetched::default();
        let mut is_in_doubt = false;
        while let Some((answer, listed)) = answers.next().await {
            let external_id = i64::from(listed.external_id);
            match answer {
                Ok(parsed) => {
                    let mut movie = parsed.movie;
                    let bad = listed.entries.iter().filter_map(|entry| entry.fill_unknown(&mut movie).err());
                    let lost = bad.map(|bad| format!("in the list: {}", bad.reason)).chain(parsed.lost);
                    fetched.failures.extend(lost.map(|reason| lost_part(external_id, reason)));
                    fetched.movies.push(movie);
                }
                Err(error) if error.is_source_down() => return Err(Error::Source(error)),
                Err(error @ api::Error::UnknownMovie { .. }) => {
                    fetched.unknown.push(failure_of(Some(external_id), "details", &error));
                }
                Err(error) => {
                    tracing::warn!("movie {external_id}: {error}");
                    is_in_doubt |= error.is_transient();
                    fetched.failures.push(failure_of(Some(external_id), "details", &error));
                    fetched.failed += 1;
                }
            }
        }
        if is_in_doubt {
            self.make_sure_that_the_source_answers().await?;
        }
        Ok(fetched)
    }

    /// Looks again whether movies are listed that the source then said it does not have: one that was removed in
    /// between is no failure. Returns how many were.
    pub(super) async fn forget_those_gone(&self, lease: Lease, fetched: &mut Fetched) -> Result<u32, Error> {
        if fetched.unknown.is_empty() {
            return Ok(0);
        }
        if is_batch(lease) {
            // Of no list, so nothing else tells: they went since they failed.
            return Ok(u32::try_from(fetched.unknown.drain(..).count()).unwrap_or(u32::MAX));
        }
        let Shared { client, options, .. } = &self.shared;
        let listed_now: HashSet<i64> = match client.list(&options.query, lease.page.cast_unsigned()).await {
            Ok(page) => page.entries.iter().filter_map(Entry::external_id).map(i64::from).collect(),
            Err(error) if error.is_source_down() => return Err(Error::Source(error)),
            // It cannot be told, so they count as failed.
            Err(_) => fetched.unknown.iter().filter_map(|failure| failure.external_id).collect(),
        };
        let is_listed = |failure: &Failure| failure.external_id.is_some_and(|id| listed_now.contains(&id));
        let (listed, gone): (Vec<_>, Vec<_>) = fetched.unknown.drain(..).partition(is_listed);
        fetched.failed += u32::try_from(listed.len()).unwrap_or(u32::MAX);
        fetched.failures.extend(listed);
        Ok(u32::try_from(gone.len()).unwrap_or(u32::MAX))
    }

    /// Asks the smallest question there is, to tell a page or movie that can't be had from a source that is gone: what
    /// fails then is no failure of its own, and is due again.
    pub(super) async fn make_sure_that_the_source_answers(&self) -> Result<(), Error> {
        let smallest = ListQuery { limit: 1, ..ListQuery::default() };
        match self.shared.client.list(&smallest, 1).await {
            Err(error) if error.is_source_down() || error.is_transient() => Err(Error::Source(error)),
            // Any other answer is one.
            _ => Ok(()),
        }
    }
}

/// Returns the failure that it is to have lost a part of a movie.
pub(super) fn lost_part(external_id: i64, reason: String) -> Failure {
    Failure { external_id: Some(external_id), stage: "parse", reason, body_head: None }
}

/// Returns the failure that an error of the source is.
pub(super) fn failure_of(external_id: Option<i64>, stage: &'static str, error: &api::Error) -> Failure {
    let body_head = error.body_head().map(str::to_owned);
    Failure { external_id, stage, reason: error.to_string(), body_head }
}
