//! Saves a page: a table of contents. Each table's rows are built and written in the file that bears its name.
//!
//! Everything of a page commits in one transaction together with the mark that the page is done. Pages of new
//! movies write the tables in one order, keys sorted within them, so that they wait for each other but not in a circle.
//! Beside pages of updates there can be one: the database then ends a transaction, and the page is saved again.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;

use super::casts::Portrait;
use super::links::LinkedIds;
use super::{
    Error, Failure, Lease, PageReading, Scope, Settled, Store, Vector, casts, changes, coverage, dialect, failures,
    genres, links, lookups, movies, retries, torrents, unchanged, vectors,
};
use crate::movie::Movie;

/// What came of a page, to be saved.
#[derive(Clone, Debug)]
pub struct PageResult {
    /// The right to save it.
    pub lease: Lease,
    /// What the list page held, where one was read.
    pub reading: Option<PageReading>,
    /// Distinct movies on the page, including those that failed.
    pub listed: u32,
    /// Movies that are not in the database.
    pub new: Vec<Movie>,
    /// Vectors of new movies, and of those whose text changes, by the source's ids; one that is missing is pending.
    pub vectors: HashMap<i32, Vector>,
    /// Movies that are, to be brought up to date.
    pub updates: Vec<Movie>,
    /// How much of them to bring up to date.
    pub scope: Scope,
    /// What failed.
    pub failures: Vec<Failure>,
    /// How many movies failed.
    pub failed: u32,
    /// Movies that were thought to have disappeared from the source, by its ids.
    pub reappeared: Vec<i32>,
    /// Earlier failures that the page settles, where there are any.
    pub settled: Option<Settled>,
}

/// The figures of a saved page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Distinct movies on the page.
    pub listed: u32,
    /// Saved new.
    pub saved: u32,
    /// Changed.
    pub updated: u32,
    /// Left as they were.
    pub skipped: u32,
    /// Failed.
    pub failed: u32,
}

/// The circumstances under which movies are saved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saving {
    /// The run, for the history of changes.
    pub(super) run_id: Option<i64>,
    /// The database's time.
    pub(super) now: DateTime<Utc>,
}

/// Movies to be saved in one go.
#[derive(Clone, Copy, Debug)]
struct Batch<'a> {
    new: &'a [Movie],
    vectors: Option<&'a HashMap<i32, Vector>>,
    updates: &'a [&'a Movie],
    scope: Scope,
    run_id: Option<i64>,
}

impl Store {
    /// Saves a page: its movies, their relations, its failures and the mark that it is done, or nothing of it.
    ///
    /// A movie that the database refuses is recorded as a failure; the others of its page are saved. Where the answer to a
    /// commit was lost, the same may be asked again: what was committed is not committed twice.
    pub async fn save_page(&self, page: &PageResult) -> Result<Saved, Error> {
        let mut result = self.try_save_page(page).await;
        if result.as_ref().is_err_and(Error::is_about_data) {
            let accepted = self.without_refused(page).await?;
            result = self.try_save_page(&accepted).await;
        }
        match result {
            Err(Error::SavedBefore { .. }) => self.figures_of(page.lease).await,
            result => result,
        }
    }

    async fn try_save_page(&self, page: &PageResult) -> Result<Saved, Error> {
        const DOING: &str = "save a page";
        let differing = unchanged::taken_out(&self.db, &page.updates, page.scope).await?;
        let writing = self.begin_writing(DOING).await?;
        let transaction = &writing.transaction;
        let (inserted, updated) = save_movies(transaction, page.batch(&differing)).await?;
        lookups::mark_reappeared(transaction, &page.reappeared).await?;
        if let Some(settled) = &page.settled {
            retries::settle(transaction, page.lease.page, settled).await?;
        }
        failures::record(transaction, page.lease.run_id, page.lease.page, &page.failures).await?;
        if let Some(reading) = &page.reading {
            coverage::record(transaction, page.lease, reading).await?;
        }
        let touched = inserted + updated + page.failed;
        let saved = Saved {
            listed: page.listed,
            saved: inserted,
            updated,
            skipped: page.listed.saturating_sub(touched),
            failed: page.failed,
        };
        self.finish_page(transaction, page.lease, "done", saved).await?;
        writing.commit(DOING).await?;
        Ok(saved)
    }

