//! What can go wrong between a question and its answer.

use crate::{embed, store};

/// A question that could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The question could not be turned into a vector.
    #[error(transparent)]
    Embed(#[from] embed::Error),
    /// No movie has this id, code or title.
    #[error("no movie is known as \"{text}\"; give its id, its IMDb code or its title, or look for it with search")]
    NotFound {
        /// What was asked for.
        text: String,
    },
    /// Several movies have this title.
    #[error("\"{text}\" is not clear; say which by its id: {}", candidates.join(" · "))]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// The movies that it may mean: id, title and year.
        candidates: Vec<String>,
    },
    /// No movie has a vector of the model, so nothing can be compared.
    #[error("the catalogue has no vectors of {model}; make them with yts-catalog embed")]
    NoVectors {
        /// The model.
        model: String,
    },
    /// Nothing is known of what the movies are about.
    #[error(
        "nothing to compare by: {title} has neither a vector nor a text that the model makes one from; name another movie, or embed with another model"
    )]
    NoVector {
        /// The movie.
        title: String,
    },
}
