//! Splits text into words as BERT does: control characters dropped, lower case, accents off, each punctuation mark and
//! each CJK ideograph a word of its own.
//!
//! One pass, no copy of the text; the usual ASCII letter costs one comparison. Pieces of words are [`super`]'s.

use unicode_normalization::char::decompose_canonical;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Calls `take` with each word of the text, in order.
pub(super) fn for_each(text: &str, take: impl FnMut(&str)) {
    let mut splitter = Splitter { word: String::with_capacity(32), take };
    for char in text.chars() {
        if char.is_ascii() {
            splitter.add_ascii(char);
        } else {
            splitter.add_other(char);
        }
    }
    splitter.end_word();
}

/// The word that is being read, and what is done with it once it is whole.
struct Splitter<F> {
    word: String,
    take: F,
}

impl<F: FnMut(&str)> Splitter<F> {
    fn add_ascii(&mut self, char: char) {
        match char {
            'a'..='z' | '0'..='9' => self.word.push(char),
            'A'..='Z' => self.word.push(char.to_ascii_lowercase()),
            ' ' | '\t' | '\n' | '\r' => self.end_word(),
            // All other ASCII is punctuation to BERT, be it `$` or `^`, or else a control character.
            _ if char.is_ascii_punctuation() => self.add_alone(char),
            _ => {}
        }
    }

    fn add_other(&mut self, char: char) {
        if is_dropped(char) {
            return;
        }
        if char.is_whitespace() {
            self.end_word();
            return;
        }
        let is_ideograph = is_ideograph(char);
        if is_ideograph {
            self.end_word();
        }
        decompose_canonical(char, |part| self.add_part(part));
        if is_ideograph {
            self.end_word();
        }
    }

    /// Adds what a character was decomposed to: a base character or a mark.
    fn add_part(&mut self, part: char) {
        if part.general_category() == GeneralCategory::NonspacingMark {
            return;
        }
        for char in part.to_lowercase() {
            if char.is_ascii_punctuation() || char.general_category_group() == GeneralCategoryGroup::Punctuation {
                self.add_alone(char);
            } else {
                self.word.push(char);
            }
        }
    }

    /// Adds a character that is a word of its own.
    fn add_alone(&mut self, char: char) {
        self.end_word();
        self.word.push(char);
        self.end_word();
    }

    fn end_word(&mut self) {
        if !self.word.is_empty() {
            (self.take)(&self.word);
            self.word.clear();
        }
    }
}

/// Whether a character beyond ASCII is taken for nothing, such as a zero-width space or a soft hyphen.
fn is_dropped(char: char) -> bool {
    let is_control = matches!(
        char.general_category(),
        GeneralCategory::Control | GeneralCategory::Format | GeneralCategory::PrivateUse
    );
    is_control || char == char::REPLACEMENT_CHARACTER
}

/// Whether a character is in one of Unicode's blocks of CJK ideographs (of those that BERT lists).
fn is_ideograph(char: char) -> bool {
    matches!(
        char,
        '\u{4E00}'..='\u{9FFF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{2A6DF}'
            | '\u{2A700}'..='\u{2B73F}'
            | '\u{2B740}'..='\u{2B81F}'
            | '\u{2B920}'..='\u{2CEAF}'
            | '\u{2F800}'..='\u{2FA1F}'
    )
}
