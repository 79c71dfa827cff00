//! What a worker does with pages: list them, look which movies are unknown, fetch their details, save them.

use std::collections::HashSet;

use futures::future::try_join_all;
use tokio::sync::oneshot;

use super::coverage::seen;
use super::details::failure_of;
use super::listing::{Listed, Listing};
use super::worker::Worker;
use super::{Error, Existing, Purpose, Shared, plan};
use crate::api;
use crate::movie::Movie;
use crate::store::{self, Failure, Known, Lease, PageReading, PageResult, Saved, Scope, Settled, retry};

/// A page that was read.
struct Read {
    lease: Lease,
    listing: Listing,
    /// What the page held; none where it is a batch of movies that failed earlier.
    reading: Option<PageReading>,
}

/// A page's movies, told apart by what is to be done about them.
struct Sorted {
    lease: Lease,
    reading: Option<PageReading>,
    /// Distinct movies that could be read.
    listed: usize,
    unknown: Vec<Listed>,
    /// Those that are there and whose details are asked for again.
    to_fetch: Vec<Listed>,
    /// Those that are there, as far as the list tells of them.
    updates: Vec<Movie>,
    reappeared: Vec<i32>,
    failures: Vec<Failure>,
    failed: u32,
}

impl Worker {
    /// Deals with pages from the list to the commit.
    pub(super) async fn deal_with(&self, leases: &[Lease]) -> Result<(), Error> {
        let Shared { options, store, .. } = &self.shared;
        let read = try_join_all(leases.iter().map(|lease| self.read_or_give_up(*lease))).await?;
        let read: Vec<Read> = read.into_iter().flatten().collect();
        let external_ids: Vec<i32> = read.iter().flat_map(|page| page.listing.external_ids()).collect();
        let known = retry(options.patience, || async { store.known(&external_ids).await }).await?;
        for page in &read {
            self.extend_plan(page).await?;
        }
        let mut sorted = Vec::with_capacity(read.len());
        for page in read {
            sorted.push(self.sort(page, &known).await?);
        }
        self.drop_unchanged(&mut sorted).await?;
        let mut unsaved = Vec::with_capacity(sorted.len());
        let mut asked = HashSet::new();
        for mut page in sorted {
            self.drop_those_saved_since(&mut page.unknown, &mut asked).await?;
            let result = self.collect(page).await?;
            let has_details = !result.new.is_empty() || result.scope == Scope::Everything;
            unsaved.push(self.hand_over(result).await);
            if has_details {
                // So that a crash costs the details of one page a worker, however many pages it took.
                wait_until_saved(&mut unsaved).await;
            }
        }
        wait_until_saved(&mut unsaved).await;
        Ok(())
    }

    /// Reads a page, or records that it can't be had.
    async fn read_or_give_up(&self, lease: Lease) -> Result<Option<Read>, Error> {
        match self.read(lease).await? {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.is_source_down() => Err(Error::Source(error)),
            Err(error) => self.give_up(lease, &error).await.map(|()| None),
        }
    }

    /// Reads a list page, or a batch of movies that failed earlier.
    async fn read(&self, lease: Lease) -> Result<Result<Read, api::Error>, Error> {
        let Shared { client, options, store, run, .. } = &self.shared;
        if is_batch(lease) {
            // What failed before may well fail again; without this, that would look like a source that never answers.
            self.make_sure_that_the_source_answers().await?;
            let external_ids = retry(options.patience, || async { store.batch(run.id, lease.page).await }).await?;
            return Ok(Ok(Read { lease, listing: Listing::of_batch(external_ids), reading: None }));
        }
        let listed = client.list(&options.query, lease.page.cast_unsigned()).await;
        Ok(listed.map(|page| {
            let movie_count = i64::try_from(page.movie_count).unwrap_or(i64::MAX);
            let listing = Listing::from(page);
            let external_ids = listing.external_ids().collect();
            let reading = PageReading { page: lease.page, pass: lease.pass, movie_count, external_ids };
            Read { lease, listing, reading: Some(reading) }
        }))
    }

