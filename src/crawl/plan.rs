//! Which pages are due. Every list page tells how many movies there are, and so how many pages: the plan only grows.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Error, Existing, Options, Purpose};
use crate::api::{Client, ListPage, ListQuery};
use crate::progress::clock;
use crate::store::{self, NewRun, RetryPlan, Run, RunTotals, Store};

/// The parameters that choose movies.
const FILTERS: [&str; 4] = ["genre", "quality", "query_term", "minimum_rating"];

/// Returns the run that the options ask for. Its line names everything that makes two runs the same.
pub(super) fn new_run(options: &Options) -> NewRun {
    let Options { query, existing, start_page, max_pages, purpose, .. } = options;
    let existing = match existing {
        Existing::Skip => "skip",
        Existing::Update => "update",
        Existing::Refetch => "refetch",
    };
    let max_pages_text = max_pages.map_or("all".to_owned(), |pages| pages.to_string());
    let purpose = match purpose {
        Purpose::ReadPages => "",
        Purpose::OnlyNew => " only_new",
        Purpose::RetryFailed => " retry_failed",
    };
    let source = &options.source;
    let pages = format!("start_page={start_page} max_pages={max_pages_text}");
    let line = format!("source={source} {pages} existing={existing}{purpose}{}", list(options));
    let scope = scope(options);
    NewRun { query: line, scope, start_page: *start_page, max_pages: *max_pages, page_limit: query.page_size() }
}

/// Returns what part of which catalogue the options are about, whatever the pages and their order.
#[must_use]
pub fn scope(options: &Options) -> String {
    with_pairs(format!("source={}", options.source), &options.query, |key| FILTERS.contains(&key))
}

/// Returns what decides which movies stand on which page of the list: how many a page holds, the filters and the order.
/// The lines of runs end with it.
pub(super) fn list(options: &Options) -> String {
    with_pairs(String::new(), &options.query, |_| true)
}

/// What a run knows when its workers begin.
#[derive(Debug)]
pub(super) struct Start {
    /// Whether something failed earlier in this part of the catalogue that may be settled now.
    pub(super) has_open_failures: bool,
    /// Until when everything is known, in a run that only looks for what is new.
    pub(super) trusted_until: Option<DateTime<Utc>>,
    /// What was done before, where the run goes on.
    pub(super) totals: RunTotals,
    /// List pages to read, as far as known.
    pub(super) pages_planned: u32,
}

/// Sees to it that the run has pages, and reads what its workers begin with. It may be done again, and changes nothing
/// then, so that it can be tried again as a whole.
pub(super) async fn start(store: &Store, run: &Run, options: &Options) -> Result<Start, store::Error> {
    if store.pages_planned(run.id).await? == 0 {
        begin(store, run, options).await?;
    }
    Ok(Start {
        has_open_failures: store.has_open_failures(&scope(options)).await?,
        trusted_until: trusted_until(store, options).await?,
        totals: store.run_totals(run.id).await?,
        pages_planned: store.pages_planned(run.id).await?,
    })
}

/// Returns until when everything is known, where only what is new is asked for and an earlier run proves it.
async fn trusted_until(store: &Store, options: &Options) -> Result<Option<DateTime<Utc>>, store::Error> {
    if options.purpose != Purpose::OnlyNew {
        return Ok(None);
    }
    let certified_until = store.certified_until(&scope(options)).await?;
    if certified_until.is_none() {
        tracing::warn!("no certified run of this query yet, on which --only-new could rest: reading every page");
    }
    Ok(certified_until)
}

fn with_pairs(line: String, query: &ListQuery, is_wanted: impl Fn(&str) -> bool) -> String {
    let asked = query.pairs(1).into_iter().filter(|(key, _)| *key != "page" && is_wanted(key));
    asked.fold(line, |line, (key, value)| format!("{line} {key}={value:?}"))
}

/// Says whether the options ask for every page of the list in the order in which new movies enter at the top: only
/// then can a run show that it saw everything.
pub(super) fn is_full(options: &Options) -> bool {
    let is_newest_first = matches!(options.query.sort_by.as_deref(), None | Some("date_added"))
        && matches!(options.query.order_by.as_deref(), None | Some("desc"));
    options.start_page == 1 && options.max_pages.is_none() && is_newest_first && options.purpose != Purpose::RetryFailed
}

/// Says whether the options ask for the whole catalogue, not for a part of it.
pub(super) fn is_unfiltered(options: &Options) -> bool {
    options.query.pairs(1).iter().all(|(key, _)| !FILTERS.contains(key))
}

