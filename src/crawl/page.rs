//! What a worker does with a page: list it, look which movies are unknown, fetch their details, save it.

use std::collections::{HashMap, HashSet};

use futures::StreamExt;

use super::worker::Worker;
use super::{Error, Existing, Purpose, Shared, plan};
use crate::api::{self, BadMovie, ListPage, ListQuery};
use crate::movie::Movie;
use crate::store::{Failure, Known, Lease, PageReading, PageResult, Saved, Scope, Settled, retry};

/// A list page, taken apart: each movie once, in the order of the page.
struct Listing {
    movies: Vec<Movie>,
    failures: Vec<Failure>,
    failed: u32,
}

/// Details that were fetched, and what failed about them.
#[derive(Default)]
struct Fetched {
    movies: Vec<Movie>,
    failures: Vec<Failure>,
    failed: u32,
    /// Failures to get the details of movies that the source says it does not have.
    unknown: Vec<Failure>,
}

impl Worker {
    /// Deals with a page from the list to the commit.
    pub(super) async fn deal_with(&self, lease: Lease) -> Result<(), Error> {
        let Shared { options, store, .. } = &self.shared;
        let (listing, movie_count) = match self.read(lease).await? {
            Ok(read) => read,
            Err(error) if error.is_source_down() => return Err(Error::Source(error)),
            Err(error) => return self.give_up(lease, &error).await,
        };
        let external_ids: Vec<i32> = listing.movies.iter().map(|movie| movie.external_id).collect();
        let known = retry(options.patience, || async { store.known(&external_ids).await }).await?;
        if let Some(movie_count) = movie_count {
            self.extend_plan(lease, movie_count, self.is_trusted(&listing, &known)).await?;
        }
        let mut result = self.collect(lease, listing, known).await?;
        result.settled = self.settled_by(&result, &external_ids);
        result.reading = movie_count.map(|movie_count| PageReading {
            page: lease.page,
            pass: lease.pass,
            movie_count: i64::try_from(movie_count).unwrap_or(i64::MAX),
            external_ids,
        });
        let saved = retry(options.patience, || async { store.save_page(&result).await }).await?;
        tracing::debug!(
            "page {}: {} saved, {} skipped, {} failed",
            lease.page,
            saved.saved,
            saved.skipped,
            saved.failed
        );
        self.shared.counters.add(saved);
        Ok(())
    }

    /// Reads a list page, with the count of movies that the source gives, or a batch of movies that failed earlier.
    async fn read(&self, lease: Lease) -> Result<Result<(Listing, Option<u64>), api::Error>, Error> {
        let Shared { client, options, store, run, .. } = &self.shared;
        if is_batch(lease) {
            // What failed before may well fail again; without this, that would look like a source that never answers.
            self.make_sure_that_the_source_answers().await?;
            let external_ids = retry(options.patience, || async { store.batch(run.id, lease.page).await }).await?;
            return Ok(Ok((Listing::of_batch(external_ids), None)));
        }
        let listed = client.list(&options.query, lease.page.cast_unsigned()).await;
        Ok(listed.map(|page| {
            let movie_count = page.movie_count;
            (Listing::from(page), Some(movie_count))
        }))
    }

