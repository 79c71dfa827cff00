//! Ranks movies by the words that they share with a question: BM25 over title, cast, genres and description.
//!
//! In two steps: rare words that occur choose the candidates, from lists of movies alone; then the candidates' texts are
//! read and ranked in full. So the number of texts that are read does not grow with that of movies that share a word.
//! Scores are made to be compared with closeness. BM25 is measured by what it takes to tell one movie from all others, the
//! logarithm of their number, and counts by the share of the question that a movie has: so a chance hit of one word in
//! twelve weighs little, and a long description found again more than two words.

use std::collections::HashMap;

use super::Error;
use super::question::{Question, Term};
use super::snapshot::{Occurrences, Snapshot, union};
use super::words::{fold, is_stop_word, stem, words, words_of};

/// Up to so many movies are few.
const FEW: usize = 200;
/// Saturation: how little more a word says that occurs again.
const K1: f64 = 1.2;
/// How much long descriptions are held back.
const B: f64 = 0.75;
/// What an occurrence weighs that is not in the description.
const IN_TITLE: f64 = 2.0;
const IN_CAST: f64 = 1.5;
const IN_GENRES: f64 = 0.5;
/// What a word weighs that was corrected.
const CORRECTED: f64 = 0.8;
/// The most words of a question that may be a title with a typing error. In longer ones an unknown word is another word
/// for something, and the word of a title that happens to look like it would only mislead.
const MAX_WORDS_OF_TITLE: usize = 4;
/// Up to so many movies, a word in their descriptions may be the same typing error.
const MAX_MISSPELT: usize = 2;
/// What it adds to a score that the movie is one of few that have all words of the question, that its title has them, and
/// that its title is the question: the last more than anything else, for who names a title means that movie, whatever
/// others are about.
const HAS_ALL: f64 = 0.5;
const TITLE_HAS_ALL: f64 = 0.5;
const TITLE_IS_QUESTION: f64 = 100.0;

/// A word to rank by.
struct Weighted {
    term: Term,
    occurrences: Occurrences,
    weight: f64,
}

/// A question, looked up.
pub(super) struct Wanted {
    words: Vec<Weighted>,
    /// Length of the question as a vector of weights, what shares of it are measured by.
    length: f64,
    /// Movies with all words of the question, where they are few; ascending.
    complete: Vec<u32>,
    /// Movies whose titles have all words of the question, corrected where need be; ascending.
    titled: Vec<u32>,
    /// Movies whose titles are the question, if need be with typing errors; ascending.
    named: Vec<u32>,
}

/// A movie found by its words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) place: u32,
    pub(super) score: f64,
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
    for places in snapshot.with_phrases(&question.phrases).await? {
        let mut with_phrase = vec![false; snapshot.count()];
        for place in places {
            with_phrase[place as usize] = allowed.as_ref().is_none_or(|allowed| allowed[place as usize]);
        }
        allowed = Some(with_phrase);
    }
    Ok(allowed)
}

