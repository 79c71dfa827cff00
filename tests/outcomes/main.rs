//! Outcomes: a loopback API in, a whole database out, the same on `SQLite` and on `PostgreSQL`.
//!
//! Every test is written once and appears twice, as `…::sqlite` and as `…::postgres`; what only one of them has stands
//! as such. What the tests share is in `support`.

#[macro_use]
mod support;

mod check;
mod crawl;
mod disappeared;
mod ending;
mod existing;
mod failures;
mod faults;
mod history;
mod kill;
mod lease;
mod library;
mod locked;
mod lost_answers;
mod migrations;
mod monitor;
mod names;
mod only_new;
mod points;
mod removed;
mod resume;
mod retries;
mod search;
mod sharing;
mod silence;
mod statements;
mod together;
mod unchanged;
mod vectors;
mod verify;
