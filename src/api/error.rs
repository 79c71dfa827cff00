//! What can go wrong between us and the API, and what each failure means for the next step.
//!
//! A text about an answer, or about none, begins with the address that was asked, credentials removed. Deciding what to
//! do is left to [`super::retry`], [`super::mirrors`] and [`super::breaker`]; here are only the facts they decide by.

use super::wire::BadMovie;

/// A request that did not bring what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client cannot be built from its options.
    #[error("cannot set up the API client: {reason}")]
    Setup {
        /// What is wrong with them.
        reason: String,
    },
    /// No connection: refused, name not found, TLS not spoken.
    #[error("{url}: {reason}")]
    Connect {
        /// Scheme, host and port.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// The host's certificate is not to be trusted; nothing was asked.
    #[error("{url}: its certificate is refused: {reason}")]
    Untrusted {
        /// Scheme, host and port.
        url: String,
        /// What is wrong with it, and the remedy.
        reason: String,
    },
    /// The answer, or its next byte, did not come in time.
    #[error("{url}: no complete answer in time")]
    Timeout {
        /// What was asked.
        url: String,
    },
    /// The answer broke off or was no proper HTTP.
    #[error("{url}: the answer broke off: {reason}")]
    Transfer {
        /// What was asked.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// The answer is larger than accepted.
    #[error("{url}: the answer is larger than {max_bytes} bytes; where it may be, raise api.max_body_mib")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit, after decompression.
        max_bytes: u64,
    },
    /// An HTTP status other than success.
    #[error("{url}: answered with status {status}{}", status_remedy(*.status))]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
        /// How the body begins.
        head: String,
    },
    /// The source kept asking to slow down.
    #[error("{url}: asked to slow down {times} times; lower the rate or try again later")]
    Throttled {
        /// What was asked.
        url: String,
        /// How often, for this one request.
        times: u32,
    },
    /// An HTML page where JSON was due: a challenge, a captive portal, a home page.
    #[error("{url}: an HTML page instead of JSON (a challenge page?)")]
    Challenge {
        /// What was asked.
        url: String,
        /// How the page begins.
        head: String,
    },
    /// A redirect to a host that is not among the base URLs; it was not followed.
    #[error("{url}: redirects to {target}, which is not a configured host; pass it as --base-url if you trust it")]
    ForeignRedirect {
        /// What was asked.
        url: String,
        /// Scheme, host and port it points to.
        target: String,
    },
    /// Too many redirects.
    #[error("{url}: redirects without end")]
    RedirectLoop {
        /// What was asked.
        url: String,
    },
    /// An empty or plain body, such as `Moved`.
    #[error("{url}: not JSON")]
    NotJson {
        /// What was asked.
        url: String,
        /// How the body begins.
        head: String,
    },
    /// JSON of something else: no `status` in it. Clone hosts answer so.
    #[error("{url}: not a YTS API? check --base-url")]
    NotAnApi {
        /// What was asked.
        url: String,
        /// How the body begins.
        head: String,
    },
    /// The API says that it failed.
    #[error("{url}: the API answered {status:?}: {message}")]
    NotOk {
        /// What was asked.
        url: String,
        /// The envelope's status.
        status: String,
        /// The envelope's message.
        message: String,
    },
    /// JSON that is cut off or malformed.
    #[error("{url}: malformed JSON: {reason}")]
    Json {
        /// What was asked.
        url: String,
        /// What is wrong, with line and column.
        reason: String,
        /// How the body begins.
        head: String,
    },
    /// JSON that is well-formed but not what the API answers.
    #[error("{url}: unexpected answer: {reason}")]
    Shape {
        /// What was asked.
        url: String,
        /// What is missing or of the wrong type.
        reason: String,
        /// How the body begins.
        head: String,
    },
    /// A page that should have movies has none. The API does so when asked in bursts.
    #[error("{url}: no movies on page {page} although there are {movie_count} in all")]
    MissingMovies {
        /// What was asked.
        url: String,
        /// The page.
        page: u32,
        /// What the API counts.
        movie_count: u64,
    },
    /// Details of another movie than the one asked for.
    #[error("{url}: answered with movie {answered} when asked for {asked}")]
    WrongMovie {
        /// What was asked.
        url: String,
        /// The id asked for.
        asked: i32,
        /// The id in the answer.
        answered: i64,
    },
    /// The API knows no such movie; it says so with id 0.
    #[error("movie {external_id}: unknown to the source")]
    UnknownMovie {
        /// The id asked for.
        external_id: i32,
    },
    /// Details that cannot be understood.
    #[error(transparent)]
    BadMovie(#[from] BadMovie),
    /// The source is down as far as this client can tell; it will not ask again.
    #[error("source unreachable: {last}")]
    SourceDown {
        /// The last failure and the remedy.
        last: String,
    },
}

