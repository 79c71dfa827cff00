//! A movie's details from arbitrary bytes: they are of the movie asked for or there is a reason, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yts_ingest::api::parse_details;

#[path = "../../tests/hostile/sound.rs"]
mod sound;

/// The movie that the corpus has.
const ASKED: i32 = 7;

fuzz_target!(|body: &[u8]| {
    match parse_details(body, ASKED) {
        Ok(parsed) => {
            assert_eq!(parsed.movie.external_id, ASKED);
            sound::assert_sound(&parsed.movie, &"details");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
