//! The commands as a user or a script meets them: real binaries in a folder of their own, with a clean environment.
//!
//! What the crawl itself does to a database is tested elsewhere; here it is flags, settings, outputs, signals and exit
//! codes. Every run, whatever it tests, must end in time, without a panic and without an escape sequence.

#[path = "cli/catalogue.rs"]
mod catalogue;
#[path = "cli/command.rs"]
mod command;
#[path = "cli/databases.rs"]
mod databases;
#[path = "cli/fetch.rs"]
mod fetch;
#[path = "cli/health.rs"]
mod health;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/monitor.rs"]
mod monitor;
#[path = "cli/postgres.rs"]
mod postgres;
#[path = "cli/search.rs"]
mod search;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/source.rs"]
mod source;
#[path = "cli/sources.rs"]
mod sources;
// Elsewhere the system names whom it trusts.
#[cfg(target_os = "linux")]
#[path = "cli/tls.rs"]
mod tls;
#[path = "cli/usage.rs"]
mod usage;
#[path = "cli/verify.rs"]
mod verify;