    /// Records that a page can't be had.
    async fn give_up(&self, lease: Lease, error: &api::Error) -> Result<(), Error> {
        if error.is_transient() {
            self.make_sure_that_the_source_answers().await?;
        }
        tracing::warn!("page {}: {error}", lease.page);
        let store = &self.shared.store;
        let failure = failure_of(None, "list", error);
        match retry(self.shared.options.patience, || async { store.fail_page(lease, failure.clone()).await }).await {
            Err(error @ store::Error::LeaseLost { .. }) => tracing::warn!("{error}"),
            given_up => {
                given_up?;
                self.shared.counters.add(Saved::default());
            }
        }
        Ok(())
    }

    /// Returns what the page settles of earlier failures, if there are any: the movies whose details were asked for, but
    /// those that failed.
    fn settled_by(&self, asked: Vec<i32>, failures: &[Failure]) -> Option<Settled> {
        let scope = self.shared.open_failures_of.clone()?;
        let failed: HashSet<i64> = failures.iter().filter_map(|failure| failure.external_id).collect();
        let settled = asked.into_iter().filter(|external_id| !failed.contains(&i64::from(*external_id)));
        let list = plan::list(&self.shared.options);
        Some(Settled { external_ids: settled.collect(), scope, list })
    }

    /// Drops the movies that were dealt with when this run read them first; those that move about while the list is read
    /// may come up later only. What is left alone anyway needs no look.
    async fn drop_those_dealt_with(&self, listed: &mut Vec<Listed>) -> Result<(), Error> {
        let Shared { options, store, run, .. } = &self.shared;
        if options.existing == Existing::Skip || listed.is_empty() {
            listed.clear();
            return Ok(());
        }
        let read = async || {
            let readings = retry(options.patience, || async { store.readings(run.id).await }).await?;
            Ok::<_, Error>(seen(&readings))
        };
        let seen = self.seen_before.get_or_try_init(read).await?;
        listed.retain(|movie| seen.binary_search(&movie.external_id).is_err());
        Ok(())
    }

    /// Drops the movies that were unknown when the page was read, and saved since with another page that was read together
    /// with it: where a list shifts, two may have the same. `asked` are those of the pages before it.
    async fn drop_those_saved_since(&self, unknown: &mut Vec<Listed>, asked: &mut HashSet<i32>) -> Result<(), Error> {
        let Shared { options, store, .. } = &self.shared;
        let again = unknown.iter().map(|movie| movie.external_id).filter(|external_id| !asked.insert(*external_id));
        let again: Vec<i32> = again.collect();
        if !again.is_empty() {
            // Not by heart: the other page may have passed to another process, which may find the movie there no more.
            let known = retry(options.patience, || async { store.known(&again).await }).await?;
            unknown.retain(|movie| !known.external_ids.contains(&movie.external_id));
        }
        Ok(())
    }

    /// Says whether a page shows that everything older is known: each of its movies was, before the last complete run.
    async fn is_trusted(&self, listing: &Listing) -> Result<bool, Error> {
        let Shared { options, store, trusted_until, .. } = &self.shared;
        let Some(trusted_until) = *trusted_until else { return Ok(false) };
        if listing.failed > 0 || listing.movies.is_empty() {
            return Ok(false);
        }
        let external_ids: Vec<i32> = listing.external_ids().collect();
        Ok(retry(options.patience, || async { store.were_saved_by(&external_ids, trusted_until).await }).await?)
    }

    /// Makes the pages due that a list page tells of, and wakes the workers that wait for them.
    async fn extend_plan(&self, page: &Read) -> Result<(), Error> {
        let Shared { run, store, counters, options, pages_changed, trusted_until, .. } = &self.shared;
        let Some(reading) = &page.reading else { return Ok(()) };
        if options.purpose == Purpose::RetryFailed {
            return Ok(());
        }
        let last_of_all =
            plan::last_page(run.start_page, run.max_pages, run.page_limit, reading.movie_count.cast_unsigned());
        let this_page = page.lease.page.cast_unsigned();
        let last_page = match trusted_until {
            None => last_of_all,
            Some(_) if self.is_trusted(&page.listing).await? => this_page,
            Some(_) => last_of_all.min(this_page + 1),
        };
        if counters.plan(last_page - run.start_page + 1) {
            retry(options.patience, || async { store.plan_pages(run, last_page, Some(reading)).await }).await?;
            pages_changed.notify_waiters();
        }
        Ok(())
    }

