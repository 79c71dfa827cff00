//! The catalogue's API: the only place that knows HTTP and the API's JSON.
//!
//! A [`Client`] asks politely (in even steps, bounded in flight, pausing for all when told to slow down), tries again
//! what may pass, moves on to the next mirror, and gives up once the source is plainly down. What it hands out are
//! domain records ([`crate::movie`]); nothing of JSON leaves this module, and nothing of SQL enters it.
//!
//! ```text
//!  client ── retry ── pacing (even steps, shared pauses) ── http ── body (capped) ── wire (every quirk) ── Movie
//!              ├── mirrors (which host)  ├── retry_after (how long a pause)         parse (a body without a request)
//!              ├── budget (how dear)     └── limit (what the source admits)
//!              └── breaker (when to give up)
//! ```

mod body;
mod breaker;
mod budget;
mod client;
mod error;
mod http;
mod mirrors;
mod options;
mod pacing;
mod parse;
mod retry;
mod retry_after;
mod shown;
mod wire;

pub use client::{Client, Traffic};
pub use error::Error;
pub use options::{ListQuery, Options};
pub use parse::{parse_details, parse_list};
pub use wire::{BadMovie, Entry, ListPage, Notice, ParsedMovie};