    /// Asks the smallest question there is, to tell a page or movie that can't be had from a source that is gone: what
    /// fails then is no failure of its own, and is due again.
    async fn make_sure_that_the_source_answers(&self) -> Result<(), Error> {
        let smallest = ListQuery { limit: 1, ..ListQuery::default() };
        match self.shared.client.list(&smallest, 1).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_source_down() || error.is_transient() => Err(Error::Source(error)),
            Err(_) => Ok(()),
        }
    }

    /// Records that a page can't be had.
    async fn give_up(&self, lease: Lease, error: &api::Error) -> Result<(), Error> {
        if error.is_transient() {
            self.make_sure_that_the_source_answers().await?;
        }
        tracing::warn!("page {}: {error}", lease.page);
        let store = &self.shared.store;
        let failure = failure_of(None, "list", error);
        retry(self.shared.options.patience, || async { store.fail_page(lease, failure.clone()).await }).await?;
        self.shared.counters.add(Saved::default());
        Ok(())
    }

    /// Returns what the page settles of earlier failures, if there are any: each of its movies but those that failed.
    fn settled_by(&self, result: &PageResult, external_ids: &[i32]) -> Option<Settled> {
        let scope = self.shared.open_failures_of.clone()?;
        let failed: HashSet<i64> = result.failures.iter().filter_map(|failure| failure.external_id).collect();
        let settled = external_ids.iter().copied().filter(|external_id| !failed.contains(&i64::from(*external_id)));
        Some(Settled { external_ids: settled.collect(), scope })
    }

    /// Says whether a page shows that everything older is known: each of its movies was, before the last complete run.
    fn is_trusted(&self, listing: &Listing, known: &Known) -> bool {
        let Some(trusted_until) = self.shared.trusted_until else { return false };
        let all_known = listing.failed == 0 && known.external_ids.len() == listing.movies.len();
        all_known && known.newest_at.is_some_and(|newest_at| newest_at <= trusted_until)
    }

    /// Makes the pages due that a list page tells of, and wakes the workers that wait for them.
    async fn extend_plan(&self, lease: Lease, movie_count: u64, is_trusted: bool) -> Result<(), Error> {
        let Shared { run, store, counters, options, pages_changed, trusted_until, .. } = &self.shared;
        if options.purpose == Purpose::RetryFailed {
            return Ok(());
        }
        let last_of_all = plan::last_page(run.start_page, run.max_pages, run.page_limit, movie_count);
        let last_page = match trusted_until {
            None => last_of_all,
            Some(_) if is_trusted => lease.page.cast_unsigned(),
            Some(_) => last_of_all.min(lease.page.cast_unsigned() + 1),
        };
        if counters.plan(last_page + 1 - run.start_page) {
            let movie_count = Some(movie_count);
            retry(options.patience, || async { store.plan_pages(run, last_page, movie_count).await }).await?;
            pages_changed.notify_waiters();
        }
        Ok(())
    }

    /// Sorts the movies of a page into new ones and updates, fetching the details that are needed.
    async fn collect(&self, lease: Lease, listing: Listing, known: Known) -> Result<PageResult, Error> {
        let Listing { movies, mut failures, mut failed } = listing;
        let (mut there, unknown): (Vec<Movie>, Vec<Movie>) =
            movies.into_iter().partition(|movie| known.external_ids.contains(&movie.external_id));
        if lease.is_read_again {
            // Those were dealt with when they were read first; only what had been missed counts.
            there.clear();
        }
        let listed = u32::try_from(there.len() + unknown.len()).unwrap_or(u32::MAX) + failed;
        let (to_fetch, updates, scope) = match self.shared.options.existing {
            Existing::Skip => (Vec::new(), Vec::new(), Scope::RatingAndTorrents),
            Existing::Update => (Vec::new(), there, Scope::RatingAndTorrents),
            Existing::Refetch => (there, Vec::new(), Scope::Everything),
        };
        let mut new = self.fetch_details(unknown).await?;
        let mut fetched = self.fetch_details(to_fetch).await?;
        let gone = self.forget_those_gone(lease, &mut new).await? + self.forget_those_gone(lease, &mut fetched).await?;
        let listed = listed - gone;
        failures.extend(new.failures.into_iter().chain(fetched.failures));
        failed += new.failed + fetched.failed;
        let updates = updates.into_iter().chain(fetched.movies).collect();
        Ok(PageResult {
            lease,
            reading: None,
            listed,
            new: new.movies,
            updates,
            scope,
            failures,
            failed,
            reappeared: known.disappeared,
            settled: None,
        })
    }

    /// Looks again whether movies are listed that the source then said it does not have: one that was removed in
    /// between is no failure. Returns how many were.
    async fn forget_those_gone(&self, lease: Lease, fetched: &mut Fetched) -> Result<u32, Error> {
        if fetched.unknown.is_empty() {
            return Ok(0);
        }
        if is_batch(lease) {
            // Of no list, so nothing else tells: they went since they failed.
            return Ok(u32::try_from(fetched.unknown.drain(..).count()).unwrap_or(u32::MAX));
        }
        let Shared { client, options, .. } = &self.shared;
        let listed_now: HashSet<i64> = match client.list(&options.query, lease.page.cast_unsigned()).await {
            Ok(page) => page.movies.iter().flatten().map(|parsed| parsed.movie.external_id.into()).collect(),
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

    /// Fetches the details of these movies, all at once as far as the client lets them go out.
    async fn fetch_details(&self, movies: Vec<Movie>) -> Result<Fetched, Error> {
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
                    movie.fill_from(listed);
                    fetched.movies.push(movie);
                    fetched.failures.extend(parsed.lost.into_iter().map(|reason| lost_part(external_id, reason)));
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
}

impl Listing {
    /// Returns a listing of movies of which only the ids are known.
    fn of_batch(external_ids: Vec<i32>) -> Self {
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

/// Says whether the lease is on a batch of movies that failed earlier, not on a list page.
fn is_batch(lease: Lease) -> bool {
    lease.page < 0
}

fn bad_movie(bad: BadMovie) -> Failure {
    Failure { external_id: bad.external_id, stage: "parse", reason: bad.reason, body_head: Some(bad.body_head) }
}

fn lost_part(external_id: i64, reason: String) -> Failure {
    Failure { external_id: Some(external_id), stage: "parse", reason, body_head: None }
}

fn failure_of(external_id: Option<i64>, stage: &'static str, error: &api::Error) -> Failure {
    let body_head = error.body_head().map(str::to_owned);
    Failure { external_id, stage, reason: error.to_string(), body_head }
}
