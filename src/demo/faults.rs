//! What the demo API does wrong on purpose: how a user writes it, and which fault a request draws.
//! How a fault is carried out is in `service` and `http`; the waiting times after a 429 are in `throttle`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rand::Rng;

use super::draw::{Purpose, fnv1a, pick, stream};

/// The faults of a demo server, written `5xx=10,reset=5,latency=50ms`; by default there are none.
///
/// Percentages are of all requests, with up to six decimals; together they are 100 at most. Which fault a request draws
/// follows from `seed`, the request's target (path and query as sent) and how often that target was asked before: so a
/// run can be replayed whatever the order in which concurrent requests arrive. Requests refused by `rate` or inside a
/// Retry-After window draw nothing and do not count as asked. `insert` and `remove` go by the number of list requests
/// that were not refused, so by their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// `5xx`: percent answered 500, 502, 503 or 522.
    pub server_error: f64,
    /// `reset`: percent whose connection is reset after a part of the body.
    pub reset: f64,
    /// `truncate`: percent answered by a complete response with cut JSON.
    pub truncate: f64,
    /// `html`: percent answered 200 with a challenge page.
    pub html: f64,
    /// `429`: percent that open a window of one second in which every request is answered 429. After a window none
    /// opens for five seconds, so that a client that honours Retry-After always gets on.
    pub too_many: f64,
    /// `missing`: percent of the list requests whose answer counts movies and has none.
    pub missing: f64,
    /// `stall`: percent that get no byte for a minute.
    pub stall: f64,
    /// `latency`: added to each answer.
    pub latency: Duration,
    /// `insert`: with every so many list requests a new movie comes to the head of the list; 0 for never.
    pub insert: u32,
    /// `remove`: with every so many list requests a movie disappears, from anywhere; 0 for never.
    pub remove: u32,
    /// `rate`: requests a second, above which requests are answered 429; the bucket holds one second's worth. 0 for no
    /// limit.
    pub rate: f64,
    /// `seed`: which requests draw which fault.
    pub seed: u64,
}

/// Why a text does not describe faults.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FaultsError {
    /// The part before the `=` is no key.
    #[error(
        "unknown fault {0:?}; known are 5xx, reset, truncate, html, 429, missing, stall (percent), latency, insert, \
         remove, rate, seed"
    )]
    UnknownKey(String),
    /// An entry has no `=`.
    #[error("fault {0:?} has no value; write key=value, with commas between, such as 5xx=10,latency=50ms")]
    NoValue(String),
    /// The part behind the `=` does not suit its key.
    #[error("fault {key} cannot be {value:?}; it takes {expected}")]
    BadValue {
        /// The key.
        key: String,
        /// What was given.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// The percentages are more than 100 together.
    #[error("the percentages of the faults sum up to {0}, which is more than 100")]
    MoreThanAll(f64),
}

/// A fault to be carried out on one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Answers with this status.
    ServerError(u16),
    /// Sends so many percent of the body, then resets the connection.
    Reset(usize),
    /// Cuts the body to so many percent.
    Truncate(usize),
    /// Answers with a challenge page.
    Html,
    /// Opens a window of 429s.
    TooMany,
    /// Leaves out the `movies` of a list.
    Missing,
    /// Sends nothing for a minute.
    Stall,
}

const PERCENT: &str = "a percentage from 0 to 100";
const EVERY: &str = "a number of list requests, 0 for never";
const LATENCY: &str = "a time such as 50ms or 1s";
const RATE: &str = "requests a second, 0 for no limit";
const SEED: &str = "a whole number";

