//! Joins rankings into one by the places that they give, since their scores can't be compared: reciprocal rank fusion
//! (Cormack, Clarke and Büttcher, 2009).

use std::collections::HashMap;

/// The paper's constant: how little the very first places count more than the next ones.
const K: f64 = 60.0;

/// Returns the score of each member of the rankings; each comes with how much its place is to count, from 0 to 1.
pub(super) fn fuse(rankings: &[&[(u32, f64)]]) -> HashMap<u32, f64> {
    let mut scores = HashMap::new();
    for ranking in rankings {
        for ((place, weight), rank) in ranking.iter().zip(1_u32..) {
            *scores.entry(*place).or_default() += weight / (K + f64::from(rank));
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_rank_high_comes_first() {
        let scores = fuse(&[&[(1, 1.0), (2, 1.0), (3, 1.0)], &[(2, 1.0), (4, 1.0)]]);
        assert!((scores[&2] - (1.0 / 62.0 + 1.0 / 61.0)).abs() < 1e-12);
        assert!(scores[&2] > scores[&1] && scores[&1] > scores[&4] && scores[&4] > scores[&3]);
    }
}
