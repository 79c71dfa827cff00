//! Which host is asked: the base URLs in order, and when to move on from one to the next.
//!
//! The choice is shared by all users of a client. Sending is [`super::http`]'s.

use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Url;

use super::error::Error;
use super::shown::without_credentials;

/// Failures in a row that make a mirror lose its place.
const BLAMED_IN_A_ROW: u32 = 3;

/// The configured hosts and the one in use.
#[derive(Debug)]
pub(super) struct Mirrors {
    bases: Vec<Url>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: usize,
    blamed_in_a_row: u32,
}

impl Mirrors {
    /// Takes the base URLs in order of preference.
    pub(super) fn new(base_urls: &[Url]) -> Result<Self, Error> {
        let bases = base_urls.iter().map(checked_base).collect::<Result<Vec<_>, _>>()?;
        if bases.is_empty() {
            return Err(Error::Setup { reason: "no base URL; pass --base-url".to_owned() });
        }
        Ok(Self { bases, state: Mutex::default() })
    }

    /// Returns how many there are; never 0.
    pub(super) fn count(&self) -> usize {
        self.bases.len()
    }

    /// Returns a mirror's base URL.
    pub(super) fn base(&self, mirror: usize) -> &Url {
        &self.bases[mirror]
    }

    /// Picks the mirror to ask: the one in use, or the next after it that is not ruled out.
    pub(super) fn pick(&self, ruled_out: &[usize]) -> Option<usize> {
        let current = self.lock().current;
        (0..self.count()).map(|step| (current + step) % self.count()).find(|mirror| !ruled_out.contains(mirror))
    }

    /// Notes an answer of the API.
    pub(super) fn succeeded(&self, mirror: usize) {
        let mut state = self.lock();
        if state.current == mirror {
            state.blamed_in_a_row = 0;
        }
    }

    /// Notes a failure; after several in a row that speak against the host, moves on to the next for all.
    pub(super) fn failed(&self, mirror: usize, error: &Error) {
        let mut state = self.lock();
        // Failures of requests that were in flight when the others moved on no longer matter.
        if state.current != mirror || !error.blames_mirror() {
            return;
        }
        state.blamed_in_a_row += 1;
        if state.blamed_in_a_row < BLAMED_IN_A_ROW || self.count() == 1 {
            return;
        }
        let next = (mirror + 1) % self.count();
        *state = State { current: next, blamed_in_a_row: 0 };
        drop(state);
        let (from, to) = (without_credentials(self.base(mirror)), without_credentials(self.base(next)));
        tracing::warn!(%from, %to, %error, "moving on to the next mirror");
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the base URL as a folder, so that joining a call's name appends to it.
fn checked_base(url: &Url) -> Result<Url, Error> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        let shown = without_credentials(url);
        return Err(Error::Setup { reason: format!("base URL {shown} is not http or https; check --base-url") });
    }
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", url.path()));
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrors(urls: &[&str]) -> Mirrors {
        let urls: Vec<_> = urls.iter().map(|url| Url::parse(url).unwrap()).collect();
        Mirrors::new(&urls).unwrap()
    }

    fn refused() -> Error {
        Error::Connect { url: "http://a".to_owned(), reason: "connection refused".to_owned() }
    }

    #[test]
    fn appends_to_base_urls_with_and_without_a_slash() {
        let both = mirrors(&["https://a.example/api/v2", "https://b.example/api/v2/?token=1#x"]);
        let joined: Vec<_> = (0..2).map(|mirror| both.base(mirror).join("list_movies.json").unwrap()).collect();
        assert_eq!(joined[0].as_str(), "https://a.example/api/v2/list_movies.json");
        assert_eq!(joined[1].as_str(), "https://b.example/api/v2/list_movies.json");
    }

    #[test]
    fn refuses_what_is_no_web_address() {
        for url in ["file:///etc/passwd", "ftp://a.example/", "data:,x"] {
            let refused = Mirrors::new(&[Url::parse(url).unwrap()]);
            assert!(matches!(refused, Err(Error::Setup { .. })), "{url}");
        }
        assert!(Mirrors::new(&[]).is_err());
    }

    #[test]
    fn moves_on_after_three_failures_in_a_row_and_comes_round() {
        let both = mirrors(&["http://a/", "http://b/"]);
        both.failed(0, &refused());
        both.failed(0, &refused());
        both.succeeded(0);
        both.failed(0, &refused());
        assert_eq!(both.pick(&[]), Some(0));
        both.failed(0, &refused());
        both.failed(0, &refused());
        assert_eq!(both.pick(&[]), Some(1));
        both.failed(0, &refused());
        (0..3).for_each(|_| both.failed(1, &refused()));
        assert_eq!(both.pick(&[]), Some(0));
    }

    #[test]
    fn a_passing_failure_does_not_speak_against_the_host() {
        let both = mirrors(&["http://a/", "http://b/"]);
        let busy = Error::Status { url: String::new(), status: 503, head: String::new() };
        (0..10).for_each(|_| both.failed(0, &busy));
        assert_eq!(both.pick(&[]), Some(0));
    }

    #[test]
    fn picks_the_next_that_is_not_ruled_out() {
        let three = mirrors(&["http://a/", "http://b/", "http://c/"]);
        assert_eq!(three.pick(&[0, 1]), Some(2));
        assert_eq!(three.pick(&[2, 0, 1]), None);
    }
}
