//! Movies through the parsing: strange ones lose the nonsense or are refused, sound ones come out as they went in.
//!
//! Here every body is whole; broken ones are in `bodies`.

use proptest::collection::vec;
use proptest::prelude::*;
use yts_ingest::api::Entry;
use yts_ingest::movie::Movie;

use crate::bench::{Bench, PAGE_SIZE, check, page_of};
use crate::kept::{check_bad, check_kept, check_shown};
use crate::sound::{sound_movie, written};
use crate::strange::{id, strange_movie};

#[test]
fn strange_movies_are_kept_without_the_nonsense_or_refused_with_a_reason() {
    let bench = Bench::new();
    let size = usize::try_from(PAGE_SIZE).expect("a small number");
    check(150, &vec(strange_movie(), 1..=size), |strange| {
        let texts: Vec<String> = strange.iter().map(|(text, _)| text.clone()).collect();
        let page =
            bench.list(page_of(&texts)).map_err(|error| TestCaseError::fail(format!("the page failed: {error}")))?;
        prop_assert_eq!(page.entries.len(), strange.len(), "one movie costs that movie, not its page");
        for (entry, (text, kept)) in page.movies().iter().zip(&strange) {
            match entry {
                Ok(parsed) => {
                    prop_assert_eq!(Some(parsed.movie.external_id), *kept, "{}", text);
                    check_kept(&parsed.movie)?;
                    parsed.lost.iter().try_for_each(|lost| check_shown(lost))?;
                }
                Err(bad) => check_bad(bad)?,
            }
        }
        Ok(())
    });
}

#[test]
fn an_id_outside_of_i32_is_never_kept() {
    let bench = Bench::new();
    check(150, &vec(id(), 1..=20), |ids| {
        let texts: Vec<String> = ids.iter().map(|(id, _)| format!(r#"{{"id":{id},"title":"A"}}"#)).collect();
        let page = bench.list(page_of(&texts)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let found: Vec<Option<i32>> =
            page.movies().iter().map(|entry| entry.as_ref().ok().map(|parsed| parsed.movie.external_id)).collect();
        let expected: Vec<Option<i32>> = ids.iter().map(|(_, kept)| *kept).collect();
        prop_assert_eq!(&found, &expected);
        let without_reading: Vec<Option<i32>> = page.entries.iter().map(Entry::external_id).collect();
        prop_assert_eq!(&without_reading, &expected);
        Ok(())
    });
}

#[test]
fn a_sound_movie_comes_out_as_it_went_in() {
    let bench = Bench::new();
    check(100, &vec(sound_movie(), 1..=10), |movies| {
        let texts: Vec<String> = movies.iter().map(|movie| written(movie).to_string()).collect();
        let page = bench.list(page_of(&texts)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let parsed: Vec<_> =
            page.movies().into_iter().map(|entry| entry.map(|parsed| (parsed.movie, parsed.lost))).collect();
        let expected: Vec<_> = movies.into_iter().map(|movie| Ok((movie, Vec::new()))).collect();
        prop_assert_eq!(parsed, expected);
        Ok(())
    });
}

#[test]
fn details_are_read_as_lists_are() {
    let bench = Bench::new();
    check(100, &sound_movie(), |movie| {
        let asked = Movie { external_id: 7, ..movie };
        let parsed =
            bench.details(&written(&asked).to_string()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(parsed.movie, asked);
        Ok(())
    });
}
