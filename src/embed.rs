//! Embeddings: turns what a movie is about into a vector, so that what is alike lies close together.
//!
//! Texts come in, vectors go out; where they are kept is the store's concern, and when they are made the crawl's and
//! the fill's. An [`Embedder`] is one of three providers, chosen by the user:
//!
//! ```text
//!  text_of(title, genres, description) ── Embedder ┬─ StaticModel   the built-in table: wordpiece, safetensors
//!                                                  ├─ HttpModel     a service that speaks OpenAI's /v1/embeddings
//!                                                  └─ LocalModel    a directory of the user's (feature local-embeddings)
//! ```
//!
//! Whatever the provider, a vector that leaves this module is finite, of length 1 and of the model's dimension.

mod error;
mod fingerprint;
mod http;
#[cfg(feature = "local-embeddings")]
mod local;
mod safetensors;
mod static_model;
mod text;
mod vector;
mod wordpiece;

pub use error::Error;
pub use http::{HttpModel, HttpOptions, key_from_env, key_from_file};
#[cfg(feature = "local-embeddings")]
pub use local::LocalModel;
pub use static_model::StaticModel;
pub use text::{text_hash, text_of};

/// A text's vector, or `None` if the text has none: it is empty, or the model knows nothing in it.
pub type Embedding = Option<Vec<f32>>;

/// A provider of vectors. Clones share the model.
#[derive(Clone, Debug)]
pub enum Embedder {
    /// The table in the binary.
    Static(StaticModel),
    /// A service.
    Http(HttpModel),
    /// A model on this machine.
    #[cfg(feature = "local-embeddings")]
    Local(LocalModel),
}

impl Embedder {
    /// Returns one embedding for each text, in the texts' order. One text that fails fails all.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, Error> {
        let embeddings = match self {
            Self::Static(model) => texts.iter().map(|text| model.embed_one(text)).collect(),
            Self::Http(model) => model.embed(texts).await?,
            #[cfg(feature = "local-embeddings")]
            Self::Local(model) => model.embed(texts).await?,
        };
        self.check(&embeddings, texts.len())?;
        Ok(embeddings)
    }

    /// Returns the name under which the model's vectors are kept: never the same for two models whose vectors differ,
    /// as far as this side can know.
    #[must_use]
    pub fn model_id(&self) -> String {
        match self {
            Self::Static(model) => model.model_id().to_owned(),
            Self::Http(model) => model.model_id().to_owned(),
            #[cfg(feature = "local-embeddings")]
            Self::Local(model) => model.model_id().to_owned(),
        }
    }

    /// Returns how many numbers a vector has; `None` for a service that has not answered yet and was not told.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        match self {
            Self::Static(model) => Some(model.dimension()),
            Self::Http(model) => model.dimension(),
            #[cfg(feature = "local-embeddings")]
            Self::Local(model) => Some(model.dimension()),
        }
    }

    /// Holds the promise of this module, whatever a provider may have overlooked.
    fn check(&self, embeddings: &[Embedding], expected_count: usize) -> Result<(), Error> {
        let dimension = self.dimension();
        let is_fine = |vector: &Vec<f32>| Some(vector.len()) == dimension && vector::is_unit(vector);
        let is_right = embeddings.len() == expected_count && embeddings.iter().flatten().all(is_fine);
        let reason = "not one finite vector of length 1 and of its dimension for each text".to_owned();
        if is_right { Ok(()) } else { Err(Error::Vector { model: self.model_id(), reason }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_text_for_text() {
        let embedder = Embedder::Static(StaticModel::load().unwrap());
        let texts = ["a shy waitress", "", "a dark lord"].map(str::to_owned);
        let embeddings = embedder.embed(&texts).await.unwrap();
        assert_eq!(embeddings.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(embedder.dimension(), Some(128));
        assert_eq!(embedder.embed(&[]).await.unwrap(), Vec::<Embedding>::new());
    }

    #[test]
    fn lets_no_unusable_vector_through() {
        let embedder = Embedder::Static(StaticModel::load().unwrap());
        let good = Some([vec![1.0], vec![0.0; 127]].concat());
        assert!(embedder.check(&[good.clone(), None], 2).is_ok());
        let nan = Some([vec![f32::NAN], vec![0.0; 127]].concat());
        for bad in [Some(vec![1.0]), Some(vec![0.0; 128]), Some(vec![]), nan] {
            assert_eq!(embedder.check(&[bad], 1).unwrap_err().kind(), "embed-vector");
        }
        assert!(embedder.check(&[good], 2).is_err());
    }
}
