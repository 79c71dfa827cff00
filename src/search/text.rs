//! Ranks movies by the words that they share with a question: BM25 over title, cast, genres and description.
//!
//! In two steps: rare words that occur choose the candidates, from lists of movies alone; then the candidates' texts are
//! read and ranked in full. So the cost does not grow with the number of movies that share a common word.

use std::collections::HashMap;

use super::Error;
use super::question::{Question, Term};
use super::snapshot::{Occurrences, Snapshot};
use super::words::words;
use crate::store::{Card, Store};

/// How many candidates are ranked in full.
const CANDIDATES: usize = 200;
/// Saturation: how little more a word says that occurs again.
const K1: f64 = 1.2;
/// How much long descriptions are held back.
const B: f64 = 0.6;
/// What an occurrence weighs that is not in the description.
const IN_TITLE: f64 = 2.0;
const IN_CAST: f64 = 1.5;
const IN_GENRES: f64 = 0.5;
/// What a word weighs that was corrected.
const CORRECTED: f64 = 0.8;
/// The most words of a question that may be a title with a typing error. In longer ones an unknown word is another word
/// for something, and the word of a title that happens to look like it would only mislead.
const MAX_WORDS_OF_TITLE: usize = 4;

/// So many words of a question are not found together by chance.
const SURELY_MEANT: f64 = 3.0;

/// A word to rank by.
struct Weighted {
    term: Term,
    occurrences: Occurrences,
    weight: f64,
}

/// A movie found by its words.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) place: u32,
    pub(super) score: f64,
    /// How much its place is to count beside its meaning: from 0 to 1.
    pub(super) evidence: f64,
    /// How far the title is the question: 0, or 1 where all its words are there, or 2 where it is the title.
    pub(super) title_match: u8,
    pub(super) card: Card,
}

/// Returns the movies that share words with a question, best first.
pub(super) async fn rank(
    store: &Store,
    snapshot: &Snapshot,
    question: &Question,
    allowed: Option<&[bool]>,
) -> Result<Vec<Found>, Error> {
    let weighted = weigh(snapshot, question).await?;
    let allowed = with_phrases(snapshot, question, allowed).await?;
    let candidates = candidates(snapshot, &weighted, allowed.as_deref());
    let ids: Vec<i64> = candidates.iter().map(|&place| snapshot.id(place)).collect();
    let cards = store.cards(&ids).await?;
    Ok(rank_in_full(snapshot, question, &weighted, cards))
}

/// Looks each word up; in a short question, one that no title and no name has is looked up corrected, too.
async fn weigh(snapshot: &Snapshot, question: &Question) -> Result<Vec<Weighted>, Error> {
    let mut weighted = Vec::new();
    for term in &question.terms {
        let occurrences = snapshot.occurrences(term).await?;
        let may_be_title = question.terms.len() <= MAX_WORDS_OF_TITLE;
        if !term.is_prefix && may_be_title && occurrences.titles.is_empty() && occurrences.cast.is_empty() {
            for correction in snapshot.corrections(&term.word) {
                for term in Question::read(&correction).terms {
                    let occurrences = snapshot.occurrences(&term).await?;
                    weighted.push(Weighted { weight: idf(snapshot, &occurrences) * CORRECTED, term, occurrences });
                }
            }
        }
        weighted.push(Weighted { weight: idf(snapshot, &occurrences), term: term.clone(), occurrences });
    }
    Ok(weighted)
}

/// Returns how much a word says: the rarer, the more.
fn idf(snapshot: &Snapshot, occurrences: &Occurrences) -> f64 {
    let found = occurrences.texts.len().max(occurrences.cast.len()).max(occurrences.genres.len()) as f64;
    let count = snapshot.count() as f64;
    (1.0 + (count - found + 0.5).max(0.0) / (found + 0.5)).ln()
}

/// Narrows what is allowed to the movies with all phrases.
async fn with_phrases(
    snapshot: &Snapshot,
    question: &Question,
    allowed: Option<&[bool]>,
) -> Result<Option<Vec<bool>>, Error> {
    let mut allowed = allowed.map(<[bool]>::to_vec);
    for phrase in &question.phrases {
        let mut with_phrase = vec![false; snapshot.count()];
        for place in snapshot.with_phrase(phrase).await? {
            with_phrase[place as usize] = allowed.as_ref().is_none_or(|allowed| allowed[place as usize]);
        }
        allowed = Some(with_phrase);
    }
    Ok(allowed)
}

