//! Words: cuts text into them, folds accents and case as both indexes do, and brings inflections together.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::store::{is_accent, plain_letters};

/// Words that say nothing about a film when they stand among others.
const STOP_WORDS: &str = " a about after all also an and any are as at be because been before being both but by can could did do does \
    each for from get gets had has have having he her here hers him his how i if in into is it its just like me more most my no nor \
    not now of off on one only or other our out over own s she so some such t than that the their them then there these they this \
    those through to too under until up very was we were what when where which while who whom whose why will with would you your \
    film films movie movies story stories ";

/// Words of three letters that turn their `y` into `ies` and `ied`, which leave too little of them to be told apart by.
const SHORT_WORDS: [&str; 12] = ["cry", "dry", "fly", "fry", "ply", "pry", "shy", "sky", "sly", "spy", "sty", "try"];

/// Says whether a word says nothing about a film.
pub(super) fn is_stop_word(word: &str) -> bool {
    let padded = format!(" {word} ");
    STOP_WORDS.contains(&padded)
}

/// Returns a text in lower case without the accents of Latin, Greek and Cyrillic, `ß` and its like spelt out: what both
/// databases index. What other scripts put together, such as a syllable of Korean, stays together.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|character| !is_accent(*character)) {
        match plain_letters(character) {
            Some(letters) => folded.push_str(letters),
            None => folded.extend(character.to_lowercase()),
        }
    }
    if folded.is_ascii() { Cow::Owned(folded) } else { Cow::Owned(folded.nfc().collect()) }
}

/// Says whether a character is a part of words: a letter, a digit, or a mark on one.
pub(super) fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || (!character.is_ascii() && is_combining_mark(character))
}

/// Returns the folded words of a text.
pub(super) fn words(text: &str) -> Vec<String> {
    words_of(&fold(text)).map(str::to_owned).collect()
}

/// Iterates over the words of a text that is folded already.
pub(super) fn words_of(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|character: char| !is_in_word(character)).filter(|word| !word.is_empty())
}

/// Returns the folded words of a text, each with how an index has it: folded where that leaves ASCII, else as it was
/// typed, since `SQLite` leaves the accents of other letters than Latin ones.
pub(super) fn indexed_words(text: &str) -> Vec<(String, String)> {
    let indexed = |piece: &str, word: &String| {
        if word.is_ascii() { word.clone() } else { piece.nfc().flat_map(char::to_lowercase).collect() }
    };
    let mut found = Vec::new();
    for (place, _) in places(text) {
        let piece = &text[place];
        found.extend(words(piece).into_iter().map(|word| (word.clone(), indexed(piece, &word))));
    }
    found
}

/// Returns where the words of a text stand in it, folded.
pub(super) fn places(text: &str) -> Vec<(Range<usize>, String)> {
    let mut places = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, is_in_word(character)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                places.push((from..at, fold(&text[from..at]).into_owned()));
                start = None;
            }
            _ => {}
        }
    }
    places
}

/// Returns what a word and its inflections have in common: `chases`, `chased` and `chasing` are `chas`. It begins as the
/// word does.
pub(super) fn stem(word: &str) -> &str {
    let length = word.len();
    if !word.is_ascii() || length < 4 || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word;
    }
    let cut = |count: usize| &word[..length - count];
    if (word.ends_with("ies") || word.ends_with("ied")) && length > 4 {
        let short = SHORT_WORDS.into_iter().find(|short| short[..2] == *cut(3));
        return short.unwrap_or(cut(3));
    }
    for (ending, least) in [("ing", 6), ("edly", 7), ("ed", 5), ("ly", 6)] {
        if word.ends_with(ending) && length >= least && has_vowel(cut(ending.len())) {
            let bare = without_end(cut(ending.len()));
            return if bare == cut(ending.len()) { without_last_of_pair(bare) } else { bare };
        }
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if word.ends_with(ending) {
            return cut(2);
        }
    }
    if word.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending)) {
        return without_end(cut(1));
    }
    without_end(word)
}

