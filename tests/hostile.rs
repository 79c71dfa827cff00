//! Hostile answers: whatever arrives, nothing panics, nothing grows without bound, nothing is dropped in silence, and no
//! request goes where an answer points to.
//!
//! Everything is drawn from a seed or sent by a server in the test; the client and the parsing are met from outside.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it there")]

#[path = "hostile/mutation.rs"]
mod mutation;
#[path = "hostile/parsing.rs"]
mod parsing;
#[path = "hostile/server.rs"]
mod server;
#[path = "hostile/sound.rs"]
mod sound;
#[path = "hostile/transport.rs"]
mod transport;
