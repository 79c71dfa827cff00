//! Cuts text into the word pieces of a BERT vocabulary, uncased: which entry stands for which part of a text.
//!
//! The words are [`words`]'; what the pieces mean is the models' concern. Special entries such as `[CLS]` are never
//! added, and written out in a text they are words like any other.
//! Source: <https://github.com/google-research/bert>, `tokenization.py`. Equal to version 0.23.3 of the `tokenizers`
//! package for every character of Unicode but 693 rare ones that are newer than its tables of categories.

mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Characters of a word above which it is unknown.
const MAX_WORD_CHARS: usize = 100;
/// What marks an entry as one that goes on within a word.
const CONTINUATION: &str = "##";
/// The entry for words that cannot be put together from others.
const UNKNOWN: &str = "[UNK]";

/// A vocabulary, ready to cut texts.
#[derive(Debug)]
pub(super) struct WordPiece<'a> {
    starts: Entries<'a>,
    continuations: Entries<'a>,
    unknown: u32,
    count: usize,
}

/// Entries by their text.
#[derive(Debug, Default)]
struct Entries<'a> {
    ids: HashMap<&'a str, u32, BuildHasherDefault<Fnv>>,
    max_bytes: usize,
}

impl<'a> WordPiece<'a> {
    /// Reads a vocabulary, one entry a line; an entry's id is the number of its line, from 0.
    pub(super) fn read(vocabulary: &'a str) -> Result<Self, String> {
        let mut read = Self { starts: Entries::default(), continuations: Entries::default(), unknown: 0, count: 0 };
        for line in vocabulary.lines() {
            let id = u32::try_from(read.count).map_err(|_| "its vocabulary is too long")?;
            let is_new = match line.strip_prefix(CONTINUATION) {
                Some(rest) if !rest.is_empty() => read.continuations.insert(rest, id),
                _ => read.starts.insert(line, id),
            };
            read.count += 1;
            if line.is_empty() || !is_new {
                return Err(format!("line {} of its vocabulary is empty or there twice", read.count));
            }
        }
        let unknown = read.starts.ids.get(UNKNOWN);
        read.unknown = *unknown.ok_or_else(|| format!("its vocabulary has no {UNKNOWN}"))?;
        Ok(read)
    }

    /// Returns the number of entries.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns the ids of a text's pieces.
    pub(super) fn ids(&self, text: &str) -> Vec<u32> {
        // English has about one piece for five bytes.
        let mut ids = Vec::with_capacity(text.len() / 4 + 1);
        words::for_each(text, |word| self.cut(word, &mut ids));
        ids
    }

    /// Cuts a word, the longest piece first. If one part of it fits no entry, the whole word is unknown.
    fn cut(&self, word: &str, ids: &mut Vec<u32>) {
        let known = ids.len();
        if word.len() > MAX_WORD_CHARS && word.chars().count() > MAX_WORD_CHARS {
            ids.push(self.unknown);
            return;
        }
        let mut rest = word;
        let mut entries = &self.starts;
        while !rest.is_empty() {
            let Some((id, after)) = entries.longest_start(rest) else {
                ids.truncate(known);
                ids.push(self.unknown);
                return;
            };
            ids.push(id);
            rest = after;
            entries = &self.continuations;
        }
    }
}

impl<'a> Entries<'a> {
    /// Adds an entry; returns whether it is new.
    fn insert(&mut self, text: &'a str, id: u32) -> bool {
        self.max_bytes = self.max_bytes.max(text.len());
        self.ids.insert(text, id).is_none()
    }

    /// Returns the longest entry that a text starts with, and the text behind it.
    fn longest_start<'t>(&self, text: &'t str) -> Option<(u32, &'t str)> {
        let longest = text.floor_char_boundary(self.max_bytes);
        let ends = (1..=longest).rev().filter(|&end| text.is_char_boundary(end));
        ends.map(|end| text.split_at(end)).find_map(|(start, rest)| Some((*self.ids.get(start)?, rest)))
    }
}

/// FNV-1a, several times faster on short words than the standard hasher, whose defence against chosen keys a fixed
/// vocabulary does not need. Source: <http://www.isthe.com/chongo/tech/comp/fnv/>.
#[derive(Debug)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
