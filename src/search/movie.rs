//! A movie as an answer shows it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Error;
use crate::store::{Card, Role, Store};

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

/// The genres and the cast of several movies.
pub(super) struct Names {
    genres: HashMap<i64, Vec<String>>,
    roles: HashMap<i64, Vec<Role>>,
}

impl Names {
    pub(super) async fn read(store: &Store, ids: &[i64]) -> Result<Self, Error> {
        let (genres, roles) = tokio::try_join!(store.genre_names(ids), store.role_names(ids))?;
        Ok(Self { genres, roles })
    }

    /// Completes a movie, once.
    pub(super) fn complete(&mut self, card: &Card) -> Movie {
        let roles = self.roles.remove(&card.id).unwrap_or_default();
        Movie::new(card, self.genres.remove(&card.id).unwrap_or_default(), &roles)
    }
}
