//! A model on this machine: a sentence-transformers directory of the user's, run by a forward pass of our own.
//!
//! For encoders of `MiniLM`'s shape: BERT layers, mean pooling. What a directory must hold is said in [`directory`]; the
//! computation is [`encoder`]'s. Without the cargo feature `local-embeddings` none of this is built.

mod directory;
mod encoder;
mod math;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokenizers::Tokenizer;

use self::directory::Files;
use self::encoder::Encoder;
use super::error::Error;
use super::{Embedding, vector};

/// A model from a directory. Clones share it.
#[derive(Clone, Debug)]
pub struct LocalModel {
    model: Arc<Model>,
}

#[derive(Debug)]
struct Model {
    id: String,
    /// The directory, for messages.
    shown: String,
    tokenizer: Tokenizer,
    encoder: Encoder,
}

impl LocalModel {
    /// Loads a directory with `config.json`, `tokenizer.json` and `model.safetensors`. Reads and checks tens of
    /// megabytes, so it takes a moment.
    pub fn load(directory: &Path) -> Result<Self, Error> {
        let shown = directory.display().to_string();
        let model = Model::open(directory, &shown).map_err(|reason| Error::Model { model: shown, reason })?;
        Ok(Self { model: Arc::new(model) })
    }

    /// Returns one embedding for each text, computed on all processors away from the async runtime; `None` for blank
    /// texts. What is longer than the model reads is cut.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, Error> {
        let (model, texts) = (Arc::clone(&self.model), texts.to_vec());
        let outcome = tokio::task::spawn_blocking(move || model.embed(&texts)).await;
        outcome.unwrap_or_else(|_| Err(self.model.unusable("its computation was stopped")))
    }

    /// Returns a name with a hash of the files, the same wherever the directory lies.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model.id
    }

    /// Returns how many numbers a vector has.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.model.encoder.dimension()
    }
}

impl Model {
    fn open(directory: &Path, shown: &str) -> Result<Self, String> {
        let files = Files::read(directory)?;
        let tokenizer = files.tokenizer()?;
        let encoder = Encoder::read(files.config(), &files.tensors)?;
        let id = format!("local-bert-{}-{}", encoder.dimension(), files.fingerprint());
        Ok(Self { id, shown: shown.to_owned(), tokenizer, encoder })
    }

    /// Embeds texts, an equal share on each processor.
    fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, Error> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let share = texts.len().div_ceil(processors).max(1);
        let embed_share = |share: &[String]| share.iter().map(|text| self.embed_one(text)).collect::<Vec<_>>();
        thread::scope(|scope| {
            let shares: Vec<_> = texts.chunks(share).map(|share| scope.spawn(move || embed_share(share))).collect();
            let joined =
                shares.into_iter().map(|share| share.join().map_err(|_| self.unusable("its computation failed")));
            joined.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
        })
    }

    fn embed_one(&self, text: &str) -> Result<Embedding, Error> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let encoding = self.tokenizer.encode_fast(text, true).map_err(|error| self.unusable(&error.to_string()))?;
        let pooled = self.encoder.pooled(encoding.get_ids());
        let unit = vector::unit(pooled);
        unit.map(Some).map_err(|reason| Error::Vector { model: self.id.clone(), reason: reason.to_string() })
    }

    fn unusable(&self, reason: &str) -> Error {
        Error::Model { model: self.shown.clone(), reason: reason.to_owned() }
    }
}