fn has_vowel(word: &str) -> bool {
    word.bytes().any(|byte| b"aeiouy".contains(&byte))
}

/// Takes off a last `e`, `y` or `ie`, which inflections lose or turn into `i`.
fn without_end(word: &str) -> &str {
    if let Some(without) = word.strip_suffix("ie").filter(|without| without.len() > 2) {
        return without;
    }
    if word.len() > 3 { word.strip_suffix(['e', 'y', 'i']).unwrap_or(word) } else { word }
}

/// Takes off the second of two equal consonants: `running` is `run`.
fn without_last_of_pair(word: &str) -> &str {
    let bytes = word.as_bytes();
    match bytes {
        [.., before, last] if before == last && !b"aeioulsz".contains(last) && bytes.len() > 3 => {
            &word[..word.len() - 1]
        }
        _ => word,
    }
}

/// Returns the words that have a word's stem, as far as endings make them: what is looked up for it.
pub(super) fn forms(word: &str) -> Vec<String> {
    const ENDINGS: [&str; 17] =
        ["", "e", "y", "ie", "s", "es", "ys", "ies", "ed", "ied", "ing", "ying", "ly", "ely", "ily", "edly", "ingly"];
    let stem = stem(word);
    let mut forms = vec![word.to_owned()];
    if stem.is_ascii() && stem.len() >= 3 && !stem.bytes().any(|byte| byte.is_ascii_digit()) {
        let doubled = stem.chars().last().map(|last| format!("{stem}{last}")).unwrap_or_default();
        let plain = ENDINGS.iter().map(|ending| format!("{stem}{ending}"));
        forms.extend(plain.chain(["ed", "ing", "y"].iter().map(|ending| format!("{doubled}{ending}"))));
    }
    if SHORT_WORDS.contains(&stem) {
        forms.extend(["ies", "ied"].map(|ending| format!("{}{ending}", &stem[..2])));
    }
    forms.retain(|form| form == word || self::stem(form) == stem);
    forms.sort_unstable();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_special_letters_are_folded() {
        assert_eq!(fold("AMÉLIE Łódź Straße Æon"), "amelie lodz strasse aeon");
        assert_eq!(fold("\u{1112}\u{1161}\u{11ab}국 か\u{3099}く हिन्दी"), "한국 がく हिन्दी");
        assert_eq!(words("L'été – n°5, “Ça va?”"), ["l", "ete", "n", "5", "ca", "va"]);
    }

    #[test]
    fn inflections_share_a_stem() {
        for group in [
            ["chase", "chases", "chased", "chasing"],
            ["lonely", "lonely", "lonely", "lonely"],
            ["story", "stories", "storied", "story"],
            ["marry", "marries", "married", "marrying"],
            ["zombie", "zombies", "zombie", "zombies"],
            ["cookie", "cookies", "cookie", "cookies"],
            ["spy", "spies", "spied", "spying"],
            ["sky", "skies", "sky", "skies"],
            ["plan", "plans", "planned", "planning"],
            ["lighthouse", "lighthouses", "lighthouse", "lighthouse"],
        ] {
            let stems = group.map(stem);
            assert!(stems.iter().all(|other| *other == stems[0]), "{stems:?}");
            assert!(group.iter().all(|word| forms(group[0]).contains(&(*word).to_owned())), "{:?}", forms(group[0]));
        }
        assert_ne!(stem("boss"), stem("bos"));
        assert_ne!(stem("dry"), stem("dr"));
        assert_eq!(stem("1980s"), "1980s");
    }

    #[test]
    fn places_lead_back_to_the_text() {
        let text = "Où est l’Été?";
        let found: Vec<_> = places(text).into_iter().map(|(place, word)| (&text[place], word)).collect();
        assert_eq!(found[0], ("Où", "ou".to_owned()));
        assert_eq!(found[3], ("Été", "ete".to_owned()));
    }
}
