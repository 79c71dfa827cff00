//! What every vector must be before anybody sees it: finite and of length 1.
//!
//! Where vectors come from is the providers' concern, where they go the store's.

/// Why numbers are no direction to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("component {0} is not a finite number")]
    NotFinite(usize),
    #[error("all components are 0")]
    Zero,
}

/// Scales a vector to length 1.
pub(super) fn unit(mut vector: Vec<f32>) -> Result<Vec<f32>, Unusable> {
    if let Some(component) = vector.iter().position(|value| !value.is_finite()) {
        return Err(Unusable::NotFinite(component));
    }
    // In f64, in which no square of an f32 overflows or vanishes.
    let length = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt();
    if length == 0.0 {
        return Err(Unusable::Zero);
    }
    for value in &mut vector {
        *value = narrow(f64::from(*value) / length);
    }
    Ok(vector)
}

/// Whether a vector can be stored as it is.
pub(super) fn is_unit(vector: &[f32]) -> bool {
    let square: f64 = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    // False for NaN and infinities too.
    (square - 1.0).abs() < 1e-3
}

#[expect(clippy::cast_possible_truncation, reason = "components of a unit vector fit, rounded")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_to_length_one_whatever_the_size() {
        for scale in [1.0, 1e-44, 1e38] {
            let scaled = unit(vec![scale, 0.0, -scale]).unwrap();
            assert!(is_unit(&scaled), "{scale}: {scaled:?}");
            assert!((scaled[0] - 0.5_f32.sqrt()).abs() < 1e-6);
        }
    }

    #[test]
    fn refuses_what_has_no_direction() {
        assert_eq!(unit(vec![]), Err(Unusable::Zero));
        assert_eq!(unit(vec![0.0, -0.0]), Err(Unusable::Zero));
        assert_eq!(unit(vec![1.0, f32::NAN]), Err(Unusable::NotFinite(1)));
        assert_eq!(unit(vec![f32::NEG_INFINITY]), Err(Unusable::NotFinite(0)));
        assert!(![vec![f32::NAN], vec![f32::INFINITY], vec![0.5]].iter().any(|vector| is_unit(vector)));
    }
}
