//! Saves a page: a table of contents. Each table's rows are built and written in the file that bears its name.
//!
//! Everything of a page commits in one transaction together with the mark that the page is done. Pages of new
//! movies write the tables in one order, keys sorted within them, so that they wait for each other but not in a circle.
//! Beside pages of updates there can be one: the database then ends a transaction, and the page is saved again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;

use super::casts::Portrait;
use super::links::LinkedIds;
use super::{
    Error, Failure, Lease, PageReading, Scope, Settled, Store, Vector, casts, changes, coverage, dialect, failures,
    genres, links, movies, retries, torrents, vectors,
};
use crate::movie::Movie;

/// How often a page is gone through for what the database refuses.
const MAX_REHEARSALS: u32 = 3;

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

/// Movies to be saved in one go, each once, by the source's ids: where a list shifts, two of its pages may have the same.
#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    pub(super) new: BTreeMap<i32, &'a Movie>,
    /// Those whose rating and torrents are to be brought up to date.
    pub(super) to_refresh: BTreeMap<i32, &'a Movie>,
    /// Those of which everything is to be brought up to date.
    pub(super) to_replace: BTreeMap<i32, &'a Movie>,
    pub(super) vectors: HashMap<i32, &'a Vector>,
    pub(super) run_id: Option<i64>,
}

/// What was written, by the source's ids.
#[derive(Debug)]
pub(super) struct Written {
    inserted: HashSet<i32>,
    changed: HashSet<i32>,
}

impl Store {
    /// Saves pages in one transaction, or where one of them keeps the others from it, each in its own. Returns their
    /// figures; none for a page that passed to another process, of which nothing is saved.
    pub async fn save_pages(&self, pages: &[PageResult]) -> Result<Vec<Option<Saved>>, Error> {
        match self.try_save(pages).await {
            Err(Error::NotTogether | Error::LeaseLost { .. } | Error::SavedBefore { .. }) => {}
            Err(error) if error.is_about_data() => {}
            result => return Ok(result?.into_iter().map(Some).collect()),
        }
        let mut figures = Vec::with_capacity(pages.len());
        for page in pages {
            figures.push(match self.save_page(page).await {
                Err(error @ Error::LeaseLost { .. }) => {
                    tracing::warn!("{error}");
                    None
                }
                saved => Some(saved?),
            });
        }
        Ok(figures)
    }

    /// Saves a page: its movies, their relations, its failures and the mark that it is done, or nothing of it.
    ///
    /// A movie that the database refuses is recorded as a failure; the others of its page are saved. Where the answer to a
    /// commit was lost, the same may be asked again: what was committed is not committed twice.
    pub async fn save_page(&self, page: &PageResult) -> Result<Saved, Error> {
        let mut result = self.try_save(std::slice::from_ref(page)).await;
        // What is accepted at one moment may be refused at the next, where others write too.
        for _ in 0..MAX_REHEARSALS {
            if !result.as_ref().is_err_and(Error::is_about_data) {
                break;
            }
            let accepted = self.without_refused(page).await?;
            result = self.try_save(&[accepted]).await;
        }
        match result {
            Err(Error::SavedBefore { .. }) => self.figures_of(page.lease).await,
            result => result.map(|saved| saved.into_iter().next().unwrap_or_default()),
        }
    }

    /// Saves pages of one run in one transaction, or nothing of them.
    async fn try_save(&self, pages: &[PageResult]) -> Result<Vec<Saved>, Error> {
        const DOING: &str = "save pages";
        let Some(PageResult { lease: Lease { run_id, .. }, .. }) = pages.first() else { return Ok(Vec::new()) };
        let batch = Batch::of(pages, *run_id);
        let writing = self.begin_writing(DOING).await?;
        let transaction = &writing.transaction;
        let mut written = save_movies(transaction, &batch).await?;
        let reappeared: Vec<i32> = pages.iter().flat_map(|page| page.reappeared.iter().copied()).collect();
        coverage::mark_reappeared(transaction, &reappeared).await?;
        for page in pages {
            if let Some(settled) = &page.settled {
                retries::settle(transaction, page.lease.page, settled).await?;
            }
        }
        let failed = pages.iter().flat_map(|page| page.failures.iter().map(|failure| (page.lease, failure)));
        failures::record(transaction, &failed.collect::<Vec<_>>()).await?;
        let readings: Vec<&PageReading> = pages.iter().filter_map(|page| page.reading.as_ref()).collect();
        coverage::record(transaction, *run_id, &readings).await?;
        let finished: Vec<(Lease, Saved)> = pages.iter().map(|page| (page.lease, written.take(page))).collect();
        self.finish_pages(transaction, &finished, "done").await?;
        writing.commit(DOING).await?;
        Ok(finished.into_iter().map(|(_, saved)| saved).collect())
    }

