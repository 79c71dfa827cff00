//! What a crawl does about vectors: makes those of the movies on a page, and sees to their index at the end.
//!
//! What a vector is made from, and when it fits no more, is [`crate::fill`]'s.

use std::collections::HashMap;
use std::time::Duration;

use super::worker::Worker;
use super::{Error, Shared};
use crate::embed::Embedder;
use crate::fill;
use crate::movie::Movie;
use crate::store::{Store, Vector, retry};

/// Returns the provider of vectors unless it is another than its name says; one that is down may come back.
pub(super) async fn usable(
    store: &Store,
    embedder: Option<Embedder>,
    patience: Duration,
) -> Result<Option<Embedder>, Error> {
    let Some(embedder) = embedder else { return Ok(None) };
    match fill::check(store, &embedder, patience).await {
        Err(fill::Error::Store(error)) => Err(error.into()),
        Err(error @ fill::Error::OtherModel { .. }) => {
            tracing::warn!("no vectors are made: {error}");
            Ok(None)
        }
        Err(_) | Ok(()) => Ok(Some(embedder)),
    }
}

impl Worker {
    /// Makes the vectors of new movies, and of those whose text an update changes. A provider that fails leaves them
    /// pending: movies are never lost for a vector.
    pub(super) async fn vectors_of(&self, new: &[Movie], updates: &[Movie]) -> Result<HashMap<i32, Vector>, Error> {
        let Shared { options, store, .. } = &self.shared;
        let Some(embedder) = &options.embedder else { return Ok(HashMap::new()) };
        let mut texts: Vec<(i32, String)> =
            new.iter().map(|movie| (movie.external_id, fill::text_of_movie(movie))).collect();
        if !updates.is_empty() {
            let external_ids: Vec<i32> = updates.iter().map(|movie| movie.external_id).collect();
            let stored = retry(options.patience, || async { store.embeddable_of(&external_ids).await }).await?;
            texts.extend(fill::texts_that_change(&stored, updates, &embedder.model_id()));
        }
        let (external_ids, texts): (Vec<i32>, Vec<String>) = texts.into_iter().unzip();
        match fill::embed(embedder, texts).await {
            Ok(vectors) => {
                let of_movies = external_ids.into_iter().zip(vectors);
                Ok(of_movies.filter_map(|(external_id, vector)| Some((external_id, vector?))).collect())
            }
            Err(error) => {
                tracing::warn!("vectors are pending, yts-catalog embed makes them later: {error}");
                Ok(HashMap::new())
            }
        }
    }
}

impl Shared {
    /// Makes search fast where this crawl made the catalogue a large one; not where that would take longer than a tenth of the
    /// crawl.
    pub(super) async fn settle_search(&self, took: Duration) {
        let Some(embedder) = &self.options.embedder else { return };
        let Some(dimension) = embedder.dimension() else { return };
        match self.store.settle_search_once(&embedder.model_id(), dimension, took / 10).await {
            Ok(Some(true)) => tracing::info!("the index of vectors was built"),
            Ok(Some(false)) => tracing::info!("yts-catalog embed builds the index of vectors, for a faster search"),
            Ok(None) => {}
            Err(error) => tracing::warn!("search stays slow until yts-catalog embed builds its index: {error}"),
        }
    }
}
