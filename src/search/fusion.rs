//! Joins the rankings by meaning and by words into one, by their scores: closeness, plus what the words say.
//!
//! Both scores keep what ranks lose: how far apart two places are, and whether one word was found by chance or all of
//! them. Source: Bruch, Gai and Ingber, An Analysis of Fusion Functions for Hybrid Retrieval (2023).

use std::collections::HashMap;

use super::text::Found;

/// What a score by words weighs beside closeness, which goes from 0 to 1. Chosen on the questions of the evaluation and on
/// descriptions of real films (docs/search.md); from 0.5 to 0.8 it makes little difference.
const WORDS: f64 = 0.6;

/// Joins the nearest movies, nearest first, with those found by their words; best first. Of these, the ones that are not
/// near have their closeness in `close`; without a vector, one counts as close as the last of the nearest: more is not
/// known of it.
pub(super) fn fuse(near: &[(u32, f64)], close: &[(u32, f64)], found: &[Found]) -> Vec<(u32, f64)> {
    let least = near.last().map_or(0.0, |(_, closeness)| *closeness);
    let mut scores: HashMap<u32, f64> = close.iter().chain(near).copied().collect();
    for Found { place, score } in found {
        *scores.entry(*place).or_insert(least) += WORDS * score;
    }
    let mut ranked: Vec<(u32, f64)> = scores.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(near: &[(u32, f64)], close: &[(u32, f64)], found: &[(u32, f64)]) -> Vec<u32> {
        let found: Vec<Found> = found.iter().map(|&(place, score)| Found { place, score }).collect();
        fuse(near, close, &found).into_iter().map(|(place, _)| place).collect()
    }

    #[test]
    fn what_both_find_comes_first_and_chance_counts_little() {
        let near = [(1, 0.6), (2, 0.55), (3, 0.3)];
        let close = [(4, 0.1)];
        // 5 has no vector: as close as 3.
        assert_eq!(places(&near, &close, &[(2, 0.3), (4, 0.4), (5, 0.05)]), [2, 1, 4, 5, 3]);
        assert_eq!(places(&near, &[], &[]), [1, 2, 3]);
        assert_eq!(places(&[], &[], &[(4, 0.8), (5, 0.1)]), [4, 5]);
    }
}
