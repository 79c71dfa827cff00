//! A movie as an answer shows it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::{Card, Role};

/// A movie.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Movie {
    /// The source's id.
    pub id: i32,
    /// IMDb title code.
    pub imdb_code: Option<String>,
    /// Title.
    pub title: String,
    /// Year of release.
    pub year: Option<i32>,
    /// Rating from 0 to 10.
    pub rating: Option<f64>,
    /// Runtime in minutes.
    pub runtime: Option<i32>,
    /// Language, as the source spells it.
    pub language: Option<String>,
    /// Genres, sorted.
    pub genres: Vec<String>,
    /// Cast in order of billing, each person once.
    pub cast: Vec<String>,
    /// When the source listed it (UTC).
    pub date_uploaded: Option<DateTime<Utc>>,
}

impl Movie {
    pub(super) fn new(card: &Card, genres: Vec<String>, roles: &[Role]) -> Self {
        let mut cast: Vec<String> = Vec::new();
        for role in roles {
            if !cast.contains(&role.name) {
                cast.push(role.name.clone());
            }
        }
        Self {
            id: card.external_id,
            imdb_code: card.imdb_code.clone(),
            title: card.title.clone(),
            year: card.year,
            rating: card.rating.and_then(|rating| rating.to_string().parse().ok()),
            runtime: card.runtime,
            language: card.language.clone(),
            genres,
            cast,
            date_uploaded: card.date_uploaded,
        }
    }

    /// Returns the title with the year, where it is known.
    #[must_use]
    pub fn titled(&self) -> String {
        match self.year {
            Some(year) => format!("{} ({year})", self.title),
            None => self.title.clone(),
        }
    }
}