impl Wanted {
    /// Looks each word up. In a short question, one that no title and no name, be it a genre's, has is looked up
    /// corrected, too: to rank by where it is hardly known at all, else only to see whether some title then has all words.
    pub(super) async fn look_up(snapshot: &Snapshot, question: &Question) -> Result<Self, Error> {
        let (mut words, mut squares) = (Vec::new(), 0.0);
        let (mut complete, mut titled) = (None, None);
        // Whether words that are hardly known, and no others, had to be corrected for a title to have all of them.
        let (mut has_typing_error, mut is_reworded) = (false, false);
        let may_be_title = question.terms.len() <= MAX_WORDS_OF_TITLE;
        let looked_up = snapshot.occurrences(&question.terms).await?;
        for (term, occurrences) in question.terms.iter().zip(looked_up) {
            let mut in_titles = occurrences.titles.to_vec();
            let is_unknown = occurrences.texts.len() <= MAX_MISSPELT;
            let is_name = !occurrences.cast.is_empty() || !occurrences.genres.is_empty();
            let may_be_wrong = !term.is_prefix && in_titles.is_empty() && !is_name;
            if may_be_wrong && may_be_title && (is_unknown || question.terms.len() > 1) {
                let corrections = snapshot.corrections(&term.word);
                has_typing_error |= is_unknown;
                is_reworded |= !is_unknown;
                let terms: Vec<Term> = corrections.iter().flat_map(|word| Question::read(word).terms).collect();
                for (term, occurrences) in terms.iter().zip(snapshot.occurrences(&terms).await?) {
                    in_titles.extend_from_slice(&occurrences.titles);
                    if is_unknown {
                        let (term, weight) = (term.clone(), idf(snapshot, &occurrences) * CORRECTED);
                        words.push(Weighted { term, occurrences, weight });
                    }
                }
                in_titles.sort_unstable();
                in_titles.dedup();
            }
            titled = Some(with_all(titled, &[&in_titles]));
            complete = Some(with_all(complete, &[&occurrences.texts, &occurrences.cast, &occurrences.genres]));
            let weight = idf(snapshot, &occurrences);
            squares += weight * weight;
            words.push(Weighted { weight, term: term.clone(), occurrences });
        }
        let titled = titled.unwrap_or_default();
        let complete = complete.filter(|complete| complete.len() <= FEW).unwrap_or_default();
        let is_mistyped = has_typing_error && !is_reworded;
        let is_named = |place: &u32| {
            let mut of_movie = snapshot.titles(*place).iter();
            of_movie.any(|title| is_same(title, &question.words) || (is_mistyped && is_as_long(title, question)))
        };
        let named = titled.iter().copied().filter(is_named).collect();
        Ok(Self { words, length: squares.sqrt().max(f64::MIN_POSITIVE), complete, titled, named })
    }

    /// Returns what it adds to a movie's score that it has all words.
    fn bonus(&self, place: u32) -> f64 {
        let lists = [(&self.complete, HAS_ALL), (&self.titled, TITLE_HAS_ALL), (&self.named, TITLE_IS_QUESTION)];
        lists.iter().filter(|(places, _)| places.binary_search(&place).is_ok()).map(|(_, bonus)| bonus).sum()
    }

    /// Returns the allowed movies with all phrases and the most telling words, at most so many, to rank in full.
    pub(super) async fn candidates(
        &self,
        snapshot: &Snapshot,
        question: &Question,
        allowed: Option<&[bool]>,
        limit: usize,
    ) -> Result<Vec<u32>, Error> {
        let allowed = with_phrases(snapshot, question, allowed).await?;
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
        for Weighted { occurrences, weight, .. } in &self.words {
            add(&occurrences.texts, *weight);
            add(&occurrences.titles, *weight * (IN_TITLE - 1.0));
            add(&occurrences.cast, *weight * IN_CAST);
            add(&occurrences.genres, *weight * IN_GENRES);
        }
        add(&self.complete, self.length * HAS_ALL);
        add(&self.titled, self.length * TITLE_HAS_ALL);
        add(&self.named, self.length * TITLE_IS_QUESTION);
        let may = |place: &u32| allowed.as_ref().is_none_or(|allowed| allowed[*place as usize]);
        let mut best: Vec<u32> = touched.into_iter().filter(may).collect();
        let best_first = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
        if best.len() > limit && limit > 0 {
            best.select_nth_unstable_by(limit - 1, best_first);
        }
        best.truncate(limit);
        Ok(best)
    }

