//! How the demo draws: every random choice comes from a seed, what it is for and a number, so that it can be drawn
//! again alone. What is drawn lives with the modules that draw it.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Says what numbers are drawn for; each purpose has a stream of its own, so that a new one disturbs none of the
/// others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// A movie's own fields, by its position from the oldest.
    Movie = 1,
    /// Movies that share a slug, by the number of their pair.
    Twins,
    /// The offsets that make one seed's ids and names unlike another's.
    Offset,
    /// The gap in a block of ids, by the number of the block.
    Ids,
    /// The faults of a request, by its target and how often that was asked.
    Fault,
    /// The movie to remove, by the number of the removal.
    Removal,
}

/// Returns the numbers that belong to `number` of a purpose, the same ones each time.
pub(super) fn stream(seed: u64, purpose: Purpose, number: u64) -> StdRng {
    StdRng::seed_from_u64(mix(mix(seed ^ purpose as u64) ^ number))
}

/// Returns true once in `n` draws.
pub(super) fn one_in(rng: &mut StdRng, n: u32) -> bool {
    rng.random_ratio(1, n)
}

/// Returns one of `choices`, which must not be empty.
pub(super) fn pick<T: Copy>(rng: &mut StdRng, choices: &[T]) -> T {
    choices[rng.random_range(0..choices.len())]
}

/// Returns one of `choices` as often as its weight says; an empty or weightless table is a mistake in this module's
/// callers.
pub(super) fn weighted<T: Copy>(rng: &mut StdRng, choices: &[(T, u32)]) -> T {
    let total: u32 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.random_range(0..total);
    for &(choice, weight) in choices {
        if left < weight {
            return choice;
        }
        left -= weight;
    }
    choices[0].0
}

/// Hashes text by FNV-1a, which, unlike the standard library's hasher, is the same in every release.
pub(super) fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Scatters neighbouring numbers over all 64 bits: the finalizer of `SplitMix64`.
fn mix(number: u64) -> u64 {
    let mut spread = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    spread = (spread ^ (spread >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    spread = (spread ^ (spread >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    spread ^ (spread >> 31)
}
