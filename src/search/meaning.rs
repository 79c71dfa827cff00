//! Ranks movies by how close their vectors lie to a vector: a question's, or a movie's.

use super::Error;
use super::snapshot::Snapshot;
use crate::embed::Embedder;
use crate::store::Store;

/// A model and a vector of its.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    pub(super) model: String,
    pub(super) vector: Vec<f32>,
}

impl Direction {
    /// Returns a text's direction; nothing where the text says nothing to the model.
    pub(super) async fn of_text(embedder: &Embedder, text: &str) -> Result<Option<Self>, Error> {
        let vectors = embedder.embed(&[text.to_owned()]).await?;
        let vector = vectors.into_iter().next().flatten();
        Ok(vector.map(|vector| Self { model: embedder.model_id(), vector }))
    }

    /// Returns how close a vector of the same model lies, from 1 to -1; both have the length 1.
    pub(super) fn closeness(&self, vector: &[f32]) -> f32 {
        self.vector.iter().zip(vector).map(|(a, b)| a * b).sum()
    }
}

/// Returns how close movies lie to a direction, as far as they have vectors; none without a direction.
pub(super) async fn closeness(
    store: &Store,
    snapshot: &Snapshot,
    direction: Option<&Direction>,
    ids: &[i64],
) -> Result<Vec<(u32, f64)>, Error> {
    let Some(direction) = direction else { return Ok(Vec::new()) };
    let vectors = store.vectors_of(&direction.model, ids).await?;
    let of_movie = |(id, vector): (i64, Vec<f32>)| Some((snapshot.place(id)?, f64::from(direction.closeness(&vector))));
    Ok(vectors.into_iter().filter_map(of_movie).collect())
}

/// Returns the movies nearest to a direction and their closeness, nearest first; none without a direction.
pub(super) async fn nearest(
    store: &Store,
    snapshot: &Snapshot,
    direction: Option<&Direction>,
    limit: usize,
    allowed: Option<&[bool]>,
) -> Result<Vec<(u32, f64)>, Error> {
    let Some(Direction { model, vector }) = direction else { return Ok(Vec::new()) };
    if !store.has_vector_type() {
        let matrix = snapshot.matrix(model, vector.len()).await?;
        // Whatever else there is to ask goes first, and is looked up meanwhile.
        tokio::task::yield_now().await;
        return Ok(matrix.nearest(vector, limit, |place| allowed.is_none_or(|allowed| allowed[place as usize])));
    }
    let ids: Option<Vec<i64>> = allowed
        .map(|allowed| (0_u32..).zip(allowed).filter(|(_, may)| **may).map(|(place, _)| snapshot.id(place)).collect());
    let near = store.nearest(model, vector, limit as u64, ids.as_deref()).await?;
    let mut placed: Vec<(u32, f64)> =
        near.into_iter().filter_map(|(id, closeness)| Some((snapshot.place(id)?, closeness))).collect();
    placed.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(placed)
}
