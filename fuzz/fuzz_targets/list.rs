//! A page of a list from arbitrary bytes: each entry is a movie or has a reason, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yts_ingest::api::{ListQuery, parse_list};

#[path = "../../tests/hostile/sound.rs"]
mod sound;

fuzz_target!(|body: &[u8]| {
    match parse_list(body, &ListQuery::default(), 1) {
        Ok(page) => {
            for entry in page.movies() {
                match entry {
                    Ok(parsed) => sound::assert_sound(&parsed.movie, &"a list"),
                    Err(bad) => assert!(!bad.reason.is_empty()),
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