    /// Sorts the movies of a page by what is to be done about them.
    async fn sort(&self, page: Read, known: &Known) -> Result<Sorted, Error> {
        let Read { lease, mut listing, reading } = page;
        let reappeared = listing.external_ids().filter(|id| known.disappeared.contains(id)).collect();
        let movies = std::mem::take(&mut listing.movies);
        let (mut there, unknown): (Vec<Listed>, Vec<Listed>) =
            movies.into_iter().partition(|movie| known.external_ids.contains(&movie.external_id));
        if lease.is_read_again {
            self.drop_those_dealt_with(&mut there).await?;
        }
        let mut listed = unknown.len() + there.len();
        // What failed is asked for again, be the movie there or not.
        let existing = if is_batch(lease) { Existing::Refetch } else { self.shared.options.existing };
        let (to_fetch, updates) = match existing {
            Existing::Skip => (Vec::new(), Vec::new()),
            Existing::Update => {
                listed -= there.len();
                let updates = listing.changing(there);
                listed += updates.len();
                (Vec::new(), updates)
            }
            Existing::Refetch => (there, Vec::new()),
        };
        let Listing { failures, failed, .. } = listing;
        Ok(Sorted { lease, reading, listed, unknown, to_fetch, updates, reappeared, failures, failed })
    }

    /// Drops the updates that would change nothing.
    async fn drop_unchanged(&self, pages: &mut [Sorted]) -> Result<(), Error> {
        let Shared { options, store, .. } = &self.shared;
        let updates: Vec<&Movie> = pages.iter().flat_map(|page| &page.updates).collect();
        let up_to_date = retry(options.patience, || async { store.up_to_date(&updates).await }).await?;
        for page in pages {
            page.updates.retain(|movie| !up_to_date.contains(&movie.external_id));
        }
        Ok(())
    }

    /// Fetches the details that a page needs and puts together what is to be saved of it.
    async fn collect(&self, page: Sorted) -> Result<PageResult, Error> {
        let Sorted { lease, reading, listed, unknown, to_fetch, mut updates, reappeared, mut failures, mut failed } =
            page;
        let listed = u32::try_from(listed).unwrap_or(u32::MAX) + failed;
        let scope = if to_fetch.is_empty() { Scope::RatingAndTorrents } else { Scope::Everything };
        let asked = unknown.iter().chain(&to_fetch).map(|movie| movie.external_id).collect();
        let mut new = self.fetch_details(unknown).await?;
        let mut fetched = self.fetch_details(to_fetch).await?;
        let gone = self.forget_those_gone(lease, &mut new).await? + self.forget_those_gone(lease, &mut fetched).await?;
        failures.extend(new.failures.into_iter().chain(fetched.failures));
        failed += new.failed + fetched.failed;
        let vectors = self.vectors_of(&new.movies, &fetched.movies).await?;
        updates.extend(fetched.movies);
        Ok(PageResult {
            lease,
            reading,
            listed: listed - gone,
            vectors,
            new: new.movies,
            updates,
            scope,
            settled: self.settled_by(asked, &failures),
            failures,
            failed,
            reappeared,
        })
    }
}

/// Says whether the lease is on a batch of movies that failed earlier, not on a list page.
pub(super) fn is_batch(lease: Lease) -> bool {
    lease.page < 0
}

/// Waits until pages that were handed over are saved; for ever where that fails, for then this worker is stopped.
async fn wait_until_saved(unsaved: &mut Vec<oneshot::Receiver<()>>) {
    for is_saved in unsaved.drain(..) {
        if is_saved.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
