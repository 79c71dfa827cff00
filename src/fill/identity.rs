//! Whether a service still is the model whose vectors are kept: all that is known of it is a name, behind which another
//! model may stand by now. A model on this machine has a hash of its files in its name, so it needs no such question.

use std::time::Duration;

use super::{Error, text_where_due};
use crate::embed::Embedder;
use crate::store::{Store, retry};

/// Closeness of a text's vectors by one model, asked twice: far above what two models agree in, and below it by more than
/// rounding on other hardware, or in other batches, makes out.
const SAME: f32 = 0.98;

/// How many vectors are looked at for one whose movie's text has not changed since.
const LOOKED_AT: u64 = 20;

/// Tells a service the dimension of the vectors that are kept of it, so that no other is taken; asks it nothing.
pub async fn pin_dimension(store: &Store, embedder: &Embedder) -> Result<(), Error> {
    if let Embedder::Http(service) = embedder
        && let Some((_, kept)) = store.some_vectors_of(service.model_id(), 1).await?.pop()
    {
        service.expect_dimension(kept.numbers.len());
    }
    Ok(())
}

/// Makes sure that a service makes the vectors that it made, by asking for one of them again.
pub async fn check(store: &Store, embedder: &Embedder, patience: Duration) -> Result<(), Error> {
    let Embedder::Http(service) = embedder else { return Ok(()) };
    let kept = retry(patience, || store.some_vectors_of(service.model_id(), LOOKED_AT)).await?;
    let Some((_, any)) = kept.first() else { return Ok(()) };
    service.expect_dimension(any.numbers.len());
    // The text under another model's name is due; where the hash is that of the vector, it is the one it was made from.
    let unchanged = kept.into_iter().find_map(|(movie, vector)| {
        let (_, text) = text_where_due(movie, "")?;
        (crate::embed::text_hash(&text) == vector.text_hash).then_some((text, vector.numbers))
    });
    let Some((text, numbers)) = unchanged else { return Ok(()) };
    let again = embedder.embed(&[text]).await?.into_iter().next().flatten().unwrap_or_default();
    let closeness: f32 = again.iter().zip(&numbers).map(|(a, b)| a * b).sum();
    if closeness < SAME { Err(Error::OtherModel { model: service.model_id().to_owned() }) } else { Ok(()) }
}
