//! What parses must survive anything: made-up movies and broken bodies, through the client and a source on loopback.
//!
//! A movie that the API could send comes out as it went in; one with nonsense in it comes out without the nonsense, or
//! as a `BadMovie` that says why; a body that is none is an error. Never a panic, and never a 0 or "" for unknown.

mod bench;
mod bodies;
mod kept;
mod mishap;
mod movies;
mod sound;
#[path = "../cli/source.rs"]
mod source;
mod strange;
