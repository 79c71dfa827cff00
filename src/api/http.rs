//! One request and its answer: the HTTP client, its redirect and proxy rules, and what an HTTP failure is called.
//!
//! What an answer says is read in [`super::wire`]; whether to ask again is decided in [`super::retry`].

mod trust;

use std::error::Error as StdError;
use std::io;
use std::sync::atomic::AtomicU64;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Response, StatusCode};
use url::{Host, Origin, Url};

use super::body;
use super::error::Error;
use super::options::{ListQuery, Options};
use super::shown::{head_of, origin_of, without_credentials};

/// Most redirects followed for one request.
const MAX_REDIRECTS: usize = 5;

/// The two calls of the API that a mirror of its catalogue needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    List,
    Details,
}

/// One call of the API: what is asked, of whichever mirror.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) endpoint: Endpoint,
    pub(super) query: Vec<(&'static str, String)>,
}

/// A body that arrived whole with a status of success.
#[derive(Debug)]
pub(super) struct Answer {
    /// What was asked, without credentials.
    pub(super) url: String,
    pub(super) is_html: bool,
    pub(super) body: String,
}

/// Sends requests.
#[derive(Debug)]
pub(super) struct Http {
    /// Follows the system's proxy settings.
    outward: reqwest::Client,
    /// Never uses a proxy: a loopback address means this machine.
    loopback: reqwest::Client,
    max_body_bytes: u64,
}

impl Call {
    /// Asks for a page of a list.
    pub(super) fn list(query: &ListQuery, page: u32) -> Self {
        Self { endpoint: Endpoint::List, query: query.pairs(page) }
    }

    /// Asks for a movie's details.
    pub(super) fn details(external_id: i32) -> Self {
        let query = vec![("movie_id", external_id.to_string()), ("with_cast", "true".to_owned())];
        Self { endpoint: Endpoint::Details, query }
    }

    /// The call in words, where no mirror is asked.
    pub(super) fn shown(&self) -> String {
        let parameters: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", self.name(), parameters.join("&"))
    }

    /// The call's address at a mirror.
    fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        url.set_path(&format!("{}{}", base.path(), self.name()));
        url.query_pairs_mut().extend_pairs(&self.query);
        url
    }

    fn name(&self) -> &'static str {
        match self.endpoint {
            Endpoint::List => "list_movies.json",
            Endpoint::Details => "movie_details.json",
        }
    }
}

impl Http {
    /// Builds the HTTP client. Installs the process's TLS provider if there is none yet.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        // The error means that one is installed already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outward = build(options, builder(options))?;
        let loopback = build(options, builder(options).no_proxy())?;
        Ok(Self { outward, loopback, max_body_bytes: options.max_body_bytes })
    }

    /// Sends a call to a mirror and returns the head of the answer.
    pub(super) async fn send(&self, base: &Url, call: &Call) -> Result<Response, Error> {
        let url = call.url(base);
        let client = if is_loopback(&url) { &self.loopback } else { &self.outward };
        client.get(url.clone()).send().await.map_err(|error| failure(&error, &url))
    }

    /// Reads the rest of the answer and counts its bytes. Any status but success is an error.
    pub(super) async fn read(&self, response: Response, bytes: &AtomicU64) -> Result<Answer, Error> {
        let asked = response.url().clone();
        let url = without_credentials(&asked);
        let is_html = is_html(response.headers());
        let status = response.status();
        if status.is_success() {
            let body = body::read(response, self.max_body_bytes, bytes).await.map_err(|problem| match problem {
                body::Problem::TooLarge => Error::TooLarge { url: url.clone(), max_bytes: self.max_body_bytes },
                body::Problem::Broken(error) => failure(&error, &asked),
            })?;
            return Ok(Answer { url, is_html, body });
        }
        if let Some(target) = location(&response) {
            return Err(Error::ForeignRedirect { url, target });
        }
        let head = head_of(&body::read_head(response, bytes).await);
        Err(match status {
            StatusCode::FORBIDDEN if is_html || head.starts_with('<') => Error::Challenge { url, head },
            _ => Error::Status { url, status: status.as_u16(), head },
        })
    }
}

