//! What the tests of outcomes share: databases of their own, sources, crawls, and the whole database as one value.

#[macro_use]
pub(crate) mod database;
pub(crate) mod command;
pub(crate) mod crawling;
pub(crate) mod proxy;
pub(crate) mod records;
pub(crate) mod schema;
pub(crate) mod snapshot;
pub(crate) mod source;
pub(crate) mod statements;
pub(crate) mod waiting;
pub(crate) mod writes;
