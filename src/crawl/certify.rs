//! Brings a full run to the point where it is shown that everything was seen, and draws the consequences: the
//! certificate, and movies that have disappeared. What the readings show is decided in `coverage`.

use super::coverage::Verdict;
use super::{Error, Shared, coverage, plan};
use crate::store::{Disappeared, PageReading, retry};

/// How often pages are read again before a run says that it could not see the whole list.
const MAX_ROUNDS_OF_READING_AGAIN: u32 = 10;

/// The largest share of the catalogue that may disappear at once; above it, the source is likely at fault.
const MAX_SHARE_OF_DELETIONS: f64 = 0.02;

/// Why a run whose list shifts all the time is not certified.
const KEPT_SHIFTING: &str = "the list kept shifting: it cannot be shown that everything on it was seen; run again";

/// What is known of whether a run saw everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    /// The run does not ask for everything, or has not read it all.
    NotAsked,
    /// Another process still works on it.
    InHand,
    /// Not yet: pages are due again.
    ReadingAgain,
    /// It cannot be shown that it did, for this reason.
    NotShown(String),
    /// It did.
    Certified,
}

impl Shared {
    /// Works, and where the run is to show that it saw everything, reads pages again until it can, within reason.
    pub(super) async fn work_until_covered(&self) -> (Option<Error>, Coverage) {
        let mut rounds_left = MAX_ROUNDS_OF_READING_AGAIN;
        loop {
            if let Some(trouble) = self.work().await {
                return (Some(trouble), Coverage::NotAsked);
            }
            match self.look_at_coverage(rounds_left).await {
                Ok(Coverage::InHand) => {}
                Ok(Coverage::ReadingAgain) => rounds_left -= 1,
                Ok(coverage) => return (None, coverage),
                Err(error) => return (Some(error), Coverage::NotAsked),
            }
        }
    }

    /// Certifies the run, or makes the pages due that are to be read again, if any round of that is left.
    async fn look_at_coverage(&self, rounds_left: u32) -> Result<Coverage, Error> {
        let Self { store, run, options, .. } = self;
        let totals = retry(options.patience, || async { store.run_totals(run.id).await }).await?;
        let failure_count = retry(options.patience, || async { store.failure_count(run.id).await }).await?;
        if totals.open > 0 && !self.stop.is_asked() {
            return Ok(Coverage::InHand);
        }
        if totals.open > 0 || failure_count > 0 || !plan::is_full(options) {
            return Ok(Coverage::NotAsked);
        }
        let readings = retry(options.patience, || async { store.readings(run.id).await }).await?;
        let judged = coverage::pass(&readings);
        let (pages, new_pass) = match coverage::judge(&readings, run.page_limit, totals.saved == 0) {
            Verdict::Covered => return self.certify(&readings).await,
            _ if rounds_left == 0 => return Ok(Coverage::NotShown(KEPT_SHIFTING.to_owned())),
            Verdict::ReadAgain(pages) => (pages, false),
            Verdict::NewPass => (vec![1], true),
        };
        tracing::info!("reading {} pages again, to show that everything was seen", pages.len());
        retry(options.patience, || async { store.read_again(run.id, &pages, judged, new_pass).await }).await?;
        Ok(Coverage::ReadingAgain)
    }

    /// Certifies a run, and marks the movies that have disappeared where it was of every page of the whole catalogue.
    async fn certify(&self, readings: &[PageReading]) -> Result<Coverage, Error> {
        let Self { store, run, options, .. } = self;
        let seen = coverage::seen(readings);
        let is_of_every_page = self.trusted_until.is_none();
        if is_of_every_page && let Some(lacking) = coverage::lacking(readings, seen.len(), run.page_limit) {
            return Ok(Coverage::NotShown(format!(
                "the pages held {} distinct movies, {lacking} fewer than the source counts, so it cannot be shown that \
                 everything was seen; it may give fewer a page than asked for: run again with a smaller --limit",
                seen.len()
            )));
        }
        let distinct_movies = is_of_every_page.then_some(seen.len());
        retry(options.patience, || async { store.certify(run.id, distinct_movies).await }).await?;
        if is_of_every_page && plan::is_unfiltered(options) {
            let max_share = if options.allow_mass_deletion { 1.0 } else { MAX_SHARE_OF_DELETIONS };
            match retry(options.patience, || async { store.mark_disappeared(run.id, &seen, max_share).await }).await? {
                Disappeared::Marked(0) => {}
                Disappeared::Marked(count) => tracing::info!("{count} movies are listed no more"),
                Disappeared::Braked(count) => tracing::warn!(
                    "{count} movies are listed no more, too many at once to believe: none is marked as deleted; \
                     --allow-mass-deletion marks them"
                ),
            }
        }
        Ok(Coverage::Certified)
    }
}
