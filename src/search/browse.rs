//! Looking around without a question: one movie in full, the best, the newest, the genres, what there is.

use serde::Serialize;

use super::{Catalogue, Error, Movie};
use crate::store::{Card, TorrentRow};

/// One movie in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Details {
    /// The movie.
    #[serde(flatten)]
    pub movie: Movie,
    /// Title in English, where it differs.
    pub title_english: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Who plays whom, in order of billing.
    pub roles: Vec<Part>,
    /// Its releases.
    pub torrents: Vec<Release>,
}

/// A person and the character played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The person.
    pub name: String,
    /// The character, where it is known.
    pub character: Option<String>,
}

/// A torrent of a movie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Info hash.
    pub hash: String,
    /// Quality, such as `1080p`.
    pub quality: Option<String>,
    /// Source, such as `bluray`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Size as the source says it.
    pub size: Option<String>,
    /// Seeds.
    pub seeds: Option<i32>,
    /// Peers.
    pub peers: Option<i32>,
}

/// A list of movies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Movies {
    /// The movies.
    pub movies: Vec<Movie>,
}

/// All genres.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Genres {
    /// The genres, the largest first.
    pub genres: Vec<Genre>,
}

/// A genre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Genre {
    /// Its name.
    pub name: String,
    /// How many movies it has.
    pub movies: i64,
}

/// What the catalogue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Movies, those included that the source no longer lists.
    pub movies: u64,
    /// Genres.
    pub genres: u64,
    /// Cast members.
    pub cast_members: u64,
    /// Torrents.
    pub torrents: u64,
    /// Vectors, of whatever model.
    pub embeddings: u64,
}

impl Catalogue {
    /// Returns all that is known of a movie, which is named by id, IMDb code or title.
    pub async fn show(&self, movie: &str) -> Result<Details, Error> {
        let card = self.find(movie).await?;
        let ids = [card.id];
        let (genres, roles) = tokio::try_join!(self.store.genre_names(&ids), self.store.role_names(&ids))?;
        let genres = genres.into_values().next().unwrap_or_default();
        let roles = roles.into_values().next().unwrap_or_default();
        let torrents = self.store.torrents_of(card.id).await?.into_iter().map(Release::from).collect();
        Ok(Details {
            movie: Movie::new(&card, genres, &roles),
            title_english: card.title_english.clone().filter(|title| *title != card.title),
            description: card.description().map(str::to_owned),
            roles: roles.into_iter().map(|role| Part { name: role.name, character: role.character }).collect(),
            torrents,
        })
    }

    /// Returns the best rated movies.
    pub async fn top(&self, limit: usize) -> Result<Movies, Error> {
        let cards = self.store.top_cards(rows(limit)).await?;
        self.listed(&cards).await
    }

    /// Returns the movies that the source listed last.
    pub async fn recent(&self, limit: usize) -> Result<Movies, Error> {
        let cards = self.store.recent_cards(rows(limit)).await?;
        self.listed(&cards).await
    }

    async fn listed(&self, cards: &[Card]) -> Result<Movies, Error> {
        Ok(Movies { movies: self.movies(cards).await?.into_iter().map(|(_, movie)| movie).collect() })
    }

    /// Returns the genres.
    pub async fn genres(&self) -> Result<Genres, Error> {
        let counts = self.store.genre_counts().await?;
        Ok(Genres { genres: counts.into_iter().map(|(name, movies)| Genre { name, movies }).collect() })
    }

    /// Returns how many rows of each kind there are.
    pub async fn overview(&self) -> Result<Overview, Error> {
        let totals = self.store.stats().await?.totals;
        Ok(Overview {
            movies: totals.movies,
            genres: totals.genres,
            cast_members: totals.casts,
            torrents: totals.torrents,
            embeddings: totals.embeddings,
        })
    }
}

/// Returns a number of rows that every database takes.
fn rows(limit: usize) -> u64 {
    i64::try_from(limit).unwrap_or(i64::MAX).cast_unsigned()
}

impl From<TorrentRow> for Release {
    fn from(row: TorrentRow) -> Self {
        Self {
            hash: row.hash,
            quality: row.quality,
            kind: row.kind,
            size: row.size,
            seeds: row.seeds,
            peers: row.peers,
        }
    }
}
