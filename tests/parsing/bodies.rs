//! Bodies through the parsing that are no answers: sound ones to which something happened, and mere bytes.
//!
//! Bodies that are whole, whatever movies they hold, are in `movies`.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::bench::{Bench, check, page_of};
use crate::kept::{check_bad, check_kept, check_shown};
use crate::mishap::mishap;
use crate::sound::{sound_movie, written};

#[test]
fn a_broken_body_is_an_error_or_a_page_and_never_a_panic() {
    let bench = Bench::new();
    let broken = (vec(sound_movie(), 1..=3), vec(mishap(), 1..4));
    check(400, &broken, |(movies, mishaps)| {
        let texts: Vec<String> = movies.iter().map(|movie| written(movie).to_string()).collect();
        let mut body = page_of(&texts).into_bytes();
        for mishap in &mishaps {
            mishap.happen_to(&mut body);
        }
        match bench.list(body) {
            Ok(page) => {
                for entry in &page.movies() {
                    entry.as_ref().map_or_else(check_bad, |parsed| check_kept(&parsed.movie))?;
                }
            }
            Err(error) => {
                prop_assert!(!error.is_source_down(), "one bad body is not the end: {}", error);
                check_shown(&error.to_string())?;
                bench.recover();
            }
        }
        Ok(())
    });
}

#[test]
fn a_body_of_bytes_is_an_error() {
    let bench = Bench::new();
    check(200, &vec(any::<u8>(), 0..300), |body| {
        let Err(error) = bench.list(body) else { return Err(TestCaseError::fail("it was taken for a page")) };
        prop_assert!(!error.is_source_down());
        check_shown(&error.to_string())?;
        bench.recover();
        Ok(())
    });
}
