//! A service that makes the vectors: whatever speaks `OpenAI`'s `POST /v1/embeddings`, as Ollama, TEI and LM Studio do.
//!
//! All of this module's HTTP is in this file: requests, their bounded repetition, and the pinned dimension. What an
//! answer must be to be believed is said in [`answer`], where the key comes from in [`key`], settings are in
//! [`options`].

mod answer;
mod key;
mod options;

#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use super::Embedding;
use super::error::Error;
use crate::terminal::printable;

pub use key::{key_from_env, key_from_file};
pub use options::HttpOptions;

/// Texts a request; the limit of Hugging Face's TEI.
const BATCH_TEXTS: usize = 32;
/// Characters of a text that are sent. Models read a few thousand at most, and some services refuse longer ones.
const MAX_TEXT_CHARS: usize = 8_000;
/// Largest answer accepted: 32 vectors of the highest dimension take about half.
const MAX_BODY_BYTES: u64 = 32 * 1024 * 1024;
/// Characters of an error answer that a message shows.
const HEAD_CHARS: usize = 200;

const UNUSABLE_KEY: &str = "the key holds characters that no key has; see embeddings.key_file, or the variable that \
                            embeddings.key_variable names";

/// A model behind a service. Clones share the connections and the pinned dimension.
#[derive(Clone, Debug)]
pub struct HttpModel {
    service: Arc<Service>,
}

#[derive(Debug)]
struct Service {
    id: String,
    endpoint: Url,
    /// The endpoint as messages show it: without credentials and parameters.
    shown: String,
    client: Client,
    options: HttpOptions,
    /// Set by the first answer, unless the options did; every later vector must have it.
    dimension: OnceLock<usize>,
}

/// An attempt that failed.
#[derive(Debug)]
struct Failure {
    error: Error,
    /// What the service asks to wait before the next.
    asked_wait: Option<Duration>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, asked_wait: None }
    }
}

impl HttpModel {
    /// Prepares to ask a service; asks nothing yet. Installs the process's TLS provider if there is none.
    pub fn new(options: HttpOptions) -> Result<Self, Error> {
        let endpoint = options.endpoint()?;
        let host = endpoint.host_str().unwrap_or_default();
        let port = endpoint.port().map(|port| format!(":{port}")).unwrap_or_default();
        let base = endpoint.path().strip_suffix("/v1/embeddings").unwrap_or_default();
        let id = format!("http:{}@{host}{port}{base}", options.model);
        let shown = format!("{}{}", endpoint.origin().ascii_serialization(), endpoint.path());
        let client = client(&endpoint, &options)?;
        let dimension = options.dimension.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self { service: Arc::new(Service { id, endpoint, shown, client, options, dimension }) })
    }

    /// Returns one embedding for each text; `None` for blank texts, which are never sent.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, Error> {
        let mut embeddings = vec![None; texts.len()];
        let sent: Vec<usize> = (0..texts.len()).filter(|&place| !texts[place].trim().is_empty()).collect();
        for batch in sent.chunks(BATCH_TEXTS) {
            let input: Vec<&str> = batch.iter().map(|&place| beginning(&texts[place])).collect();
            let vectors = self.service.ask_until_settled(&input).await?;
            for (&place, vector) in batch.iter().zip(vectors) {
                embeddings[place] = Some(vector);
            }
        }
        Ok(embeddings)
    }

    /// Returns the model's name and address, such as `http:nomic-embed-text@localhost:11434`, with the path where a host
    /// has several services.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.service.id
    }

    /// Says how many numbers a vector has, where that is known from before and no answer has told yet: vectors of another
    /// dimension are refused then.
    pub fn expect_dimension(&self, dimension: usize) {
        // An answer, or the options, said so before.
        let _ = self.service.dimension.set(dimension);
    }

    /// Returns how many numbers a vector has; `None` before the first answer unless the options say so.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.service.dimension.get().copied()
    }
}

impl Service {
    /// Asks for a batch until there is an answer, an error that will not pass, or no attempt left.
    async fn ask_until_settled(&self, input: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        let mut attempt = 1;
        loop {
            let Failure { error, asked_wait } = match self.ask(input).await {
                Ok(vectors) => return Ok(vectors),
                Err(failure) => failure,
            };
            if attempt >= self.options.max_attempts || !error.is_transient() {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "embedding attempt failed");
            tokio::time::sleep(self.delay(attempt, asked_wait)).await;
            attempt += 1;
        }
    }

