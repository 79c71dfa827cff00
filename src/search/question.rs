//! What a user typed, taken apart: words, "phrases" and begin* words. Nothing in it is an operator of a database.

use super::words::{forms, indexed_words, is_stop_word, stem};
use crate::store::WordQuery;

/// The most words of a question, and of a phrase, that are looked up; most descriptions have fewer that count.
const MAX_TERMS: usize = 64;

/// Bytes of the longest word that is looked up. `PostgreSQL` fails on one of 2,047, and hardly any text has one of 256.
const MAX_WORD: usize = 255;

/// Beside more words than so many, quotes are those of a text that was pasted, not somebody's who asks for a phrase.
const MAX_WORDS_BESIDE_PHRASES: usize = 12;

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    /// Words that count, each stem once, in order.
    pub(super) terms: Vec<Term>,
    /// What stood in quotes, be it one word, and must be there as it stands.
    pub(super) phrases: Vec<WordQuery>,
    /// All words as they were typed, folded.
    pub(super) words: Vec<String>,
}

/// A word of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) word: String,
    /// How an index has it.
    indexed: String,
    pub(super) stem: String,
    /// Typed with a star: any word that begins like this.
    pub(super) is_prefix: bool,
}

impl Term {
    fn new((word, indexed): (String, String)) -> Self {
        Self { stem: stem(&word).to_owned(), word, indexed, is_prefix: false }
    }

    /// Returns what to look up for the word.
    pub(super) fn query(&self) -> WordQuery {
        if self.is_prefix {
            return WordQuery::Prefix(self.indexed.clone());
        }
        let mut forms = forms(&self.word);
        if self.indexed != self.word {
            forms.push(self.indexed.clone());
        }
        WordQuery::AnyOf(forms)
    }

    /// Says whether a word of a text is this one.
    pub(super) fn is_in(&self, word: &str) -> bool {
        if self.is_prefix { word.starts_with(&self.word) } else { word == self.word || stem(word) == self.stem }
    }
}

impl Question {
    pub(super) fn read(text: &str) -> Self {
        let mut question = Self::default();
        let mut terms = Vec::new();
        let quotes = text.matches('"').count();
        // Between the first quote and the second, the third and the fourth, …; one that nothing closes opens nothing.
        let is_quoted = |place: usize| place % 2 == 1 && place < quotes;
        let beside = text.split('"').enumerate().filter(|(place, _)| !is_quoted(*place));
        let has_phrases = beside.flat_map(|(_, part)| part.split_whitespace()).count() <= MAX_WORDS_BESIDE_PHRASES;
        for (place, part) in text.split('"').enumerate() {
            let in_quotes = has_phrases && is_quoted(place);
            let found = words_of(part);
            if in_quotes && !found.is_empty() {
                terms.extend(found.iter().cloned().map(Term::new));
                let phrase = found.iter().take(MAX_TERMS).map(|(_, indexed)| indexed.clone());
                question.phrases.push(WordQuery::Phrase(phrase.collect()));
            } else {
                terms.extend(part.split_whitespace().flat_map(terms_of));
            }
            question.words.extend(found.into_iter().map(|(word, _)| word));
        }
        let has_meaning = terms.iter().any(|term| !is_stop_word(&term.word));
        for term in terms {
            let is_known = question.terms.iter().any(|known: &Term| known.stem == term.stem);
            if !is_known && (!has_meaning || !is_stop_word(&term.word)) && question.terms.len() < MAX_TERMS {
                question.terms.push(term);
            }
        }
        question
    }
}

/// Returns the words of a part that can be looked up, and how an index has them.
fn words_of(part: &str) -> Vec<(String, String)> {
    let mut found = indexed_words(part);
    found.retain(|(word, indexed)| word.len().max(indexed.len()) <= MAX_WORD);
    found
}

/// Returns the words of a piece without blanks; the last one is a beginning where a star follows.
fn terms_of(piece: &str) -> Vec<Term> {
    let mut found: Vec<Term> = words_of(piece).into_iter().map(Term::new).collect();
    if piece.ends_with('*')
        && let Some(last) = found.last_mut()
        && last.word.chars().count() > 1
    {
        last.is_prefix = true;
        last.stem.clone_from(&last.word);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_beginnings_are_told_apart() {
        let question = Question::read("the \"Dark Harbour\" light* lights a");
        assert_eq!(question.phrases, [WordQuery::Phrase(vec!["dark".to_owned(), "harbour".to_owned()])]);
        let terms: Vec<_> = question.terms.iter().map(|term| (term.word.as_str(), term.is_prefix)).collect();
        assert_eq!(terms, [("dark", false), ("harbour", false), ("light", true)]);
    }

    #[test]
    fn quotes_make_a_word_a_must_and_a_star_a_character_but_only_in_pairs() {
        let question = Question::read("\"quux al*\" \"harbour\" 5\" guns*");
        let phrase = |words: &[&str]| WordQuery::Phrase(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(question.phrases, [phrase(&["quux", "al"]), phrase(&["harbour"])]);
        let prefixes: Vec<_> = question.terms.iter().filter(|term| term.is_prefix).map(|term| &term.word).collect();
        assert_eq!(prefixes, ["guns"]);
    }

    #[test]
    fn quotes_in_a_pasted_description_ask_for_nothing() {
        let named = "Blacksmith Will Turner teams up with eccentric pirate \"Captain\" Jack Sparrow to save the governor's daughter";
        assert_eq!(Question::read(named).phrases, []);
        assert!(Question::read(named).terms.iter().any(|term| term.word == "captain"));
        let quoted = format!("\"{}\"", named.replace('"', ""));
        assert_eq!(Question::read(&quoted).phrases.len(), 1);
    }

    #[test]
    fn a_question_of_stop_words_keeps_them() {
        assert_eq!(Question::read("The It").terms.len(), 2);
        assert_eq!(Question::read("\"* AND -: NEAR(").terms.len(), 1);
        assert_eq!(Question::read("\"\"'()").terms, []);
    }
}
