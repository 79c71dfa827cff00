//! What can go wrong between a text and its vector.
//!
//! Every message names the model or the address it speaks of; keys and passwords never reach this file. Whether to ask
//! again within one call is decided in [`super::http`]; here are only the facts it decides by.

/// A text that could not be embedded, or a model that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A model on this machine is missing, damaged, or not of the kind that can be used.
    #[error("cannot use embedding model {model}: {reason}")]
    Model {
        /// The built-in table or the model's directory.
        model: String,
        /// What is wrong with it, and where there is one, the remedy.
        reason: String,
    },
    /// An embedding service cannot be asked with these settings.
    #[error("cannot set up the embedding service: {reason}")]
    Setup {
        /// What is wrong with them.
        reason: String,
    },
    /// No connection, or one that broke off.
    #[error("{url}: {reason}; is the embedding service running?")]
    Unreachable {
        /// What was asked.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// No complete answer in time.
    #[error("{url}: no complete answer in time")]
    Timeout {
        /// What was asked.
        url: String,
    },
    /// An HTTP status other than success.
    #[error("{url}: answered with status {status}{}: {head}", remedy(*.status))]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
        /// How the body begins.
        head: String,
    },
    /// The answer is larger than vectors for one batch can be.
    #[error("{url}: the answer is larger than {max_bytes} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit, after decompression.
        max_bytes: u64,
    },
    /// An answer that is not one vector for each text, all of one dimension and all numbers.
    #[error("{url}: unusable answer: {reason}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A vector that must not be stored. No provider should let one through; this is the last door.
    #[error("model {model} made an unusable vector: {reason}")]
    Vector {
        /// The model's id.
        model: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether the same texts may be embedded later without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }

    /// A short word for records and counts; it never changes for one kind of failure.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Model { .. } => "embed-model",
            Self::Setup { .. } => "embed-setup",
            Self::Unreachable { .. } => "embed-unreachable",
            Self::Timeout { .. } => "embed-timeout",
            Self::Status { .. } => "embed-status",
            Self::TooLarge { .. } => "embed-too-large",
            Self::Answer { .. } => "embed-answer",
            Self::Vector { .. } => "embed-vector",
        }
    }
}

/// Returns the remedy for a status that another try will not change.
fn remedy(status: u16) -> &'static str {
    match status {
        300..=399 => "; redirects are not followed, use the address it points to",
        401 | 403 => "; check the key",
        404 => "; check the address and the model's name",
        _ => "",
    }
}
