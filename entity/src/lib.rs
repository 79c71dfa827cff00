//! The tables of yts-ingest as `SeaORM` entities.
