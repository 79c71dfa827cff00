//! Torrents: metadata of what the source offers for a movie.

use sea_orm::entity::prelude::*;

/// A torrent's metadata. `None` means unknown.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "torrents")]
pub struct Model {
    /// Our own id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The movie it belongs to.
    #[sea_orm(unique_key = "movie_hash")]
    pub movie_id: i64,
    /// Info hash, unique within the movie.
    #[sea_orm(column_type = "Text", unique_key = "movie_hash")]
    pub hash: String,
    /// Where the source offers it.
    #[sea_orm(column_type = "Text", nullable)]
    pub url: Option<String>,
    /// `720p`, `1080p`, …
    #[sea_orm(column_type = "Text", nullable)]
    pub quality: Option<String>,
    /// `bluray`, `web`, …
    #[sea_orm(column_name = "type", column_type = "Text", nullable)]
    pub kind: Option<String>,
    /// Whether it replaces an earlier release.
    pub is_repack: Option<bool>,
    /// `x264`, `x265`.
    #[sea_orm(column_type = "Text", nullable)]
    pub video_codec: Option<String>,
    /// Bits a colour channel.
    #[sea_orm(column_type = "Text", nullable)]
    pub bit_depth: Option<String>,
    /// `2.0`, `5.1`.
    #[sea_orm(column_type = "Text", nullable)]
    pub audio_channels: Option<String>,
    /// Seeds when last seen.
    pub seeds: Option<i32>,
    /// Peers when last seen.
    pub peers: Option<i32>,
    /// Size for display.
    #[sea_orm(column_type = "Text", nullable)]
    pub size: Option<String>,
    /// Size in bytes.
    pub size_bytes: Option<i64>,
    /// When the source listed it (UTC).
    pub date_uploaded: Option<DateTimeUtc>,
    /// The movie.
    #[sea_orm(belongs_to, from = "movie_id", to = "id")]
    pub movie: BelongsTo<super::movie::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