    /// Gives a page up: records why and marks it as failed.
    pub async fn fail_page(&self, lease: Lease, failure: Failure) -> Result<(), Error> {
        const DOING: &str = "record a failed page";
        let writing = self.begin_writing(DOING).await?;
        failures::record(&writing.transaction, lease.run_id, lease.page, &[failure]).await?;
        match self.finish_page(&writing.transaction, lease, "failed", Saved::default()).await {
            Err(Error::SavedBefore { .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => writing.commit(DOING).await,
        }
    }

    /// Tries each movie on its own, taking it back, and returns the page without those that the database refuses.
    async fn without_refused(&self, page: &PageResult) -> Result<PageResult, Error> {
        let mut accepted = PageResult { new: Vec::new(), updates: Vec::new(), ..page.clone() };
        for movie in &page.new {
            self.accept_or_record(movie, true, &mut accepted).await?;
        }
        for movie in &page.updates {
            self.accept_or_record(movie, false, &mut accepted).await?;
        }
        Ok(accepted)
    }

    async fn accept_or_record(&self, movie: &Movie, is_new: bool, page: &mut PageResult) -> Result<(), Error> {
        let movies = if is_new { &mut page.new } else { &mut page.updates };
        match self.rehearse(movie, is_new, page.scope).await {
            Ok(()) => movies.push(movie.clone()),
            Err(error) if error.is_about_data() => {
                page.failed += 1;
                if let Some(settled) = &mut page.settled {
                    settled.external_ids.retain(|external_id| *external_id != movie.external_id);
                }
                page.failures.push(Failure {
                    external_id: Some(movie.external_id.into()),
                    stage: "save",
                    reason: error.to_string(),
                    body_head: None,
                });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Saves a movie and takes it back.
    async fn rehearse(&self, movie: &Movie, is_new: bool, scope: Scope) -> Result<(), Error> {
        const DOING: &str = "try a movie";
        let writing = self.begin_writing(DOING).await?;
        let (one, listed) = (std::slice::from_ref(movie), [movie]);
        let (new, updates): (&[Movie], &[&Movie]) = if is_new { (one, &[]) } else { (&[], &listed) };
        save_movies(&writing.transaction, Batch { new, vectors: None, updates, scope, run_id: None }).await?;
        writing.transaction.rollback().await.map_err(Error::doing(DOING))
    }

    /// Saves a movie with its genres, cast and torrents, or brings it up to date where it is there. One transaction.
    pub async fn save_movie(&self, movie: &Movie) -> Result<Saved, Error> {
        const DOING: &str = "save a movie";
        let writing = self.begin_writing(DOING).await?;
        let movie = movie.clone().without_nul();
        let new = std::slice::from_ref(&movie);
        let batch = Batch { new, vectors: None, updates: &[&movie], scope: Scope::Everything, run_id: None };
        let (inserted, updated) = save_movies(&writing.transaction, batch).await?;
        writing.commit(DOING).await?;
        let skipped = u32::from(inserted + updated == 0);
        Ok(Saved { listed: 1, saved: inserted, updated: u32::from(inserted == 0) * updated, skipped, failed: 0 })
    }
}

impl PageResult {
    fn batch<'a>(&'a self, updates: &'a [&'a Movie]) -> Batch<'a> {
        Batch {
            new: &self.new,
            vectors: Some(&self.vectors),
            updates,
            scope: self.scope,
            run_id: Some(self.lease.run_id),
        }
    }
}

/// Writes movies with all that hangs on them; returns how many were inserted and how many of the others changed.
async fn save_movies(transaction: &impl ConnectionTrait, batch: Batch<'_>) -> Result<(u32, u32), Error> {
    if batch.new.is_empty() && batch.updates.is_empty() {
        return Ok((0, 0));
    }
    let now = dialect::database_time(transaction).await.map_err(Error::doing("ask the database for the time"))?;
    let mut new: Vec<&Movie> = batch.new.iter().collect();
    new.sort_by_key(|movie| movie.external_id);
    let ids = movies::insert(transaction, &new, now).await?;
    torrents::insert(transaction, &new, &ids).await?;
    if let Some(vectors) = batch.vectors {
        vectors::insert(transaction, vectors, &ids).await?;
    }
    // Late, for these rows are shared: from here on another page with one of these persons waits for this one.
    let linked = linked_ids(transaction, batch).await?;
    links::insert(transaction, &new, &ids, &linked).await?;
    let updates: Vec<&Movie> =
        batch.updates.iter().copied().filter(|movie| !ids.contains_key(&movie.external_id)).collect();
    let saving = Saving { run_id: batch.run_id, now };
    let changed = changes::apply(transaction, &updates, batch.scope, &linked, saving).await?;
    if let Some(vectors) = batch.vectors {
        vectors::replace(transaction, vectors, &updates).await?;
    }
    Ok((u32::try_from(ids.len()).unwrap_or(u32::MAX), changed))
}

/// Gets or creates the genres and cast members that the movies link to.
async fn linked_ids(transaction: &impl ConnectionTrait, batch: Batch<'_>) -> Result<LinkedIds, Error> {
    let updates = if batch.scope == Scope::Everything { batch.updates } else { &[] };
    let movies = || batch.new.iter().chain(updates.iter().copied());
    let names: BTreeSet<&str> = movies().flat_map(|movie| movie.genres.iter().map(String::as_str)).collect();
    let portrait = if updates.is_empty() { Portrait::Keep } else { Portrait::Replace };
    let genres = if names.is_empty() { HashMap::new() } else { genres::get_or_create(transaction, &names).await? };
    let casts = casts::get_or_create(transaction, movies().flat_map(|movie| &movie.cast), portrait).await?;
    Ok(LinkedIds { genres, casts })
}
