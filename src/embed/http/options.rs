//! What a caller may set about an embedding service, and the address that follows from it.
//!
//! Plain data and its defaults; where the values come from is the configuration's concern.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::embed::error::Error;

/// Whom to ask for vectors, and how patiently.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Base address of the service; `/v1/embeddings` is added, `/v1` only where it is not there yet.
    pub base_url: String,
    /// The model's name as the service knows it.
    pub model: String,
    /// The key, for services that want one; see [`key_from_file`](super::key_from_file) and
    /// [`key_from_env`](super::key_from_env).
    pub key: Option<SecretString>,
    /// Dimension of the model's vectors, where it is known from before; else the first answer tells.
    pub dimension: Option<usize>,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest time for one answer; a service may have to load its model first.
    pub total_timeout: Duration,
    /// Most attempts for one request.
    pub max_attempts: u32,
    /// Delay before the second attempt; it doubles from there.
    pub base_delay: Duration,
    /// Longest delay between two attempts, whatever the service asks for.
    pub max_delay: Duration,
}

impl HttpOptions {
    /// Returns the settings for a service and a model, all others at their defaults.
    #[must_use]
    pub fn new(base_url: &str, model: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            key: None,
            dimension: None,
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_mins(1),
            max_attempts: 4,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
        }
    }

    /// Returns the address that requests go to. Messages about it never repeat it, for it may hold a password.
    pub(super) fn endpoint(&self) -> Result<Url, Error> {
        let refused = |reason: &str| Error::Setup { reason: reason.to_owned() };
        if self.model.trim().is_empty() {
            return Err(refused("embeddings.model names no model; name one that the service knows"));
        }
        let mut url = Url::parse(&self.base_url).map_err(|error| {
            refused(&format!("embeddings.base_url is not a URL ({error}); http://localhost:11434 is one"))
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("embeddings.base_url begins with neither http:// nor https://"));
        }
        let path = url.path().trim_end_matches('/');
        let base = path.strip_suffix("/v1").unwrap_or(path);
        let path = format!("{base}/v1/embeddings");
        url.set_path(&path);
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_may_have_its_version_or_not() {
        for (base, expected) in [
            ("http://localhost:11434", "http://localhost:11434/v1/embeddings"),
            ("https://api.example/v1/", "https://api.example/v1/embeddings"),
            ("https://host.example/tei/", "https://host.example/tei/v1/embeddings"),
        ] {
            assert_eq!(HttpOptions::new(base, "m").endpoint().unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_without_repeating_it() {
        for (base, model) in
            [("me:secret", "m"), ("ftp://me:secret@host", "m"), ("http://me:secret@", "m"), ("http://a", "")]
        {
            let error = HttpOptions::new(base, model).endpoint().unwrap_err();
            assert!(error.kind() == "embed-setup" && !error.to_string().contains("secret"), "{error}");
        }
    }
}