/// Returns the settings that both clients share.
fn builder(options: &Options) -> reqwest::ClientBuilder {
    let allowed: Vec<Origin> = options.base_urls.iter().map(Url::origin).collect();
    let accept_json = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .default_headers(accept_json)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.read_timeout)
        .timeout(options.total_timeout)
        .pool_max_idle_per_host(options.concurrency)
        .tcp_nodelay(true)
        .gzip(true)
        .brotli(true)
        .zstd(true)
        .referer(false)
        // Ours backs off; reqwest's does not.
        .retry(reqwest::retry::never())
        .redirect(Policy::custom(move |attempt| judge_redirect(attempt, &allowed)))
}

/// Builds a client. Where only plain HTTP is configured, a machine without certificates will do.
fn build(options: &Options, builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    let needs_certificates = options.base_urls.iter().any(|url| url.scheme() == "https");
    let builder = if needs_certificates { builder } else { builder.tls_certs_only([]) };
    builder.build().map_err(|error| Error::Setup { reason: root_cause(&error) })
}

/// Follows a redirect within the configured hosts only: the API's hosts have been seen to redirect to home pages and
/// in circles, and an answer from outside must not choose whom this machine talks to.
fn judge_redirect(attempt: Attempt<'_>, allowed: &[Origin]) -> reqwest::redirect::Action {
    if !is_allowed(attempt.url(), allowed) {
        let refused = RefusedRedirect { target: origin_of(attempt.url()) };
        return attempt.error(refused);
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(EndlessRedirect);
    }
    attempt.follow()
}

/// Whether scheme, host and port are configured ones; so a redirect from https to http is none of them either.
fn is_allowed(target: &Url, allowed: &[Origin]) -> bool {
    allowed.contains(&target.origin())
}

/// Returns where a redirect points to that could not even be considered, such as to `file:`.
fn location(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let is_redirect = response.status().is_redirection();
    is_redirect.then(|| response.url().join(location).ok()).flatten().map(|target| origin_of(&target))
}

/// A redirect to a host that is not configured.
#[derive(Debug, thiserror::Error)]
#[error("redirect to {target}")]
struct RefusedRedirect {
    target: String,
}

/// One redirect too many.
#[derive(Debug, thiserror::Error)]
#[error("too many redirects")]
struct EndlessRedirect;

/// Names what went wrong below the level of answers.
fn failure(error: &reqwest::Error, asked: &Url) -> Error {
    let url = without_credentials(asked);
    if let Some(refused) = find_cause::<RefusedRedirect>(error) {
        Error::ForeignRedirect { url, target: refused.target.clone() }
    } else if find_cause::<EndlessRedirect>(error).is_some() {
        Error::RedirectLoop { url }
    } else if let Some(reason) = trust::distrust(causes(error)) {
        Error::Untrusted { url: origin_of(asked), reason }
    } else if error.is_connect() {
        Error::Connect { url: origin_of(asked), reason: root_cause(error) }
    } else if error.is_timeout() {
        Error::Timeout { url }
    } else {
        Error::Transfer { url, reason: root_cause(error) }
    }
}

/// Iterates over an error and its causes, outermost first.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

fn find_cause<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// Returns the innermost cause in few words. (The outer ones repeat the URL, credentials included.)
fn root_cause(error: &reqwest::Error) -> String {
    let innermost = causes(error).last().map(ToString::to_string).unwrap_or_default();
    match find_cause::<io::Error>(error).map(io::Error::kind) {
        None | Some(io::ErrorKind::Other | io::ErrorKind::InvalidData) => innermost,
        // The system's own words, unless we have no others.
        Some(kind) if innermost.contains("(os error") && is_named(kind) => kind.to_string(),
        Some(_) => innermost,
    }
}

/// Whether a kind of error says what it is, as that of too many open files does not.
fn is_named(kind: io::ErrorKind) -> bool {
    kind != io::ErrorKind::Other && kind.to_string() != "uncategorized error"
}

/// Whether an address is this machine's own.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether the answer calls itself HTML.
fn is_html(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.trim_start().to_ascii_lowercase().starts_with("text/html")
}

#[cfg(test)]
mod tests;