/// Makes the first page due; the others follow when it has told how many there are. A run that takes up what failed
/// knows all its pages from the start.
async fn begin(store: &Store, run: &Run, options: &Options) -> Result<(), store::Error> {
    if options.purpose != Purpose::RetryFailed {
        return store.plan_pages(run, run.start_page, None).await;
    }
    let RetryPlan { movies, pages, set_aside } = store.plan_retry(run, &scope(options), &list(options)).await?;
    tracing::info!("taking up {movies} movies and {pages} pages; {set_aside} failed too often and are set aside");
    Ok(())
}

/// Returns the last page to read, given how many movies the source says there are.
pub(super) fn last_page(start_page: u32, max_pages: Option<u32>, page_limit: u32, movie_count: u64) -> u32 {
    let pages_of_source = u32::try_from(movie_count.div_ceil(page_limit.max(1).into())).unwrap_or(u32::MAX);
    let last_wanted = max_pages.map_or(u32::MAX, |pages| start_page.saturating_add(pages - 1));
    pages_of_source.min(last_wanted).max(start_page)
}

/// What a run would ask of the source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Movies that the source says it has.
    pub movie_count: u64,
    /// List pages that would be read.
    pub pages: u64,
    /// Requests at most: a list page each, and details of every movie on them.
    pub requests_at_most: u64,
    /// Seconds that so many requests take at the rate, where there is one.
    pub seconds_at_most: Option<f64>,
    /// Whether the details of movies that are in the database are fetched too.
    pub refetches: bool,
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { movie_count, pages, requests_at_most, seconds_at_most, refetches } = self;
        write!(f, "the source has {movie_count} movies; this run would read {pages} list pages, at most ")?;
        write!(f, "{requests_at_most} requests")?;
        match seconds_at_most {
            Some(seconds) => match Duration::try_from_secs_f64(*seconds) {
                Ok(time) => write!(f, ", at most {} at this rate", clock(time))?,
                Err(_) => write!(f, ", which this rate never gets through")?,
            },
            None => write!(f, ", without a limit on the rate")?,
        }
        let cost = if *refetches { "a request each, too" } else { "none" };
        write!(f, "; movies that are in the database cost {cost}; nothing was saved")
    }
}

/// Asks page 1 only, and says what a run would ask.
pub async fn forecast(options: &Options, client: &Client) -> Result<Forecast, Error> {
    let ListPage { movie_count, .. } = client.list(&options.query, 1).await.map_err(Error::Source)?;
    let limit = u64::from(options.query.page_size());
    let last = last_page(options.start_page, options.max_pages, options.query.page_size(), movie_count);
    let listed_before = limit * u64::from(options.start_page - 1);
    let pages_wanted = u64::from(last - options.start_page) + 1;
    let movies = movie_count.saturating_sub(listed_before).min(pages_wanted * limit);
    let pages = movies.div_ceil(limit);
    let requests_at_most = pages + movies;
    let seconds_at_most = (options.rate > 0.0).then(|| requests_at_most as f64 / options.rate);
    let refetches = options.existing == Existing::Refetch;
    Ok(Forecast { movie_count, pages, requests_at_most, seconds_at_most, refetches })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_follows_from_the_count_and_the_wish() {
        assert_eq!(last_page(1, None, 50, 2000), 40);
        assert_eq!(last_page(1, None, 50, 2001), 41);
        assert_eq!(last_page(1, Some(10), 50, 2000), 10);
        assert_eq!(last_page(5, Some(10), 50, 2000), 14);
        assert_eq!(last_page(5, Some(u32::MAX), 50, 2000), 40);
    }

    #[test]
    fn the_first_page_is_read_even_where_it_is_beyond_the_end() {
        assert_eq!(last_page(1, None, 50, 0), 1);
        assert_eq!(last_page(99, Some(3), 50, 100), 99);
    }

    #[test]
    fn a_forecast_is_told_whatever_the_rate_and_says_what_known_movies_cost() {
        let forecast = |seconds, refetches| {
            let (movie_count, pages, requests_at_most) = (100, 2, 102);
            Forecast { movie_count, pages, requests_at_most, seconds_at_most: Some(seconds), refetches }.to_string()
        };
        let slow = forecast(102.0 / 1e-20, false);
        assert!(slow.contains("never") && slow.contains("in the database cost none"), "{slow}");
        let refetching = forecast(102.0, true);
        assert!(refetching.contains("in the database cost a request each, too"), "{refetching}");
    }
}