    /// Sends a batch once and reads the answer.
    async fn ask(&self, input: &[&str]) -> Result<Vec<Vec<f32>>, Failure> {
        let body = serde_json::json!({ "model": self.options.model, "input": input }).to_string();
        let request = self.client.post(self.endpoint.clone()).header(CONTENT_TYPE, "application/json").body(body);
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        let status = response.status();
        let asked_wait = asked_wait(response.headers());
        if status != StatusCode::OK {
            let head = self.head_of(&self.read(response).await.unwrap_or_default());
            let error = Error::Status { url: self.shown.clone(), status: status.as_u16(), head };
            return Err(Failure { error, asked_wait });
        }
        let body = self.read(response).await?;
        let unusable =
            |reason: String| Error::Answer { url: self.shown.clone(), reason: self.head_of(reason.as_bytes()) };
        let vectors = answer::read(&body, input.len()).map_err(unusable)?;
        self.pin_dimension(&vectors)?;
        Ok(vectors)
    }

    /// Reads a body piece by piece, counted after decompression.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.failed(&error))? {
            body.extend_from_slice(&piece);
            if body.len() as u64 > MAX_BODY_BYTES {
                return Err(Error::TooLarge { url: self.shown.clone(), max_bytes: MAX_BODY_BYTES });
            }
        }
        Ok(body)
    }

    /// Takes the first vector's dimension for the model's, and no other from then on.
    fn pin_dimension(&self, vectors: &[Vec<f32>]) -> Result<(), Error> {
        let Some(first) = vectors.first() else { return Ok(()) };
        let pinned = *self.dimension.get_or_init(|| first.len());
        match vectors.iter().find(|vector| vector.len() != pinned) {
            None => Ok(()),
            Some(other) => {
                let reason = format!("a vector of {} numbers from a model of dimension {pinned}", other.len());
                Err(Error::Answer { url: self.shown.clone(), reason })
            }
        }
    }

    /// Returns the delay after an attempt (from 1): doubled with each, at least half of it at random, not shorter than
    /// the service asks for, and never above the limit.
    fn delay(&self, attempt: u32, asked_wait: Option<Duration>) -> Duration {
        let doubled = self.options.base_delay.saturating_mul(2_u32.saturating_pow(attempt - 1));
        let own = doubled.min(self.options.max_delay).mul_f64(rand::random_range(0.5..=1.0));
        own.max(asked_wait.unwrap_or_default()).min(self.options.max_delay)
    }

    /// Names what went wrong below the level of answers.
    fn failed(&self, error: &reqwest::Error) -> Error {
        let url = self.shown.clone();
        // The innermost cause, for the outer ones repeat the URL, credentials included.
        let innermost = std::iter::successors(Some(error as &(dyn StdError + 'static)), |&cause| cause.source()).last();
        let reason = innermost.map(ToString::to_string).unwrap_or_default();
        if error.is_timeout() && !error.is_connect() {
            Error::Timeout { url }
        } else {
            Error::Unreachable { url, reason }
        }
    }

    /// Returns the beginning of a text from outside, fit for one line of a log. Some services repeat a wrong key.
    fn head_of(&self, text: &[u8]) -> String {
        let text = String::from_utf8_lossy(text);
        let key = self.options.key.as_ref().map(SecretString::expose_secret);
        let text = key.map_or_else(|| text.to_string(), |key| text.replace(key, "***"));
        printable(&text.trim().chars().take(HEAD_CHARS).collect::<String>())
    }
}

/// Builds the HTTP client. Redirects are not followed: the key is for this host only.
fn client(endpoint: &Url, options: &HttpOptions) -> Result<Client, Error> {
    // The error means that one is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("yts-ingest/", env!("CARGO_PKG_VERSION")))
        .default_headers(authorization(options.key.as_ref())?)
        .connect_timeout(options.connect_timeout)
        .timeout(options.total_timeout)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none());
    if is_loopback(endpoint) {
        builder = builder.no_proxy();
    }
    if endpoint.scheme() == "http" {
        // A machine without certificates will do.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| Error::Setup { reason: error.to_string() })
}

/// Returns the header that carries the key, marked so that it is never shown.
fn authorization(key: Option<&SecretString>) -> Result<HeaderMap, Error> {
    let Some(key) = key else { return Ok(HeaderMap::new()) };
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()))
        .map_err(|_| Error::Setup { reason: UNUSABLE_KEY.to_owned() })?;
    bearer.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
}

/// Returns the wait that `Retry-After` asks for, in seconds or as a date.
fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    (until.to_utc() - Utc::now()).to_std().ok()
}

/// Whether an address is this machine's own, where no proxy has a place.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Returns as much of a text as is sent.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_TEXT_CHARS).map_or(text.len(), |(end, _)| end);
    &text[..end]
}
