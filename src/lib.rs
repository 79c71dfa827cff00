//! yts
pub mod movie;
pub mod redact;
pub mod store;
