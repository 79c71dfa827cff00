//! Finds the one movie that somebody names: by the source's id, by IMDb code, or by title, with the year where two share it.

use super::words::words;
use super::{Catalogue, Error, Filter, Mode, Movie, Query};
use crate::store::Card;

/// How many candidates are named where a title is not clear.
const NAMED: usize = 8;

impl Catalogue {
    /// Returns the movie that is meant by an id, an IMDb code or a title such as `Amelie` or `Heat (1995)`.
    pub(super) async fn find(&self, text: &str) -> Result<Card, Error> {
        let text = text.trim();
        if let Ok(id) = text.parse::<i32>()
            && let Some(card) = self.store.card(id).await?
        {
            return Ok(card);
        }
        if is_imdb_code(text) {
            return one_of(text, self.store.cards_by_imdb_code(text).await?);
        }
        let cards = self.by_title(text).await?;
        if !cards.is_empty() {
            return one_of(text, cards);
        }
        let query = Query { text: text.to_owned(), mode: Mode::Text, limit: NAMED, filter: Filter::default() };
        let likely: Vec<String> = self.search(&query).await?.hits.iter().map(|hit| named(&hit.movie)).collect();
        if likely.is_empty() {
            return Err(Error::NotFound { text: text.to_owned() });
        }
        Err(Error::Ambiguous { text: text.to_owned(), candidates: likely })
    }

    /// Returns the movies with exactly this title, accents and case aside.
    async fn by_title(&self, text: &str) -> Result<Vec<Card>, Error> {
        let snapshot = self.snapshot(false, Vec::new()).await?;
        let with_title = async |wanted: &[String]| {
            let is_title = |place: &u32| snapshot.titles(*place).iter().any(|title| words(title) == wanted);
            let places = snapshot.titled(wanted).into_iter().filter(is_title);
            self.store.cards(&places.map(|place| snapshot.id(place)).collect::<Vec<_>>()).await
        };
        let wanted = words(text);
        let mut cards = with_title(&wanted).await?;
        if let Some((title, Ok(year))) = wanted.split_last().map(|(last, title)| (title, last.parse::<i32>()))
            && cards.is_empty()
        {
            cards = with_title(title).await?;
            cards.retain(|card| card.year == Some(year));
        }
        cards.sort_by_key(|card| card.external_id);
        Ok(cards)
    }
}

fn one_of(text: &str, mut cards: Vec<Card>) -> Result<Card, Error> {
    match cards.len() {
        0 => Err(Error::NotFound { text: text.to_owned() }),
        1 => Ok(cards.remove(0)),
        _ => {
            let name = |card: &Card| named(&Movie::new(card, Vec::new(), &[]));
            Err(Error::Ambiguous { text: text.to_owned(), candidates: cards.iter().map(name).take(NAMED).collect() })
        }
    }
}

fn named(movie: &Movie) -> String {
    format!("{} {}", movie.id, movie.titled())
}

fn is_imdb_code(text: &str) -> bool {
    text.strip_prefix("tt").is_some_and(|digits| digits.len() >= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