impl Error {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 300..=399 | 408 | 425 | 429 | 500..=599),
            Self::Setup { .. }
            | Self::Untrusted { .. }
            | Self::TooLarge { .. }
            | Self::NotAnApi { .. }
            | Self::UnknownMovie { .. }
            | Self::BadMovie(_) => false,
            _ => true,
        }
    }

    /// Whether the client has given up on the source altogether.
    #[must_use]
    pub fn is_source_down(&self) -> bool {
        matches!(self, Self::SourceDown { .. })
    }

    /// A short word for records and counts; it never changes for one kind of failure.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Setup { .. } => "setup",
            Self::Connect { .. } => "connect",
            Self::Untrusted { .. } => "untrusted",
            Self::Timeout { .. } => "timeout",
            Self::Transfer { .. } => "transfer",
            Self::TooLarge { .. } => "too-large",
            Self::Status { .. } => "status",
            Self::Throttled { .. } => "throttled",
            Self::Challenge { .. } => "challenge",
            Self::ForeignRedirect { .. } => "foreign-redirect",
            Self::RedirectLoop { .. } => "redirect-loop",
            Self::NotJson { .. } => "not-json",
            Self::NotAnApi { .. } => "not-an-api",
            Self::NotOk { .. } => "not-ok",
            Self::Json { .. } => "json",
            Self::Shape { .. } => "shape",
            Self::MissingMovies { .. } => "missing-movies",
            Self::WrongMovie { .. } => "wrong-movie",
            Self::UnknownMovie { .. } => "unknown-movie",
            Self::BadMovie(_) => "bad-movie",
            Self::SourceDown { .. } => "source-down",
        }
    }

    /// How the offending body begins, where there was one.
    #[must_use]
    pub fn body_head(&self) -> Option<&str> {
        match self {
            Self::Status { head, .. }
            | Self::Challenge { head, .. }
            | Self::NotJson { head, .. }
            | Self::NotAnApi { head, .. }
            | Self::Json { head, .. }
            | Self::Shape { head, .. } => Some(head),
            Self::BadMovie(bad) => Some(&bad.body_head),
            _ => None,
        }
    }

    /// Whether no connection came about.
    pub(super) fn is_connect(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }

    /// Whether the answer, though no use, came from a healthy API.
    pub(super) fn is_from_the_api(&self) -> bool {
        matches!(self, Self::UnknownMovie { .. } | Self::BadMovie(_))
    }

    /// Whether asking the same mirror again makes no sense.
    pub(super) fn rules_out_mirror(&self) -> bool {
        !self.is_transient() && !self.is_from_the_api()
    }

    /// Whether the host rather than the moment may be at fault, so that another mirror may do better.
    pub(super) fn blames_mirror(&self) -> bool {
        match self {
            // 520 and up: the protection in front of the host cannot reach it.
            Self::Status { status, .. } => matches!(status, 300..=399 | 520..=527) || self.rules_out_mirror(),
            Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Challenge { .. }
            | Self::NotJson { .. }
            | Self::ForeignRedirect { .. }
            | Self::RedirectLoop { .. }
            | Self::WrongMovie { .. } => true,
            _ => self.rules_out_mirror(),
        }
    }
}

/// Returns the remedy for a status that another try will not change.
fn status_remedy(status: u16) -> &'static str {
    match status {
        403 => "; the source may refuse this user agent or address",
        408 | 425 | 429 => "",
        400..=499 => "; not a YTS API? check --base-url",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> Error {
        Error::Status { url: "http://a/".to_owned(), status, head: String::new() }
    }

    #[test]
    fn tells_passing_statuses_from_lasting_ones() {
        assert!([301, 408, 425, 429, 500, 503, 520, 527].into_iter().all(|code| status(code).is_transient()));
        assert!([400, 401, 403, 404, 410].into_iter().all(|code| !status(code).is_transient()));
        assert!(status(404).to_string().contains("check --base-url"));
    }
}
