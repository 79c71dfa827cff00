//! The words of a movie as the full-text index of `PostgreSQL` takes them, made here: finding them is most of what the server
//! would do about a new movie.
//!
//! What is made here is what the database's own `search_words` makes of the same texts, to the letter, in any locale that
//! knows letters beyond ASCII. Texts of which that is not certain, such as those in other scripts, get no document here, and
//! a trigger has the database make it.

use std::ops::Range;

use unicode_normalization::char::decompose_compatible;

/// The longest word; those that the database would cut or leave out are far longer.
const MAX_WORD_BYTES: usize = 255;

/// Movies with more words than this are left to the database, which counts places up to 16,383 and keeps 255 a word.
const MAX_WORDS: usize = 10_000;
const MAX_PLACES_OF_A_WORD: usize = 255;

/// Dashes, quotation marks and the like.
const PUNCTUATION: Range<char> = '\u{2010}'..'\u{2028}';

/// Returns the document of a movie in the text form of a `tsvector`: each word with its places, those in titles with
/// weight A. None where it is the database's to make.
pub(super) fn document(title: &str, title_english: Option<&str>, description: Option<&str>) -> Option<String> {
    let mut words = Words::default();
    words.add(title)?;
    words.add(title_english.unwrap_or_default())?;
    words.in_titles = words.all.len();
    words.add(description.unwrap_or_default())?;
    words.into_document()
}

/// The words of texts, in order.
#[derive(Default)]
struct Words {
    /// All of them, folded, one after the other.
    text: String,
    all: Vec<Word>,
    /// How many of them, from the first, are of titles.
    in_titles: usize,
}

/// A word: which it is among all, from 1, and where it stands in their text.
struct Word {
    /// Its first eight bytes, which mostly tell it from others.
    head: u64,
    place: usize,
    range: Range<usize>,
}

impl Words {
    /// Adds the words of a text, or returns none where the database may find others.
    fn add(&mut self, text: &str) -> Option<()> {
        let mut start = self.text.len();
        for character in text.chars() {
            if character.is_ascii_alphanumeric() {
                self.text.push(character.to_ascii_lowercase());
            } else if character.is_ascii() || PUNCTUATION.contains(&character) {
                start = self.end_word(start)?;
            } else {
                start = self.add_folded(character, start)?;
            }
        }
        self.end_word(start).map(|_| ())
    }

    /// Adds what a character beyond ASCII is folded to, if that is ASCII; returns where the word that goes on begins.
    fn add_folded(&mut self, character: char, mut start: usize) -> Option<usize> {
        if let Some(letters) = plain_letters(character) {
            self.text.push_str(letters);
            return Some(start);
        }
        let mut folded = [None; 8];
        let (mut length, mut is_known) = (0, is_settled(character));
        decompose_compatible(character, |part| match folded.get_mut(length) {
            _ if is_accent(part) => {}
            Some(place) if part.is_ascii() => {
                *place = Some(part);
                length += 1;
            }
            _ => is_known = false,
        });
        for part in folded.into_iter().flatten().filter(|_| is_known) {
            if part.is_ascii_alphanumeric() {
                self.text.push(part.to_ascii_lowercase());
            } else {
                start = self.end_word(start)?;
            }
        }
        is_known.then_some(start)
    }

    /// Ends the word that begins there, if there is one; returns where the next begins.
    fn end_word(&mut self, start: usize) -> Option<usize> {
        let end = self.text.len();
        let word = &self.text[start..end];
        if word.len() > MAX_WORD_BYTES || is_cut_as_number(word) {
            return None;
        }
        if !word.is_empty() {
            let mut head = [0; 8];
            head.iter_mut().zip(word.bytes()).for_each(|(head, byte)| *head = byte);
            self.all.push(Word { head: u64::from_be_bytes(head), place: self.all.len() + 1, range: start..end });
        }
        Some(end)
    }

    fn into_document(self) -> Option<String> {
        let Self { text, mut all, in_titles } = self;
        if all.len() > MAX_WORDS {
            return None;
        }
        let word_of = |word: &Word| &text[word.range.clone()];
        all.sort_unstable_by(|one, other| {
            let by_head = one.head.cmp(&other.head);
            by_head.then_with(|| word_of(one).cmp(word_of(other))).then(one.place.cmp(&other.place))
        });
        let mut document = String::with_capacity(text.len() + 4 * all.len());
        let mut digits = itoa::Buffer::new();
        for of_word in all.chunk_by(|one, next| one.head == next.head && word_of(one) == word_of(next)) {
            if of_word.len() > MAX_PLACES_OF_A_WORD {
                return None;
            }
            if !document.is_empty() {
                document.push(' ');
            }
            document.push_str(word_of(&of_word[0]));
            let mut separator = ':';
            for word in of_word {
                document.push(separator);
                document.push_str(digits.format(word.place));
                if word.place <= in_titles {
                    document.push('A');
                }
                separator = ',';
            }
        }
        Some(document)
    }
}

/// Says whether a character is one of those, Latin letters, their accents and punctuation, that every version of Unicode in
/// use decomposes alike: the server's may be another than ours.
fn is_settled(character: char) -> bool {
    matches!(character, '\u{80}'..='\u{24f}' | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' | '\u{2000}'..='\u{206f}')
}

/// Says whether the server's parser takes the head of a word for a number with an exponent, and so may cut it in two.
fn is_cut_as_number(word: &str) -> bool {
    let after_digits = word.trim_start_matches(|character: char| character.is_ascii_digit());
    let mut rest = after_digits.bytes();
    after_digits.len() < word.len()
        && rest.next() == Some(b'e')
        && rest.next().is_some_and(|byte| byte.is_ascii_digit())
}

/// Says whether a character is an accent that is folded away, of Latin, Greek and Cyrillic letters.
pub(crate) fn is_accent(character: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&character)
}

/// Returns what stands for a letter that has no decomposition into a base letter and an accent.
pub(crate) fn plain_letters(character: char) -> Option<&'static str> {
    match character {
        'ø' | 'Ø' => Some("o"),
        'ł' | 'Ł' => Some("l"),
        'đ' | 'Đ' | 'ð' | 'Ð' => Some("d"),
        'ı' => Some("i"),
        'æ' | 'Æ' => Some("ae"),
        'œ' | 'Œ' => Some("oe"),
        'ß' => Some("ss"),
        'þ' | 'Þ' => Some("th"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_sorted_and_keep_their_places() {
        let found = document("Amélie & Søn", Some("AMELIE’s son"), Some("The son's “1st” son…"));
        assert_eq!(found.as_deref(), Some("1st:9 amelie:1A,3A s:4A,8 son:2A,5A,7,10 the:6"));
    }

    #[test]
    fn what_is_not_certain_is_left_to_the_database() {
        for text in ["東京", "Ёлки", "½ century", "€5", "7e3rd", &"x".repeat(256), &"a ".repeat(256)] {
            assert_eq!(document(text, None, None), None, "{text}");
        }
        assert_eq!(document("", None, None).as_deref(), Some(""));
    }
}
