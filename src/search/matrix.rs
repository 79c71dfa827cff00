//! All vectors of a model in one piece of memory, and an exact scan over it: for `SQLite`, which has no index of vectors.

use crate::store::PackedVectors;

/// Numbers that are added up side by side, so that the compiler uses the processor's wide registers.
const LANES: usize = 16;

/// The vectors of a model.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    dimension: usize,
    pieces: Vec<Piece>,
}

/// As many rows as were read at once; their numbers stay as they came, since most of the time to get here is copying.
#[derive(Clone, Debug)]
struct Piece {
    /// Places of the movies, one a row; none for a movie that went.
    places: Vec<Option<u32>>,
    /// The rows, one after the other: little-endian `f32`.
    numbers: Vec<u8>,
}

impl Matrix {
    /// Lays the vectors out, each with the place of its movie.
    pub(super) fn new(dimension: usize, packed: Vec<PackedVectors>, place: impl Fn(i64) -> Option<u32>) -> Self {
        let piece = |packed: PackedVectors| Piece {
            places: packed.movie_ids.into_iter().map(&place).collect(),
            numbers: packed.numbers,
        };
        Self { dimension, pieces: packed.into_iter().map(piece).collect() }
    }

    /// Returns the nearest rows and their closeness, nearest first.
    pub(super) fn nearest(&self, vector: &[f32], limit: usize, may: impl Fn(u32) -> bool) -> Vec<(u32, f64)> {
        if vector.len() != self.dimension || self.dimension == 0 {
            return Vec::new();
        }
        let mut near: Vec<(f32, u32)> = Vec::new();
        for piece in &self.pieces {
            let rows = piece.numbers.as_chunks().0.chunks_exact(self.dimension).zip(&piece.places);
            let allowed = rows.filter_map(|(row, place)| Some((row, place.filter(|place| may(*place))?)));
            near.extend(allowed.map(|(row, place)| (closeness(row, vector), place)));
        }
        let nearest_first = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if near.len() > limit && limit > 0 {
            near.select_nth_unstable_by(limit - 1, nearest_first);
        }
        near.truncate(limit);
        near.sort_unstable_by(nearest_first);
        near.into_iter().map(|(closeness, place)| (place, f64::from(closeness))).collect()
    }
}

/// Returns the scalar product of a stored row and a vector, which for vectors of length 1 is their closeness.
fn closeness(row: &[[u8; 4]], vector: &[f32]) -> f32 {
    let (row_wide, row_rest) = row.as_chunks::<LANES>();
    let (vector_wide, vector_rest) = vector.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (stored, numbers) in row_wide.iter().zip(vector_wide) {
        for lane in 0..LANES {
            sums[lane] += f32::from_le_bytes(stored[lane]) * numbers[lane];
        }
    }
    let rest: f32 = row_rest.iter().zip(vector_rest).map(|(stored, number)| f32::from_le_bytes(*stored) * number).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_others_not_at_all() {
        let rows = [[1.0_f32, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, 0.6]];
        let numbers = rows.as_flattened().iter().flat_map(|number| number.to_le_bytes()).collect();
        let packed = vec![PackedVectors { movie_ids: vec![70, 80, 1, 90], numbers }];
        let matrix = Matrix::new(2, packed, |id| u32::try_from(id / 10).ok().filter(|place| *place > 0));
        assert_eq!(matrix.nearest(&[1.0, 0.0], 2, |_| true), [(7, 1.0), (9, f64::from(0.8_f32))]);
        assert_eq!(matrix.nearest(&[1.0, 0.0], 5, |place| place == 8), [(8, 0.0)]);
        assert_eq!(matrix.nearest(&[1.0], 5, |_| true), []);
    }

    #[test]
    fn lanes_add_up_to_the_plain_product() {
        let numbers: Vec<f32> = (0_u8..37).map(f32::from).collect();
        let stored: Vec<[u8; 4]> = numbers.iter().map(|number| number.to_le_bytes()).collect();
        let plain = numbers.iter().map(|number| number * number).sum::<f32>();
        assert!((closeness(&stored, &numbers) - plain).abs() < 1e-2);
    }
}
