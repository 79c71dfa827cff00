//! All vectors of a model in one piece of memory, and an exact scan over it: for `SQLite`, which has no index of vectors.

use crate::store::PackedVectors;

/// Numbers that are added up side by side, so that the compiler uses the processor's wide registers.
const LANES: usize = 16;

/// The vectors of a model.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    dimension: usize,
    /// Places of the movies, one a row.
    places: Vec<u32>,
    /// The rows, one after the other.
    numbers: Vec<f32>,
}

impl Matrix {
    /// Lays the vectors out; those of movies without a place are left out.
    pub(super) fn new(dimension: usize, packed: &[PackedVectors], place: impl Fn(i64) -> Option<u32>) -> Self {
        let count = packed.iter().map(|packed| packed.movie_ids.len()).sum();
        let (mut places, mut numbers) = (Vec::with_capacity(count), Vec::with_capacity(count * dimension));
        for PackedVectors { movie_ids, numbers: bytes } in packed {
            let rows = bytes.as_chunks().0.chunks_exact(dimension.max(1));
            for (place, row) in movie_ids.iter().map(|id| place(*id)).zip(rows) {
                let Some(place) = place else { continue };
                places.push(place);
                numbers.extend(row.iter().map(|bytes| f32::from_le_bytes(*bytes)));
            }
        }
        Self { dimension, places, numbers }
    }

    /// Returns the nearest rows and their closeness, nearest first.
    pub(super) fn nearest(&self, vector: &[f32], limit: usize, may: impl Fn(u32) -> bool) -> Vec<(u32, f64)> {
        if vector.len() != self.dimension || self.dimension == 0 {
            return Vec::new();
        }
        let rows = self.numbers.chunks_exact(self.dimension).zip(&self.places);
        let mut near: Vec<(f32, u32)> =
            rows.filter(|(_, place)| may(**place)).map(|(row, &place)| (dot(row, vector), place)).collect();
        let nearest_first = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if near.len() > limit && limit > 0 {
            near.select_nth_unstable_by(limit - 1, nearest_first);
        }
        near.truncate(limit);
        near.sort_unstable_by(nearest_first);
        near.into_iter().map(|(closeness, place)| (place, f64::from(closeness))).collect()
    }
}

/// Returns the scalar product, which for vectors of length 1 is their closeness.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_wide, a_rest) = a.as_chunks::<LANES>();
    let (b_wide, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a_wide.iter().zip(b_wide) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_others_not_at_all() {
        let rows = [[1.0_f32, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, 0.6]];
        let numbers = rows.as_flattened().iter().flat_map(|number| number.to_le_bytes()).collect();
        let packed = [PackedVectors { movie_ids: vec![70, 80, 1, 90], numbers }];
        let matrix = Matrix::new(2, &packed, |id| u32::try_from(id / 10).ok().filter(|place| *place > 0));
        assert_eq!(matrix.nearest(&[1.0, 0.0], 2, |_| true), [(7, 1.0), (9, f64::from(0.8_f32))]);
        assert_eq!(matrix.nearest(&[1.0, 0.0], 5, |place| place == 8), [(8, 0.0)]);
        assert_eq!(matrix.nearest(&[1.0], 5, |_| true), []);
    }

    #[test]
    fn lanes_add_up_to_the_plain_product() {
        let a: Vec<f32> = (0_u8..37).map(f32::from).collect();
        assert!((dot(&a, &a) - a.iter().map(|number| number * number).sum::<f32>()).abs() < 1e-2);
    }
}
