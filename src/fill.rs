//! Vectors of movies: what they are made from, and filling in those that are missing or stale.
//!
//! A fill is a run like a crawl, cut into stretches of movie ids in place of list pages: so it resumes, and several
//! processes share it. Making a vector is [`crate::embed`]'s, keeping it is [`crate::store`]'s.

mod identity;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::embed::{self, Embedder, text_hash, text_of};
use crate::movie::Movie;
use crate::store::{
    self, Claim, Embeddable, Lease, NewRun, Outcome, Presence, Run, Saved, Store, Traffic, Vector, retry,
};

pub use self::identity::{check, pin_dimension};

/// Movie ids a stretch: one transaction, and a bounded piece of memory.
const IDS_PER_STRETCH: u32 = 500;

/// Several times within a lease's term.
const BEAT_EVERY: Duration = Duration::from_secs(5);

/// How long to wait for stretches that others have in hand before looking again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Why a fill could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The model.
    #[error(transparent)]
    Model(#[from] embed::Error),
    /// A service makes other vectors under the same name.
    #[error(
        "{model} makes other vectors than it did, so another model stands behind its name; call that by another name in \
         embeddings.model, or delete the rows of this one from movie_embeddings, and run yts-catalog embed"
    )]
    OtherModel {
        /// The name.
        model: String,
    },
    /// A task died.
    #[error("a worker died: {0}; this is a bug, please report it")]
    Worker(#[from] tokio::task::JoinError),
}

/// What came of a fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The run.
    pub run_id: i64,
    /// The model.
    pub model: String,
    /// Movies looked at.
    pub movies: i64,
    /// Vectors made.
    pub made: i64,
    /// Vectors that were there and fit their text.
    pub up_to_date: i64,
    /// Movies whose text has no vector.
    pub without: i64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run_id, model, movies, made, up_to_date, without } = self;
        write!(f, "run {run_id} complete: {movies} movies, {made} vectors made by {model}, {up_to_date} up to date, ")?;
        write!(f, "{without} movies without a text that has one")
    }
}

#[derive(Clone, Debug)]
struct Shared {
    store: Store,
    embedder: Embedder,
    presence: Arc<Presence>,
    run: Run,
    patience: Duration,
    /// Asks the others to give back what they have in hand.
    stop: CancellationToken,
}

/// Returns the text that a movie's vector is made from.
#[must_use]
pub fn text_of_movie(movie: &Movie) -> String {
    let description = movie.description_full.as_deref().or(movie.description_intro.as_deref());
    text_of(&movie.title_or_fallback(), &movie.genres, description)
}

/// Returns the texts, by the source's ids, of movies whose vectors will not fit once the movies are brought up to date.
#[must_use]
pub fn texts_that_change(stored: &[Embeddable], updates: &[Movie], model: &str) -> Vec<(i32, String)> {
    let updates = updates.iter().filter_map(|update| {
        let stored = stored.iter().find(|stored| stored.external_id == update.external_id)?;
        let text = text_after(stored, update);
        (!fits(stored, model, &text)).then_some((update.external_id, text))
    });
    updates.collect()
}

/// Returns a stored movie's text as an update leaves it: what the source does not say stays as it is.
fn text_after(stored: &Embeddable, update: &Movie) -> String {
    let title = update.title.as_ref().unwrap_or(&stored.title);
    let genres = if update.genres.is_empty() { &stored.genres } else { &update.genres };
    let full = update.description_full.as_deref().or(stored.description_full.as_deref());
    let intro = update.description_intro.as_deref().or(stored.description_intro.as_deref());
    text_of(title, genres, full.or(intro))
}

/// Makes the vectors of texts, one for each that has one.
pub async fn embed(embedder: &Embedder, texts: Vec<String>) -> Result<Vec<Option<Vector>>, embed::Error> {
    let numbers = embedder.embed(&texts).await?;
    let model = embedder.model_id();
    let vectors = texts
        .iter()
        .zip(numbers)
        .map(|(text, numbers)| Some(Vector { model: model.clone(), text_hash: text_hash(text), numbers: numbers? }));
    Ok(vectors.collect())
}

/// Makes every vector that is missing, of another model, or of a text that has changed.
pub async fn run(
    store: Store,
    embedder: Embedder,
    presence: Presence,
    workers: u32,
    patience: Duration,
) -> Result<Summary, Error> {
    check(&store, &embedder, patience).await?;
    let model = embedder.model_id();
    let query = format!("embed model={model:?}");
    let new_run = NewRun { scope: query.clone(), query, start_page: 1, max_pages: None, page_limit: IDS_PER_STRETCH };
    let run = retry(patience, || async { store.open_run(&new_run, false).await }).await?;
    let presence = Arc::new(presence);
    let shared = Shared { store, embedder, presence, run, patience, stop: CancellationToken::new() };
    let summary = shared.run(workers).await?;
    if !shared.run.resumed {
        return Ok(summary);
    }
    // Texts may have changed since the unfinished run was done with them.
    let run = retry(patience, || async { shared.store.open_run(&new_run, false).await }).await?;
    let again = Shared { run, ..shared }.run(workers).await?;
    let up_to_date = (again.up_to_date - summary.made).max(0);
    Ok(Summary { made: summary.made + again.made, up_to_date, ..again })
}

