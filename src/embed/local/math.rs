//! Elementwise functions of the encoder, written so that the compiler can use vector instructions.
//!
//! The standard library's `exp` is exact to the last bit and calls a function for each number; on a text of 142 tokens
//! that would cost more than the matrices. Sources: Cephes' `expf`; Abramowitz and Stegun, 7.1.26.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

use ndarray::ArrayViewMut1;

/// Returns a count as a float.
pub(super) fn size(count: usize) -> f32 {
    count as f32
}

/// Returns e to the power of `x`, right to 2e-7 of it.
#[inline]
fn exp(x: f32) -> f32 {
    // Adding and taking away 1.5 * 2^23 rounds to an integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let whole = (x * LOG2_E + ROUND) - ROUND;
    let rest = (x - whole * 0.693_359_4) - whole * -2.121_944_4e-4;
    let series = 1.987_569_1e-4 * rest + 1.398_2e-3;
    let series = ((series * rest + 8.333_452e-3) * rest + 4.166_579_6e-2) * rest + 1.666_666_5e-1;
    let value = (series * rest + 0.5) * rest * rest + rest + 1.0;
    value * power_of_two(whole)
}

/// Returns 2 to the power of a whole number between -126 and 127.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within the exponent's range")]
fn power_of_two(whole: f32) -> f32 {
    f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

/// Returns the error function of `x`, right to 2e-7.
#[inline]
fn erf(x: f32) -> f32 {
    let t = (1.0 + 0.327_591_1 * x.abs()).recip();
    let series = ((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74;
    let series = (series * t + 0.254_829_6) * t;
    (1.0 - series * exp(-x * x)).copysign(x)
}

/// The activation of BERT's wide layer.
#[inline]
pub(super) fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * FRAC_1_SQRT_2))
}

/// Turns scores into shares that add up to 1.
pub(super) fn softmax(mut scores: ArrayViewMut1<'_, f32>) {
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.mapv_inplace(|score| exp(score - highest));
    let sum = scores.sum();
    scores /= sum;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_over_the_range_that_scores_have() {
        for step in -8_600_i16..8_800 {
            let x = f32::from(step) / 100.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-6, "{x}");
        }
        assert!(exp(-1e30) < 1e-37 && exp(1e30).is_finite());
    }

    #[test]
    fn gelu_has_the_values_in_the_tables() {
        for (x, expected) in [(0.0, 0.0), (1.0, 0.841_344_7), (-1.0, -0.158_655_3), (0.3, 0.185_373_4), (9.0, 9.0)] {
            assert!((gelu(x) - expected).abs() < 1e-6, "{x}: {}", gelu(x));
        }
    }

    #[test]
    fn shares_add_up_to_one() {
        let mut scores = [1_000.0_f32, 999.0, -1_000.0];
        softmax(scores.as_mut_slice().into());
        assert!((scores[0] - 0.731_058_6).abs() < 1e-6 && (scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