    /// Gives a page up: records why and marks it as failed.
    pub async fn fail_page(&self, lease: Lease, failure: Failure) -> Result<(), Error> {
        const DOING: &str = "record a failed page";
        let writing = self.begin_writing(DOING).await?;
        failures::record(&writing.transaction, &[(lease, &failure)]).await?;
        match self.finish_pages(&writing.transaction, &[(lease, Saved::default())], "failed").await {
            Err(Error::SavedBefore { .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => writing.commit(DOING).await,
        }
    }

    /// Saves a movie with its genres, cast and torrents, or brings it up to date where it is there. One transaction.
    pub async fn save_movie(&self, movie: &Movie) -> Result<Saved, Error> {
        const DOING: &str = "save a movie";
        let writing = self.begin_writing(DOING).await?;
        let movie = movie.clone().without_nul();
        let one = BTreeMap::from([(movie.external_id, &movie)]);
        let batch = Batch { new: one.clone(), to_replace: one, ..Batch::default() };
        let Written { inserted, changed } = save_movies(&writing.transaction, &batch).await?;
        writing.commit(DOING).await?;
        let (saved, updated) = (count(inserted.len()), count(changed.len()));
        Ok(Saved { listed: 1, saved, updated, skipped: 1 - saved - updated, failed: 0 })
    }
}

impl<'a> Batch<'a> {
    /// Puts the movies of pages together.
    fn of(pages: &'a [PageResult], run_id: i64) -> Self {
        let by_id = |movie: &'a Movie| (movie.external_id, movie);
        let updates = |scope| pages.iter().filter(move |page| page.scope == scope).flat_map(|page| &page.updates);
        Self {
            new: pages.iter().flat_map(|page| &page.new).map(by_id).collect(),
            to_refresh: updates(Scope::RatingAndTorrents).map(by_id).collect(),
            to_replace: updates(Scope::Everything).map(by_id).collect(),
            vectors: pages.iter().flat_map(|page| &page.vectors).map(|(id, vector)| (*id, vector)).collect(),
            run_id: Some(run_id),
        }
    }
}

impl Written {
    /// Counts what was written of a page. A movie that two pages have counts on the first that is counted.
    fn take(&mut self, page: &PageResult) -> Saved {
        let inserted = page.new.iter().filter(|movie| self.inserted.remove(&movie.external_id)).count();
        let changed = page.updates.iter().filter(|movie| self.changed.remove(&movie.external_id)).count();
        let (saved, updated, failed) = (count(inserted), count(changed), page.failed);
        let skipped = page.listed.saturating_sub(saved + updated + failed);
        Saved { listed: page.listed, saved, updated, skipped, failed }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Writes movies with all that hangs on them.
pub(super) async fn save_movies(transaction: &impl ConnectionTrait, batch: &Batch<'_>) -> Result<Written, Error> {
    let Batch { new, to_refresh, to_replace, vectors, run_id } = batch;
    if new.is_empty() && to_refresh.is_empty() && to_replace.is_empty() {
        return Ok(Written { inserted: HashSet::new(), changed: HashSet::new() });
    }
    let now = dialect::database_time(transaction).await.map_err(Error::doing("ask the database for the time"))?;
    let new: Vec<&Movie> = new.values().copied().collect();
    let ids = movies::insert(transaction, &new, now).await?;
    torrents::insert(transaction, &new, &ids).await?;
    vectors::insert(transaction, vectors, &ids).await?;
    let portrait = if to_replace.is_empty() { Portrait::Keep } else { Portrait::Replace };
    let (to_refresh, to_replace) = (without(to_refresh, &ids), without(to_replace, &ids));
    // Late, for these rows are shared: from here on another page with one of these persons waits for this one.
    let linked = linked_ids(transaction, &new, &to_replace, portrait).await?;
    links::insert(transaction, &new, &ids, &linked).await?;
    let saving = Saving { run_id: *run_id, now };
    let mut changed = changes::apply(transaction, &to_refresh, Scope::RatingAndTorrents, &linked, saving).await?;
    changed.extend(changes::apply(transaction, &to_replace, Scope::Everything, &linked, saving).await?);
    vectors::replace(transaction, vectors, to_replace.iter().map(|movie| movie.external_id)).await?;
    Ok(Written { inserted: ids.into_keys().collect(), changed })
}

/// Returns the movies but those that were inserted a moment ago, which need no more.
fn without<'a>(updates: &BTreeMap<i32, &'a Movie>, inserted: &HashMap<i32, i64>) -> Vec<&'a Movie> {
    updates.values().copied().filter(|movie| !inserted.contains_key(&movie.external_id)).collect()
}

/// Gets or creates the genres and cast members that the movies link to.
async fn linked_ids(
    transaction: &impl ConnectionTrait,
    new: &[&Movie],
    to_replace: &[&Movie],
    portrait: Portrait,
) -> Result<LinkedIds, Error> {
    let movies = || new.iter().chain(to_replace);
    let names: BTreeSet<&str> = movies().flat_map(|movie| movie.genres.iter().map(String::as_str)).collect();
    let genres = if names.is_empty() { HashMap::new() } else { genres::get_or_create(transaction, &names).await? };
    let casts = casts::get_or_create(transaction, movies().flat_map(|movie| &movie.cast), portrait).await?;
    Ok(LinkedIds { genres, casts })
}
