//! What the parsing makes of bad answers.

use serde_json::Value;
use yts_ingest::api::{BadMovie, Error, ListQuery, ParsedMovie, parse_details, parse_list};

use crate::mutation::{details, list, mutated};
use crate::sound::assert_sound;

const LISTS: u64 = 7_000;
const DETAILS: u64 = 3_000;

/// What became of the entries of many answers.
#[derive(Debug, Default)]
struct Tally {
    movies: u32,
    bad_movies: u32,
    bad_answers: u32,
}

#[test]
fn ten_thousand_mutated_answers_are_read_or_refused_with_a_reason() {
    let mut tally = Tally::default();
    for seed in 0..LISTS {
        let body = mutated(list(), seed);
        match parse_list(&body, &ListQuery::default(), 1) {
            Ok(page) => {
                assert_eq!(page.entries.len(), entries_of(&body).unwrap_or(page.entries.len()), "seed {seed}");
                page.movies().iter().for_each(|entry| tally.count(entry.as_ref(), seed));
            }
            Err(error) => tally.count_refused(&error, seed),
        }
    }
    for seed in 0..DETAILS {
        match parse_details(&mutated(details(), seed), 7) {
            Ok(parsed) => {
                assert_eq!(parsed.movie.external_id, 7, "seed {seed}");
                tally.count(Ok(&parsed), seed);
            }
            Err(Error::BadMovie(bad)) => tally.count(Err(&bad), seed),
            Err(error) => tally.count_refused(&error, seed),
        }
    }
    // The mutations are of use only if they reach all three.
    assert!(tally.movies > 10_000 && tally.bad_movies > 500 && tally.bad_answers > 1_000, "{tally:?}");
}

/// How many entries the page has, read by other means; `None` where those cannot, as with deep nesting.
fn entries_of(body: &[u8]) -> Option<usize> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    Some(answer["data"]["movies"].as_array().map_or(0, Vec::len))
}

impl Tally {
    fn count(&mut self, entry: Result<&ParsedMovie, &BadMovie>, seed: u64) {
        match entry {
            Ok(parsed) => {
                assert_sound(&parsed.movie, &format_args!("seed {seed}"));
                assert!(parsed.lost.iter().all(|loss| !loss.is_empty()) && parsed.lost.len() <= 100, "seed {seed}");
                self.movies += 1;
            }
            Err(bad) => {
                assert!(!bad.reason.is_empty() && is_harmless(&bad.body_head), "seed {seed}: {bad:?}");
                self.bad_movies += 1;
            }
        }
    }

    fn count_refused(&mut self, error: &Error, seed: u64) {
        let kinds = [
            "json",
            "challenge",
            "not-json",
            "not-an-api",
            "not-ok",
            "shape",
            "missing-movies",
            "wrong-movie",
            "unknown-movie",
        ];
        assert!(kinds.contains(&error.kind()), "seed {seed}: {error}");
        assert!(error.body_head().is_none_or(is_harmless), "seed {seed}: {error}");
        self.bad_answers += 1;
    }
}

/// Whether a text is short and shows as it reads.
fn is_harmless(head: &str) -> bool {
    let turns = |char| matches!(char, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    head.chars().count() <= 200 && !head.chars().any(|char| char.is_control() || turns(char))
}