/// Returns the movies with the most telling words.
fn candidates(snapshot: &Snapshot, weighted: &[Weighted], allowed: Option<&[bool]>) -> Vec<u32> {
    let mut scores = vec![0.0_f32; snapshot.count()];
    let mut touched = Vec::new();
    let mut add = |places: &[u32], score: f64| {
        for &place in places {
            let sum = &mut scores[place as usize];
            if *sum == 0.0 {
                touched.push(place);
            }
            #[expect(clippy::cast_possible_truncation, reason = "a score needs no more digits")]
            let score = score as f32;
            *sum += score;
        }
    };
    for Weighted { occurrences, weight, .. } in weighted {
        add(&occurrences.texts, *weight);
        add(&occurrences.titles, *weight * (IN_TITLE - 1.0));
        add(&occurrences.cast, *weight * IN_CAST);
        add(&occurrences.genres, *weight * IN_GENRES);
    }
    let may = |place: &u32| allowed.is_none_or(|allowed| allowed[*place as usize]);
    let mut best: Vec<u32> = touched.into_iter().filter(may).collect();
    let best_first = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    if best.len() > CANDIDATES {
        best.select_nth_unstable_by(CANDIDATES - 1, best_first);
        best.truncate(CANDIDATES);
    }
    best
}

fn rank_in_full(snapshot: &Snapshot, question: &Question, weighted: &[Weighted], cards: Vec<Card>) -> Vec<Found> {
    let described: Vec<Vec<String>> = cards.iter().map(|card| words(card.description().unwrap_or_default())).collect();
    let total: usize = described.iter().map(Vec::len).sum();
    let average = (total as f64 / described.len().max(1) as f64).max(1.0);
    let ranked = cards.into_iter().zip(&described).filter_map(|(card, description)| {
        let place = snapshot.place(card.id)?;
        let length = 1.0 - B + B * description.len() as f64 / average;
        let scores: Vec<f64> = weighted.iter().map(|word| word.score(place, description, length)).collect();
        let (score, evidence) = (scores.iter().sum(), evidence(&scores));
        Some(Found { place, score, evidence, title_match: title_match(snapshot, question, weighted, place), card })
    });
    let mut ranked: Vec<Found> = ranked.collect();
    let by_score = |a: &Found, b: &Found| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place));
    ranked.sort_by(|a, b| b.title_match.cmp(&a.title_match).then_with(|| by_score(a, b)));
    ranked
}

impl Weighted {
    /// Returns what the word adds to a movie's score.
    fn score(&self, place: u32, description: &[String], length: f64) -> f64 {
        let has = |places: &[u32]| f64::from(u8::from(places.binary_search(&place).is_ok()));
        let occurrences = &self.occurrences;
        let in_description =
            if has(&occurrences.texts) > 0.0 { self.count_in(description) as f64 / length } else { 0.0 };
        let elsewhere = IN_TITLE * has(&occurrences.titles)
            + IN_CAST * has(&occurrences.cast)
            + IN_GENRES * has(&occurrences.genres);
        let frequency = in_description + elsewhere;
        self.weight * frequency * (K1 + 1.0) / (frequency + K1)
    }

    fn count_in(&self, description: &[String]) -> usize {
        description.iter().filter(|word| self.term.is_in(word)).count()
    }
}

/// Returns how much the words that were found say together: one of nine may be there by chance, three are not, nor is
/// every one of a short question.
fn evidence(scores: &[f64]) -> f64 {
    let found = scores.iter().filter(|score| **score > 0.0).count() as f64;
    let share = found / scores.len().max(1) as f64;
    (found / SURELY_MEANT).min(1.0).max(share).powi(2)
}

/// Says how far a movie's title is what was asked for.
fn title_match(snapshot: &Snapshot, question: &Question, weighted: &[Weighted], place: u32) -> u8 {
    let titles = snapshot.titles(place);
    let is_title = |title: &String| {
        let words = words(title);
        !words.is_empty() && words == question.words
    };
    if titles.iter().any(is_title) {
        return 2;
    }
    // A word counts as there where it or one of its corrections is.
    let mut there = HashMap::<&str, bool>::new();
    let mut pending = false;
    for word in weighted {
        let has = word.occurrences.titles.binary_search(&place).is_ok();
        pending |= has;
        if question.terms.contains(&word.term) {
            there.insert(&word.term.stem, pending);
            pending = false;
        }
    }
    let has_all = !there.is_empty() && there.values().all(|has| *has);
    u8::from(has_all)
}
