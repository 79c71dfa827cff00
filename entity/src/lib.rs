//! The tables of yts-ingest as `SeaORM` entities: declarations only, one file a table.
//!
//! How they came to be is the migration crate's; how they are written and read is the store's.
//!
//! ```text
//! genre ◄── movie_genre ──► movie ◄── movie_cast ──► cast          run ◄── run_page, run_reading
//!                             ▲  ▲  ▲                               ▲  ▲
//!                       torrent  │  movie_embedding           failure  │
//!                                └────────── movie_change ─────────────┘
//! ```

pub mod cast;
pub mod embedding;
pub mod failure;
pub mod genre;
pub mod movie;
pub mod movie_cast;
pub mod movie_change;
pub mod movie_embedding;
pub mod movie_genre;
pub mod run;
pub mod run_page;
pub mod run_reading;
pub mod torrent;