impl Faults {
    /// Returns each percentage with its key and the fault it stands for.
    fn percentages(&self) -> [(&'static str, f64); 7] {
        [
            ("5xx", self.server_error),
            ("reset", self.reset),
            ("truncate", self.truncate),
            ("html", self.html),
            ("429", self.too_many),
            ("missing", self.missing),
            ("stall", self.stall),
        ]
    }

    /// Returns the fault that a target draws when it was asked `asked_before` times.
    pub(super) fn draw(&self, target: &str, asked_before: u64) -> Option<Fault> {
        let mut rng = stream(self.seed ^ fnv1a(target), Purpose::Fault, asked_before);
        let mut left = rng.random_range(0.0..100.0);
        for (key, percent) in self.percentages() {
            if left < percent {
                return Some(match key {
                    "5xx" => Fault::ServerError(pick(&mut rng, &[500, 502, 503, 522])),
                    "reset" => Fault::Reset(rng.random_range(5..95)),
                    "truncate" => Fault::Truncate(rng.random_range(5..95)),
                    "html" => Fault::Html,
                    "429" => Fault::TooMany,
                    "missing" => Fault::Missing,
                    _ => Fault::Stall,
                });
            }
            left -= percent;
        }
        None
    }

    /// Says whether any request can draw a fault.
    pub(super) fn any_drawn(&self) -> bool {
        self.percentages().iter().any(|(_, percent)| *percent > 0.0)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), FaultsError> {
        let bad = |expected| FaultsError::BadValue { key: key.to_owned(), value: value.to_owned(), expected };
        let percent = || number(value).filter(|percent| *percent <= 100.0).ok_or_else(|| bad(PERCENT));
        let every = || value.parse().map_err(|_| bad(EVERY));
        match key {
            "5xx" => self.server_error = percent()?,
            "reset" => self.reset = percent()?,
            "truncate" => self.truncate = percent()?,
            "html" => self.html = percent()?,
            "429" => self.too_many = percent()?,
            "missing" => self.missing = percent()?,
            "stall" => self.stall = percent()?,
            "latency" => self.latency = latency(value).ok_or_else(|| bad(LATENCY))?,
            "insert" => self.insert = every()?,
            "remove" => self.remove = every()?,
            "rate" => self.rate = number(value).ok_or_else(|| bad(RATE))?,
            "seed" => self.seed = value.parse().map_err(|_| bad(SEED))?,
            _ => return Err(FaultsError::UnknownKey(key.to_owned())),
        }
        Ok(())
    }
}

/// Reads a number that is neither negative nor infinite.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// Reads a time in whole seconds or milliseconds.
fn latency(text: &str) -> Option<Duration> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return milliseconds.parse().ok().map(Duration::from_millis);
    }
    text.strip_suffix('s')?.parse().ok().map(Duration::from_secs)
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut faults = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (key, value) = entry.split_once('=').ok_or_else(|| FaultsError::NoValue(entry.to_owned()))?;
            faults.set(key.trim(), value.trim())?;
        }
        let sum: f64 = faults.percentages().iter().map(|(_, percent)| percent).sum();
        // The margin is for sums such as 99.9 and 0.1, which binary fractions miss by a hair.
        if sum > 100.0 + 1e-9 { Err(FaultsError::MoreThanAll(sum)) } else { Ok(faults) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = self.percentages().into_iter().chain([("rate", self.rate)]).filter(|(_, value)| *value > 0.0);
        let mut entries: Vec<String> = given.map(|(key, value)| format!("{key}={value}")).collect();
        if !self.latency.is_zero() {
            entries.push(format!("latency={}ms", self.latency.as_millis()));
        }
        for (key, value) in
            [("insert", u64::from(self.insert)), ("remove", u64::from(self.remove)), ("seed", self.seed)]
        {
            if value > 0 {
                entries.push(format!("{key}={value}"));
            }
        }
        formatter.write_str(&entries.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str =
        "5xx=10,reset=5,truncate=2,html=2,429=1,missing=2,stall=0.1,rate=40,latency=50ms,insert=10,remove=1,seed=7";

    #[test]
    fn what_is_written_back_reads_the_same() {
        let faults: Faults = ALL.parse().unwrap();
        assert_eq!(faults.to_string(), ALL);
        assert_eq!(" latency = 2s , ".parse::<Faults>().unwrap().latency, Duration::from_secs(2));
        assert_eq!("".parse::<Faults>().unwrap(), Faults::default());
    }

    #[test]
    fn a_mistake_is_named_with_its_remedy() {
        let message = |text: &str| text.parse::<Faults>().unwrap_err().to_string();
        assert!(message("5xx=10,rset=5").starts_with("unknown fault \"rset\"; known are 5xx, reset,"));
        assert_eq!(message("html=many"), "fault html cannot be \"many\"; it takes a percentage from 0 to 100");
        assert!(message("stall=-1").contains("stall"));
        assert!(message("5xx=NaN").contains("5xx"));
        assert!(message("latency=50").contains("a time such as 50ms"));
        assert!(message("insert").contains("has no value"));
        assert!(message("5xx=60,html=50").contains("110"));
    }

    #[test]
    fn faults_come_as_often_as_asked_and_the_same_again() {
        let faults: Faults = "5xx=10,reset=5,stall=1,seed=3".parse().unwrap();
        let draw = |seed: u64| -> Vec<_> {
            let reseeded = Faults { seed, ..faults.clone() };
            (0..10_000).map(|id| reseeded.draw(&format!("/api/v2/movie_details.json?movie_id={id}"), 0)).collect()
        };
        let drawn = draw(3);
        let server_errors = drawn.iter().filter(|fault| matches!(fault, Some(Fault::ServerError(_)))).count();
        assert!((900..1100).contains(&server_errors), "{server_errors}");
        let stalls = drawn.iter().filter(|fault| **fault == Some(Fault::Stall)).count();
        assert!((60..150).contains(&stalls), "{stalls}");
        assert_eq!(drawn, draw(3));
        assert_ne!(drawn, draw(4));
    }

    #[test]
    fn asking_again_draws_again() {
        let faults: Faults = "5xx=50".parse().unwrap();
        let failures = (0..1000).filter(|asked| faults.draw("/x", *asked).is_some()).count();
        assert!((400..600).contains(&failures), "{failures}");
    }
}