impl Shared {
    /// Goes over all stretches that are not done, and ends the run.
    async fn run(&self, workers: u32) -> Result<Summary, Error> {
        let Self { store, patience, .. } = self;
        let highest = retry(*patience, || store.highest_movie_id()).await?;
        let highest = u64::try_from(highest).unwrap_or_default();
        let stretches = u32::try_from(highest.div_ceil(IDS_PER_STRETCH.into())).unwrap_or(u32::MAX);
        if stretches > 0 {
            retry(*patience, || store.plan_pages(&self.run, stretches, None)).await?;
        }
        let worked = self.work(workers).await;
        let outcome = if worked.is_ok() { Outcome::Complete } else { Outcome::Failed };
        let message = worked.as_ref().err().map(ToString::to_string);
        let (run_id, owner) = (self.run.id, self.presence.owner);
        let ended = retry(*patience, || store.end_run(run_id, owner, outcome, message.as_deref())).await;
        worked?;
        ended?;
        let totals = retry(*patience, || store.run_totals(run_id)).await?;
        Ok(Summary {
            run_id,
            model: self.embedder.model_id(),
            movies: totals.listed,
            made: totals.saved + totals.updated,
            up_to_date: totals.skipped,
            without: totals.failed,
        })
    }

    async fn work(&self, workers: u32) -> Result<(), Error> {
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(self.clone().take_stretches());
        }
        let mut beat = tokio::time::interval(BEAT_EVERY);
        let mut worked = Ok(());
        loop {
            let done = tokio::select! {
                ended = tasks.join_next() => match ended {
                    Some(ended) => ended.map_err(Error::from).flatten(),
                    None => return worked,
                },
                _ = beat.tick() => self.beat().await,
            };
            if let Err(error) = done {
                self.stop.cancel();
                worked = worked.and(Err(error));
            }
        }
    }

    /// Keeps the sign of life. A beat that fails is made up for by the next; where the file is gone, nothing more can be.
    async fn beat(&self) -> Result<(), Error> {
        let Self { store, presence, run, .. } = self;
        match store.heartbeat(run.id, presence, Traffic::default()).await {
            Err(error @ store::Error::Removed { .. }) => return Err(error.into()),
            Err(error) => tracing::warn!("{error}"),
            Ok(()) => {}
        }
        Ok(())
    }

    async fn take_stretches(self) -> Result<(), Error> {
        let Self { store, run, presence, patience, stop, .. } = &self;
        while !stop.is_cancelled() {
            match retry(*patience, || async { store.claim(run.id, presence.owner, 1).await }).await? {
                Claim::Pages(leases) => {
                    for lease in leases {
                        match self.fill(lease).await {
                            Err(Error::Store(error @ store::Error::LeaseLost { .. })) => tracing::warn!("{error}"),
                            filled => filled?,
                        }
                    }
                }
                Claim::Wait => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
                Claim::Finished => break,
            }
        }
        Ok(())
    }

    /// Makes the vectors of a stretch; it is given back where the model fails, here or for another worker.
    async fn fill(&self, lease: Lease) -> Result<(), Error> {
        let Self { store, embedder, presence, patience, stop, .. } = self;
        let _in_hand = presence.hold(lease);
        let until = i64::from(lease.page) * i64::from(IDS_PER_STRETCH);
        let after = until - i64::from(IDS_PER_STRETCH);
        let movies = retry(*patience, || async { store.embeddable(after, until).await }).await?;
        let model = embedder.model_id();
        let listed = movies.len();
        let due: Vec<(Embeddable, String)> =
            movies.into_iter().filter_map(|movie| text_where_due(movie, &model)).collect();
        let texts = due.iter().map(|(_, text)| text.clone()).collect();
        let vectors = match stop.run_until_cancelled(embed(embedder, texts)).await {
            Some(Ok(vectors)) => vectors,
            unmade => {
                retry(*patience, || async { store.release(&[lease]).await }).await?;
                return unmade.transpose().map(|_| ()).map_err(Error::from);
            }
        };
        let had = |movie: &Embeddable| movie.has.is_some();
        let made: Vec<(i64, Vector, bool)> = due
            .iter()
            .zip(vectors)
            .filter_map(|((movie, _), vector)| Some((movie.movie_id, vector?, had(movie))))
            .collect();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let updated = made.iter().filter(|(_, _, had)| *had).count();
        let saved = Saved {
            listed: count(listed),
            saved: count(made.len() - updated),
            updated: count(updated),
            skipped: count(listed - due.len()),
            failed: count(due.len() - made.len()),
        };
        let made: Vec<(i64, Vector)> = made.into_iter().map(|(movie_id, vector, _)| (movie_id, vector)).collect();
        retry(*patience, || async { store.save_vectors(lease, saved, &made).await }).await?;
        Ok(())
    }
}

/// Returns a movie with its text where its vector is missing, of another model, or of another text.
fn text_where_due(movie: Embeddable, model: &str) -> Option<(Embeddable, String)> {
    let description = movie.description_full.as_deref().or(movie.description_intro.as_deref());
    let text = text_of(&movie.title, &movie.genres, description);
    (!fits(&movie, model, &text)).then_some((movie, text))
}

/// Says whether a movie's vector is of this model and this text.
fn fits(movie: &Embeddable, model: &str, text: &str) -> bool {
    movie.has.as_ref().is_some_and(|(has_model, has_hash)| has_model == model && *has_hash == text_hash(text))
}