    /// Returns movies ranked by their texts, best first.
    pub(super) fn rank(&self, snapshot: &Snapshot, descriptions: &[(i64, Option<String>)]) -> Vec<Found> {
        let stems = Stems::new(&self.words);
        let counted: Vec<Counted> = descriptions.iter().map(|(_, text)| self.count(&stems, text.as_deref())).collect();
        let total: usize = counted.iter().map(|counted| counted.length).sum();
        let average = (total as f64 / counted.len().max(1) as f64).max(1.0);
        let one_of_all = (1.0 + snapshot.count() as f64).ln();
        let ranked = descriptions.iter().zip(&counted).filter_map(|((id, _), counted)| {
            let place = snapshot.place(*id)?;
            let length = 1.0 - B + B * counted.length as f64 / average;
            let words = self.words.iter().zip(&counted.times);
            let bm25: f64 = words.map(|(word, times)| word.score(place, f64::from(*times) / length)).sum();
            let share = bm25 / self.length;
            Some(Found { place, score: bm25 / one_of_all * share + self.bonus(place) })
        });
        let mut ranked: Vec<Found> = ranked.collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place)));
        ranked
    }

    /// Counts the words to rank by in a description, one look-up at most for each word of it.
    fn count(&self, stems: &Stems<'_>, description: Option<&str>) -> Counted {
        let prefixes = || self.words.iter().enumerate().filter(|(_, word)| word.term.is_prefix);
        let mut counted = Counted { times: vec![0; self.words.len()], length: 0 };
        for word in words_of(&fold(description.unwrap_or_default())) {
            counted.length += 1;
            for &number in stems.of(word) {
                counted.times[number] += 1;
            }
            for (number, _) in prefixes().filter(|(_, prefix)| prefix.term.is_in(word)) {
                counted.times[number] += 1;
            }
        }
        counted
    }
}

/// The stems to rank by, with the numbers of their words.
struct Stems<'a> {
    numbers: HashMap<&'a str, Vec<usize>>,
    /// The bytes that any of them begins with: most words of a text are none by that alone.
    begin: [bool; 256],
}

impl<'a> Stems<'a> {
    fn new(words: &'a [Weighted]) -> Self {
        let mut stems = Self { numbers: HashMap::new(), begin: [false; 256] };
        for (number, Weighted { term, .. }) in words.iter().enumerate().filter(|(_, word)| !word.term.is_prefix) {
            stems.numbers.entry(&term.stem).or_default().push(number);
            stems.begin[term.stem.as_bytes().first().copied().unwrap_or_default() as usize] = true;
        }
        stems
    }

    /// Returns the numbers of the words that this one is an inflection of.
    fn of(&self, word: &str) -> &[usize] {
        let may_be = word.as_bytes().first().is_some_and(|&byte| self.begin[byte as usize]);
        let numbers = if may_be { self.numbers.get(stem(word)) } else { None };
        numbers.map_or(&[], Vec::as_slice)
    }
}

/// How often each word to rank by is in a description, and how many words that has.
struct Counted {
    times: Vec<u32>,
    length: usize,
}

impl Weighted {
    /// Returns what the word adds to a movie's score.
    fn score(&self, place: u32, in_description: f64) -> f64 {
        let has = |places: &[u32]| f64::from(u8::from(places.binary_search(&place).is_ok()));
        let elsewhere = IN_TITLE * has(&self.occurrences.titles)
            + IN_CAST * has(&self.occurrences.cast)
            + IN_GENRES * has(&self.occurrences.genres);
        let frequency = in_description + elsewhere;
        self.weight * frequency / (frequency + K1)
    }
}

/// Returns those of the movies (of all, at first) that are in any of the lists.
fn with_all(before: Option<Vec<u32>>, lists: &[&[u32]]) -> Vec<u32> {
    let is_there = |place: &u32| lists.iter().any(|list| list.binary_search(place).is_ok());
    match before {
        Some(before) => before.into_iter().filter(is_there).collect(),
        None => union(lists.iter().copied()),
    }
}

/// Says whether a title is what was asked for.
fn is_same(title: &str, question: &[String]) -> bool {
    let title = words(title);
    !title.is_empty() && title == question
}

/// Says whether a title has as many words that say something as the question.
fn is_as_long(title: &str, question: &Question) -> bool {
    words(title).iter().filter(|word| !is_stop_word(word)).count() == question.terms.len()
}
