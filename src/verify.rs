//! Verifies what is stored: against the schema's rules, against the certificate, and a sample against the source; and
//! repairs what is wrong, just that.
//!
//! SQL is [`crate::store`]'s, HTTP is [`crate::api`]'s; like a crawl, this is where they meet. Verifying changes nothing
//! and works beside a crawl; repairing takes the place of one, hence the presence.

mod report;
mod sample;
mod text;

use std::time::Duration;

use self::sample::Asked;
use crate::api::{self, Client};
use crate::store::{self, Inspection, Presence, Store, retry};

pub use self::report::{Checked, Repaired, Report, Sample, SampledMovie, UncheckedMovie};

/// What to verify.
#[derive(Clone, Debug)]
pub struct Options {
    /// The part of a catalogue whose certificate counts.
    pub scope: String,
    /// How many movies to compare with the source.
    pub sample: u32,
    /// Requests a second; 0 means no limit.
    pub rate: f64,
    /// How long to go on trying when the database goes away.
    pub patience: Duration,
}

/// What was found, and why the source could not be asked, where it could not.
pub type Outcome = (Report, Option<api::Error>);

/// Verifies; with a presence it also mends what is wrong, and verifies the same again. Without one it changes nothing.
pub async fn run(
    options: &Options,
    store: &Store,
    client: &Client,
    presence: Option<&Presence>,
) -> Result<Outcome, store::Error> {
    // Those who have said that they ask share the whole rate among them. One that repairs says so and takes its part; one
    // that only looks takes as much again as each of them at most.
    if let Some(presence) = presence {
        presence.ask_the_source().await?;
    }
    let asking = store.processes().await? + u32::from(presence.is_none());
    client.set_rate(options.rate / f64::from(asking.max(1)));
    let sampled = store.random_movies(options.sample).await?;
    match presence {
        Some(presence) => repair(options, store, client, (&sampled, presence)).await,
        None => look(options, store, client, (&sampled, None)).await,
    }
}

/// Fetches movies again that are missing, differ or break a rule, and saves them as a crawl saves them.
async fn repair(
    options: &Options,
    store: &Store,
    client: &Client,
    (sampled, presence): (&[i32], &Presence),
) -> Result<Outcome, store::Error> {
    let (before, trouble) = look(options, store, client, (sampled, Some(presence))).await?;
    if before.findings.is_empty() || trouble.is_some() {
        return Ok((before, trouble));
    }
    let mended = retry(options.patience, || async { store.mend(presence).await }).await?;
    let mut wanted = mended.to_refetch.clone();
    wanted.extend(before.movies_to_save.iter().copied());
    wanted.sort_unstable();
    wanted.dedup();
    let mut asked = sample::ask(client, &wanted).await;
    let (mut had, mut refused) = (Vec::with_capacity(asked.movies.len()), Vec::new());
    for movie in &asked.movies {
        match retry(options.patience, || async { store.save_movie(movie).await }).await {
            Ok(_) => had.push(movie.external_id),
            Err(error) if error.is_about_data() => refused.push((movie.external_id, error.to_string())),
            Err(error) => return Err(error),
        }
    }
    let listed_again: Vec<i32> = before.marked_as_deleted.iter().copied().filter(|id| had.contains(id)).collect();
    retry(options.patience, || async { store.unmark_deleted(&listed_again).await }).await?;
    let unlinked_removed = retry(options.patience, || async { store.remove_unlinked().await }).await?;
    if let Some(trouble) = asked.trouble.take() {
        return Ok((before, Some(trouble)));
    }
    let (mut after, trouble) = look(options, store, client, (sampled, Some(presence))).await?;
    after.forget_unknown(&asked.unknown);
    after.add_refused(refused);
    after.repaired = Some(Repaired {
        found: before.findings.len(),
        movies_saved: had.len(),
        rows_removed: mended.rows_removed + unlinked_removed,
        values_cleared: mended.values_cleared,
        leases_freed: mended.leases_freed,
    });
    Ok((after, trouble))
}

/// Looks at everything once, with these movies as the sample.
async fn look(
    options: &Options,
    store: &Store,
    client: &Client,
    (sampled, presence): (&[i32], Option<&Presence>),
) -> Result<Outcome, store::Error> {
    let inspection = store.inspect(&options.scope, presence).await?;
    let totals = store.stats().await?.totals;
    // The source may have removed movies since the run listed them: then they are not missing.
    let doubtful = doubtful(&inspection, options.sample);
    let asked = sample::ask(client, sampled).await;
    let in_doubt = if asked.trouble.is_none() { sample::ask(client, &doubtful).await } else { Asked::default() };
    let compared = store.differences(&asked.movies).await?;
    let mut report = Report::new(totals, inspection);
    report.add_sample(sampled.len(), &asked, compared);
    report.forget_unknown(&in_doubt.unknown);
    Ok((report, asked.trouble.or(in_doubt.trouble)))
}

/// Returns movies that the certificate says should be there, as many as are sampled at most.
fn doubtful(inspection: &Inspection, sample: u32) -> Vec<i32> {
    let movies = inspection.missing.iter().chain(&inspection.deleted).copied();
    movies.take(sample as usize).collect()
}
