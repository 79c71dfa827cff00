//! Makes text: titles, slugs and descriptions, out of `words` and `plots`. Names of people are in `people`.

use std::fmt::Write as _;

use rand::Rng;
use rand::rngs::StdRng;

use super::draw::{one_in, pick};
use super::plots::{CLOSINGS, JOBS, MIDDLES, OPENINGS, THEMES};
use super::words::{ADJECTIVES, FIRST_NAMES, FOREIGN_TITLES, LAST_NAMES, NOUNS, PLACES};

/// The length a description aims at, in characters; the last sentences may carry it up to 900.
const DESCRIPTION_CHARS: std::ops::Range<usize> = 240..720;

/// Draws a title in the language; it may have been drawn before.
pub(super) fn title(rng: &mut StdRng, language: Option<&str>) -> String {
    if let Some((_, openings)) = FOREIGN_TITLES.iter().find(|(code, _)| Some(*code) == language)
        && !one_in(rng, 3)
    {
        return foreign_title(rng, openings);
    }
    let (adjective, noun, other) = (pick(rng, ADJECTIVES), pick(rng, NOUNS), pick(rng, NOUNS));
    match rng.random_range(0..10) {
        0 | 1 => format!("The {adjective} {noun}"),
        2 => format!("{adjective} {noun}"),
        3 => format!("{noun} of {}", pick(rng, PLACES)),
        4 => format!("The {noun} & the {other}"),
        5 => format!("{}'s {noun}", pick(rng, FIRST_NAMES)),
        6 => format!("{noun}: The {adjective} {other}"),
        7 => format!("A {adjective} {noun} in {}", pick(rng, PLACES)),
        8 => format!("{adjective} {noun} {}", rng.random_range(2..6)),
        _ => format!("{} and the {adjective} {noun}", pick(rng, FIRST_NAMES)),
    }
}

fn foreign_title(rng: &mut StdRng, openings: &[&str]) -> String {
    let (opening, place) = (pick(rng, openings), pick(rng, PLACES));
    if one_in(rng, 2) { format!("{opening} {place}") } else { format!("{opening} {} {place}", pick(rng, FIRST_NAMES)) }
}

/// Returns a title as it stands in addresses: lower-case letters and digits of ASCII, the rest one hyphen, then the
/// year.
pub(super) fn slug(title: &str, year: u16) -> String {
    let mut slug = String::with_capacity(title.len() + 5);
    for letter in title.chars().flat_map(char::to_lowercase) {
        match plain(letter) {
            Some(plain) => slug.push(plain),
            // "Ada's" becomes "adas", as the API has it.
            None if letter == '\'' => {}
            None if slug.ends_with('-') => {}
            None => slug.push('-'),
        }
    }
    // Writing to a string cannot fail.
    let _ = write!(slug, "{}{year}", if slug.ends_with('-') { "" } else { "-" });
    slug
}

/// Returns the ASCII letter or digit that a lower-case letter is written as.
fn plain(letter: char) -> Option<char> {
    match letter {
        'a'..='z' | '0'..='9' => Some(letter),
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => Some('a'),
        'ç' => Some('c'),
        'è' | 'é' | 'ê' | 'ë' => Some('e'),
        'ì' | 'í' | 'î' | 'ï' => Some('i'),
        'ñ' => Some('n'),
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => Some('o'),
        'ù' | 'ú' | 'û' | 'ü' => Some('u'),
        'ż' | 'ź' => Some('z'),
        _ => None,
    }
}

/// Draws a description of 200 to 900 characters; what it is about shows the genre.
pub(super) fn description(rng: &mut StdRng, genre: &str) -> String {
    let story = Story::draw(rng, genre);
    let target_chars = rng.random_range(DESCRIPTION_CHARS);
    let mut text = String::with_capacity(target_chars + 200);
    story.tell(pick(rng, OPENINGS), &mut text);
    let mut next_middle = rng.random_range(0..MIDDLES.len());
    while text.chars().count() < target_chars {
        text.push(' ');
        story.tell(MIDDLES[next_middle % MIDDLES.len()], &mut text);
        // A step without a common factor tells every sentence once before it comes to the first again.
        next_middle += 5;
    }
    text.push(' ');
    story.tell(pick(rng, CLOSINGS), &mut text);
    text
}

/// Returns the first sentence of a description.
pub(super) fn intro(description: &str) -> &str {
    description.split_inclusive(". ").next().unwrap_or_default().trim_end()
}

/// What stays the same throughout one description.
struct Story {
    hero: String,
    friend: &'static str,
    job: &'static str,
    place: &'static str,
    theme: &'static str,
}

impl Story {
    fn draw(rng: &mut StdRng, genre: &str) -> Self {
        let themes = THEMES.iter().find(|(name, _)| *name == genre).map_or(THEMES[0].1, |(_, themes)| *themes);
        Self {
            hero: format!("{} {}", pick(rng, FIRST_NAMES), pick(rng, LAST_NAMES)),
            friend: pick(rng, FIRST_NAMES),
            job: pick(rng, JOBS),
            place: pick(rng, PLACES),
            theme: pick(rng, themes),
        }
    }

    /// Appends a sentence with its blanks filled in.
    fn tell(&self, sentence: &str, text: &mut String) {
        for part in sentence.split_inclusive('}') {
            let Some((before, blank)) = part.split_once('{') else {
                text.push_str(part);
                continue;
            };
            text.push_str(before);
            text.push_str(match blank {
                "hero}" => &self.hero,
                "friend}" => self.friend,
                "job}" => self.job,
                "place}" => self.place,
                _ => self.theme,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::{Purpose, stream};
    use super::super::words::GENRES;
    use super::*;

    #[test]
    fn slugs_are_plain_ascii_and_end_in_the_year() {
        assert_eq!(slug("L'Été à Sète-le-Vieux", 2019), "lete-a-sete-le-vieux-2019");
        assert_eq!(slug("The Bell & the Café", 2004), "the-bell-the-cafe-2004");
        assert_eq!(slug("", 2012), "-2012");
    }

    #[test]
    fn every_genre_has_plots_and_every_blank_is_filled() {
        for (number, (genre, _)) in (0..).zip(GENRES) {
            assert!(THEMES.iter().any(|(name, themes)| name == genre && !themes.is_empty()), "{genre}");
            for draw in 0..40 {
                let text = description(&mut stream(draw, Purpose::Movie, number), genre);
                assert!((200..=900).contains(&text.chars().count()), "{} characters", text.chars().count());
                assert!(!text.contains(['{', '}']), "{text}");
            }
        }
    }
}
