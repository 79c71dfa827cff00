//! "Something like this": the movies nearest to one, or to several that were liked, and what they have in common.

use std::collections::HashSet;

use serde::Serialize;

use super::meaning::{self, Direction};
use super::{Catalogue, Error, Movie};
use crate::embed::text_of;
use crate::store::Card;

/// How much what was not liked pushes away.
const UNLIKED: f32 = 0.5;

/// A movie like another, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likeness {
    /// The movie.
    pub movie: Movie,
    /// Closeness of what they are about: 1 is the same.
    pub closeness: f64,
    /// Why.
    pub reason: Reason,
}

/// What two movies have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Genres that both have.
    pub shared_genres: Vec<String>,
    /// Persons who play in both.
    pub shared_cast: Vec<String>,
    /// The title of the liked movie that it is most like.
    pub like: String,
}

/// Movies like one or several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likenesses {
    /// The movies that were named as liked.
    pub to: Vec<Movie>,
    /// Those like them, nearest first.
    pub hits: Vec<Likeness>,
}

impl Catalogue {
    /// Returns the movies most like one, which is named by id, IMDb code or title.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use yts_ingest::search::Catalogue;
    /// use yts_ingest::store::{Options, Store};
    ///
    /// let store = Store::connect(&Options::new("sqlite::memory:")).await?;
    /// let catalogue = Catalogue::open(&store, None).await?;
    /// assert!(catalogue.similar("Heat (1995)", 10).await.is_err(), "the catalogue is empty");
    /// # Ok(()) }
    /// ```
    pub async fn similar(&self, movie: &str, limit: usize) -> Result<Likenesses, Error> {
        self.recommend(&[movie.to_owned()], &[], limit).await
    }

    /// Returns the movies most like those that are liked and least like those that are not; none where none is liked.
    /// A movie that is named twice counts once.
    pub async fn recommend(&self, liked: &[String], unliked: &[String], limit: usize) -> Result<Likenesses, Error> {
        let (liked, unliked) = (self.find_all(liked).await?, self.find_all(unliked).await?);
        if liked.is_empty() {
            return Ok(Likenesses { to: Vec::new(), hits: Vec::new() });
        }
        let liked_directions = self.directions(&liked).await?;
        let unliked_directions = self.directions(&unliked).await?;
        let direction = centre(&liked_directions, &unliked_directions);
        let named: HashSet<i64> = liked.iter().chain(&unliked).map(|card| card.id).collect();
        let snapshot = self.snapshot(true, Vec::new()).await?;
        let count = limit.saturating_add(named.len());
        let near = meaning::nearest(&self.store, &snapshot, Some(&direction), count, None).await?;
        if near.is_empty() {
            self.make_sure_of_vectors(&snapshot).await?;
        }
        let near: Vec<(i64, f64)> =
            near.into_iter().map(|(place, closeness)| (snapshot.id(place), closeness)).collect();
        let near: Vec<(i64, f64)> = near.into_iter().filter(|(id, _)| !named.contains(id)).take(limit).collect();
        self.explain(&liked, &liked_directions, &near).await
    }

    async fn find_all(&self, names: &[String]) -> Result<Vec<Card>, Error> {
        let mut cards: Vec<Card> = Vec::with_capacity(names.len());
        for name in names {
            let card = self.find(name).await?;
            if cards.iter().all(|known| known.id != card.id) {
                cards.push(card);
            }
        }
        Ok(cards)
    }

    /// Returns the movies' directions: their vectors, or where one is missing, that of the text it would be made from.
    async fn directions(&self, cards: &[Card]) -> Result<Vec<Direction>, Error> {
        let model = self.embedder.model_id();
        let ids: Vec<i64> = cards.iter().map(|card| card.id).collect();
        let known = self.store.vectors_of(&model, &ids).await?;
        let genres = self.store.genre_names(&ids).await?;
        let mut directions = Vec::with_capacity(cards.len());
        for card in cards {
            if let Some((_, vector)) = known.iter().find(|(id, _)| *id == card.id) {
                directions.push(Direction { model: model.clone(), vector: vector.clone() });
                continue;
            }
            let text = text_of(&card.title, genres.get(&card.id).map_or(&[], Vec::as_slice), card.description());
            let direction = Direction::of_text(&self.embedder, &text).await?;
            directions.push(direction.ok_or_else(|| Error::NoVector { title: card.title.clone() })?);
        }
        Ok(directions)
    }

    async fn explain(
        &self,
        liked: &[Card],
        directions: &[Direction],
        near: &[(i64, f64)],
    ) -> Result<Likenesses, Error> {
        let ids: Vec<i64> = near.iter().map(|(id, _)| *id).collect();
        let (to, movies) = (self.movies(liked).await?, self.movies(&self.store.cards(&ids).await?).await?);
        let vectors = self.store.vectors_of(&self.embedder.model_id(), &ids).await?;
        let mut hits = Vec::with_capacity(near.len());
        for &(id, closeness) in near {
            let Some((_, movie)) = movies.iter().find(|(known, _)| *known == id) else { continue };
            let vector = vectors.iter().find(|(known, _)| *known == id).map(|(_, vector)| vector.as_slice());
            let reason = reason(movie, &to, directions, vector.unwrap_or_default());
            hits.push(Likeness { movie: movie.clone(), closeness, reason });
        }
        Ok(Likenesses { to: to.into_iter().map(|(_, movie)| movie).collect(), hits })
    }
}

/// Returns the direction from what is not liked to what is.
fn centre(liked: &[Direction], unliked: &[Direction]) -> Direction {
    let model = liked.first().map(|direction| direction.model.clone()).unwrap_or_default();
    let mut centre = vec![0.0; liked.first().map_or(0, |direction| direction.vector.len())];
    let mut add = |directions: &[Direction], weight: f32| {
        for direction in directions {
            for (sum, number) in centre.iter_mut().zip(&direction.vector) {
                *sum += weight * number / directions.len() as f32;
            }
        }
    };
    add(liked, 1.0);
    add(unliked, -UNLIKED);
    let length = centre.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > 0.0 {
        for number in &mut centre {
            *number /= length;
        }
    }
    Direction { model, vector: centre }
}

/// Says what a movie has in common with the liked ones.
fn reason(movie: &Movie, liked: &[(i64, Movie)], directions: &[Direction], vector: &[f32]) -> Reason {
    let shared = |of: fn(&Movie) -> &Vec<String>| -> Vec<String> {
        let theirs: HashSet<&String> = liked.iter().flat_map(|(_, liked)| of(liked)).collect();
        of(movie).iter().filter(|name| theirs.contains(name)).cloned().collect()
    };
    let closeness = |direction: &Direction| direction.closeness(vector);
    let nearest = liked.iter().zip(directions).max_by(|a, b| closeness(a.1).total_cmp(&closeness(b.1)));
    Reason {
        shared_genres: shared(|movie| &movie.genres),
        shared_cast: shared(|movie| &movie.cast),
        like: nearest.map(|((_, liked), _)| liked.titled()).unwrap_or_default(),
    }
}
