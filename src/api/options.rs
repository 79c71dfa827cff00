//! What a caller may set: how the client behaves, and what a list is asked for.
//!
//! Plain data and its defaults, which are those of `config/default.toml`. Where the values come from (files, environment,
//! command line) is not known here.

use std::time::Duration;

use url::Url;

/// Where the API stands in 2026; hosts change often, so this is a default and never an assumption.
const DEFAULT_BASE_URL: &str = "https://movies-api.accel.li/api/v2/";

/// How a [`Client`](super::Client) behaves towards the source.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base URLs of the API in order of preference, up to and including `/api/v2/`.
    pub base_urls: Vec<Url>,
    /// What the client calls itself; some user agents are refused by the source.
    pub user_agent: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the next byte; the API has been seen to take 20 s until the first.
    pub read_timeout: Duration,
    /// Longest time for one whole answer.
    pub total_timeout: Duration,
    /// Largest answer accepted, in bytes after decompression.
    pub max_body_bytes: u64,
    /// Most requests in flight at once.
    pub concurrency: usize,
    /// Most requests started a second, evenly spaced; 0 means no limit.
    pub rate: f64,
    /// Most attempts for one request. Answers of 429 do not count, they are bounded on their own.
    pub max_attempts: u32,
    /// Delay before the second attempt; it doubles from there.
    pub base_delay: Duration,
    /// Longest delay between two attempts.
    pub max_delay: Duration,
    /// Longest pause the source may impose, whatever it asks for.
    pub max_pause: Duration,
    /// Failed connections a mirror before the first success that mean "source down".
    pub breaker_connect_failures: u32,
    /// Failed attempts a mirror, of any kind, before the first success that mean "source down".
    pub breaker_start_failures: u32,
    /// Failed attempts in a row, over all users, after a success that mean "source down" …
    pub breaker_streak: u32,
    /// … if they also lasted this long.
    pub breaker_streak_time: Duration,
    /// Shortest time over which nearly all attempts must have failed, after a success, to mean "source down". The
    /// default is just below the patience of one call, so that a source that fails nine times in ten is left alone
    /// before calls are given up one by one.
    pub breaker_ratio_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_urls: Url::parse(DEFAULT_BASE_URL).into_iter().collect(),
            user_agent: concat!("yts-ingest/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(2),
            max_body_bytes: 16 * 1024 * 1024,
            concurrency: 32,
            rate: 20.0,
            max_attempts: 8,
            base_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(30),
            max_pause: Duration::from_mins(15),
            breaker_connect_failures: 4,
            breaker_start_failures: 8,
            breaker_streak: 24,
            breaker_streak_time: Duration::from_mins(1),
            breaker_ratio_time: Duration::from_secs(15),
        }
    }
}

/// Which list is asked for. Only what is set is sent; the API accepts nonsense in silence, so check values before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Movies a page, 1 to 50; 0 leaves it to the API, which then takes 20.
    pub limit: u32,
    /// Genre name.
    pub genre: Option<String>,
    /// Quality of a torrent, such as `1080p`.
    pub quality: Option<String>,
    /// Words to search for.
    pub query_term: Option<String>,
    /// Sort key, such as `date_added`.
    pub sort_by: Option<String>,
    /// `desc` or `asc`.
    pub order_by: Option<String>,
    /// Lowest rating, 0 to 9.
    pub minimum_rating: Option<u8>,
}

impl ListQuery {
    /// Returns how many movies a page has, as the API will understand it.
    #[must_use]
    pub fn page_size(&self) -> u32 {
        const API_DEFAULT: u32 = 20;
        if self.limit == 0 { API_DEFAULT } else { self.limit }
    }

    /// Returns the parameters that ask for one page of the list.
    #[must_use]
    pub fn pairs(&self, page: u32) -> Vec<(&'static str, String)> {
        let limit = (self.limit > 0).then(|| self.limit.to_string());
        let minimum_rating = self.minimum_rating.map(|rating| rating.to_string());
        [
            ("limit", limit),
            ("page", Some(page.to_string())),
            ("genre", self.genre.clone()),
            ("quality", self.quality.clone()),
            ("query_term", self.query_term.clone()),
            ("sort_by", self.sort_by.clone()),
            ("order_by", self.order_by.clone()),
            ("minimum_rating", minimum_rating),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_only_what_is_set() {
        let bare = ListQuery::default();
        assert_eq!(bare.pairs(3), [("page", "3".to_owned())]);

        let narrowed = ListQuery { limit: 50, order_by: Some("asc".to_owned()), minimum_rating: Some(7), ..bare };
        let names: Vec<_> = narrowed.pairs(1).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["limit", "page", "order_by", "minimum_rating"]);
    }

    #[test]
    fn the_default_has_somewhere_to_ask() {
        assert_eq!(Options::default().base_urls.len(), 1);
    }
}
