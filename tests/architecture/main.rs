//! Holds the rules of the sources: which module may use which, where each outside crate is at home, and how files look.
//!
//! The sources are read as text, without comments, strings and tests, and `crate::`, `super::` and `yts_ingest::` are
//! resolved. Each rule is a function from a file to violations, so that `planted` can plant one of each.

mod code;
mod doors;
mod homes;
mod paths;
mod planted;
mod source;
mod style;
mod violation;
