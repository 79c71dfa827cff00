//! Mirrors a YTS-style movie catalogue (metadata only) into your own database, fast, politely and without losing a row.
//!
//! ```text
//!  config ──► crawl::run ── plan: which pages are due ──────────────┐
//!                 │                                                 ▼
//!                 │   worker 1..N, a tokio task each, with connections of one pool:
//!                 │     claim a page ► api: list it ► store: which ids are unknown ► api: their details ► saver: save the page
//!                 │                                                                                        │
//!                 └── progress (bars | log lines | silent) ◄── counters                one transaction: movies, genres, cast,
//!                                                                                      torrents, links, vectors, page done
//! ```
//!
//! The page is the unit of everything: of the claim, of the commit, of resume, of sharing a run between machines. Pages that
//! are ready at the same moment share a transaction.
//!
//! | module | what it does |
//! |---|---|
//! | [`movie`] | the domain records: what the crawl carries |
//! | [`api`] | HTTP and the API's JSON, retries, pacing, mirrors |
//! | [`crawl`] | the run: plan, workers, pulse, summary |
//! | [`store`] | SQL: connection, claims, saving, look-ups, reading back |
//! | [`embed`] | vectors of texts: a static table, a service, a model of the user's |
//! | [`fill`] | vectors of movies: at ingest, and later where they are missing or stale |
//! | [`search`] | questions and their answers: words and meaning, "something like this" |
//! | [`progress`] | shows how far a crawl is |
//! | [`verify`] | checks what is stored, against itself and against the source, and mends it |
//! | [`monitor`] | what a second process sees of a run |
//! | [`health`] | whether the database could be used |
//! | [`demo`] | a YTS-style API on loopback, for trying out and for tests |
//! | [`config`] | layered settings |
//! | [`cli`] | what the binaries share |
//! | [`redact`], [`terminal`] | passwords out of messages, escape sequences out of titles |
//!
//! Doors: binaries → every room but movie and redact; cli → api, config, crawl, embed, fill, progress, redact, search,
//! store, terminal; config → redact; crawl → api, embed, fill, movie, progress, store; verify → api, movie, store,
//! terminal; fill → embed, movie, store; search → embed, store, terminal; monitor → progress, store, terminal; health →
//! store; embed → movie, redact, terminal; api → movie; store → movie, redact and the `entity` and `migration` crates.
//! HTTP and SQL meet only in crawl and verify. `tests/architecture` holds this.

pub mod api;
pub mod cli;
pub mod config;
pub mod crawl;
pub mod demo;
pub mod embed;
pub mod fill;
pub mod health;
pub mod monitor;
pub mod movie;
pub mod progress;
pub mod redact;
pub mod search;
pub mod store;
pub mod terminal;
pub mod verify;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
