//! Movies, one row a movie of the source.

use sea_orm::entity::prelude::*;

/// A movie. `None` means unknown.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "movies")]
pub struct Model {
    /// Our own id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source's id.
    #[sea_orm(unique)]
    pub external_id: i32,
    /// IMDb title code; not unique at the source.
    #[sea_orm(column_type = "Text", nullable)]
    pub imdb_code: Option<String>,
    /// Title for display; never empty.
    #[sea_orm(column_type = "Text")]
    pub title: String,
    /// Title in English.
    #[sea_orm(column_type = "Text", nullable)]
    pub title_english: Option<String>,
    /// Title with the year in parentheses.
    #[sea_orm(column_type = "Text", nullable)]
    pub title_long: Option<String>,
    /// Title and year for URLs; made unique where the source repeats it.
    #[sea_orm(column_type = "Text", unique, nullable)]
    pub slug: Option<String>,
    /// Year of release.
    pub year: Option<i32>,
    /// Rating from 0 to 10, one decimal.
    #[sea_orm(column_type = "Decimal(Some((3, 1)))", nullable)]
    pub rating: Option<Decimal>,
    /// Runtime in minutes.
    pub runtime: Option<i32>,
    /// Short description.
    #[sea_orm(column_type = "Text", nullable)]
    pub description_intro: Option<String>,
    /// Full description.
    #[sea_orm(column_type = "Text", nullable)]
    pub description_full: Option<String>,
    /// `YouTube` id of the trailer.
    #[sea_orm(column_type = "Text", nullable)]
    pub yt_trailer_code: Option<String>,
    /// Language, as the source spells it.
    #[sea_orm(column_type = "Text", nullable)]
    pub language: Option<String>,
    /// MPA rating.
    #[sea_orm(column_type = "Text", nullable)]
    pub mpa_rating: Option<String>,
    /// Likes at the source.
    pub like_count: Option<i32>,
    /// Page of the movie at the source.
    #[sea_orm(column_type = "Text", nullable)]
    pub url: Option<String>,
    /// Background image URL.
    #[sea_orm(column_type = "Text", nullable)]
    pub background_image: Option<String>,
    /// Background image URL, original size.
    #[sea_orm(column_type = "Text", nullable)]
    pub background_image_original: Option<String>,
    /// Cover image URL, small.
    #[sea_orm(column_type = "Text", nullable)]
    pub small_cover_image: Option<String>,
    /// Cover image URL, medium.
    #[sea_orm(column_type = "Text", nullable)]
    pub medium_cover_image: Option<String>,
    /// Cover image URL, large.
    #[sea_orm(column_type = "Text", nullable)]
    pub large_cover_image: Option<String>,
    /// When the source listed it (UTC).
    pub date_uploaded: Option<DateTimeUtc>,
    /// When we saved it first (UTC).
    pub created_at: DateTimeUtc,
    /// When we last changed it (UTC).
    pub updated_at: DateTimeUtc,
    /// When the source was seen to list it no longer (UTC).
    pub deleted_at: Option<DateTimeUtc>,
    /// Its torrents.
    #[sea_orm(has_many)]
    pub torrents: HasMany<super::torrent::Entity>,
    /// Its genres.
    #[sea_orm(has_many, via = "movie_genre")]
    pub genres: HasMany<super::genre::Entity>,
    /// Its roles: the links to the cast, with the character played.
    #[sea_orm(has_many)]
    pub movie_casts: HasMany<super::movie_cast::Entity>,
    /// Its vector.
    #[sea_orm(has_one)]
    pub embedding: HasOne<super::movie_embedding::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
