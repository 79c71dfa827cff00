//! The built-in model: a table with one vector for each entry of a BERT vocabulary, part of the binary.
//!
//! A text's vector is the sum of its pieces' rows, each times its weight, scaled to length 1: no network, no download,
//! no waiting. How the table came about is told in `assets/static-embedding`; reading its file is
//! [`super::safetensors`]', cutting text [`super::wordpiece`]'s.

use std::sync::OnceLock;

use super::error::Error;
use super::fingerprint;
use super::safetensors::SafeTensors;
use super::vector;
use super::wordpiece::WordPiece;

/// What the model is called; its id adds a hash of its files.
const NAME: &str = "static-minilm-128";
/// Numbers in a vector.
const DIMENSION: usize = 128;

static TENSORS: &[u8] = include_bytes!("../../assets/static-embedding/model.safetensors");
static VOCABULARY: &[u8] = include_bytes!("../../assets/static-embedding/vocab.txt");
static TABLE: OnceLock<Result<Table<'static>, Error>> = OnceLock::new();

/// The built-in model. Copies share one table.
#[derive(Clone, Copy, Debug)]
pub struct StaticModel {
    table: &'static Table<'static>,
}

/// The table, opened and checked.
#[derive(Debug)]
struct Table<'a> {
    id: String,
    pieces: WordPiece<'a>,
    /// One weight a row; 0 for entries that say nothing, such as `[UNK]`.
    weights: Vec<f32>,
    /// Rows of [`DIMENSION`] signed bytes.
    rows: &'a [[u8; DIMENSION]],
}

impl StaticModel {
    /// Opens the table, the first time in about ten milliseconds, later at once.
    pub fn load() -> Result<Self, Error> {
        match TABLE.get_or_init(|| Table::read(TENSORS, VOCABULARY)) {
            Ok(table) => Ok(Self { table }),
            Err(error) => Err(error.clone()),
        }
    }

    /// Returns a text's vector; `None` if nothing in it says anything, such as an empty text or one in a script that
    /// the vocabulary does not know.
    #[must_use]
    pub fn embed_one(&self, text: &str) -> Option<Vec<f32>> {
        self.table.embed(text)
    }

    /// Returns the model's name with a hash of its files, so that vectors of another table are never mixed with its own.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.table.id
    }

    /// Returns how many numbers a vector has.
    #[must_use]
    pub fn dimension(&self) -> usize {
        DIMENSION
    }
}

impl<'a> Table<'a> {
    /// Reads the table's two files.
    fn read(tensors: &'a [u8], vocabulary: &'a [u8]) -> Result<Self, Error> {
        Self::open(tensors, vocabulary).map_err(|reason| Error::Model {
            model: format!("{NAME}, built in"),
            reason: format!("{reason}; restore assets/static-embedding and build again"),
        })
    }

    fn open(tensors: &'a [u8], vocabulary: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(vocabulary).map_err(|error| format!("its vocabulary is damaged: {error}"))?;
        let pieces = WordPiece::read(text)?;
        let file = SafeTensors::open(tensors)?;
        let weights = file.f32s("weights", &[pieces.count()])?;
        // Real weights are below 0.1; a damaged exponent would drown all other pieces.
        if let Some(entry) = weights.iter().position(|weight| !(0.0..=1.0).contains(weight)) {
            return Err(format!("the weight of entry {entry} is not between 0 and 1"));
        }
        let (rows, _) = file.bytes_of_i8("embeddings", DIMENSION)?.as_chunks();
        if rows.len() != pieces.count() {
            return Err(format!("it has {} rows for a vocabulary of {}", rows.len(), pieces.count()));
        }
        let id = format!("{NAME}-{}", fingerprint::of_parts(&[tensors, vocabulary], 4));
        Ok(Self { id, pieces, weights, rows })
    }

    fn embed(&self, text: &str) -> Option<Vec<f32>> {
        let mut sum = [0.0_f32; DIMENSION];
        for id in self.pieces.ids(text) {
            let place = id as usize;
            let weight = self.weights[place];
            for (total, &byte) in sum.iter_mut().zip(&self.rows[place]) {
                *total += weight * f32::from(byte.cast_signed());
            }
        }
        // All rows and weights are finite, so what is left is the sum of nothing.
        vector::unit(sum.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Components 0, 1, 2, 3, 63, 126, 127 and the sum of all absolute values, computed in 64-bit floats with `NumPy`
    /// from the table and the ids of the `tokenizers` package.
    const EXPECTED: [(&str, [f32; 8]); 3] = [
        (
            "A hobbit must destroy a magic ring before the dark lord finds it.",
            [-0.218_252, -0.098_551_3, -0.053_230_7, -0.087_978_9, -0.004_368_6, 0.033_050_6, 0.037_132_4, 8.856_793],
        ),
        (
            "Amélie. Comedy, Romance. A shy waitress in Paris.",
            [-0.413_359_3, -0.311_129_9, -0.267_947_3, -0.001_515_8, 0.056_125_6, -0.016_197_1, 0.056_279_3, 7.791_368],
        ),
        (
            "七人の侍: seven samurai defend a village",
            [
                -0.066_852_6,
                -0.159_243_7,
                -0.060_738_2,
                0.053_915_9,
                -0.067_348_6,
                -0.082_503_2,
                -0.029_471_3,
                8.553_378,
            ],
        ),
    ];

    #[test]
    fn makes_the_vectors_that_an_independent_computation_makes() {
        let model = StaticModel::load().unwrap();
        for (text, expected) in EXPECTED {
            let vector = model.embed_one(text).unwrap();
            assert!(vector.len() == model.dimension() && vector::is_unit(&vector));
            let mut found = [0, 1, 2, 3, 63, 126, 127].map(|place| vector[place]).to_vec();
            found.push(vector.iter().map(|value| value.abs()).sum());
            let is_close = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5);
            assert!(is_close, "{text}: {found:?} is not {expected:?}");
        }
    }

    #[test]
    fn a_text_that_says_nothing_has_no_vector() {
        let model = StaticModel::load().unwrap();
        for text in ["", " \n", "\u{200b}", "🎬", "ไทย"] {
            assert_eq!(model.embed_one(text), None, "{text:?}");
        }
    }

    #[test]
    fn likens_what_is_alike() {
        let model = StaticModel::load().unwrap();
        let [ring, wizard, tax] =
            ["a magic ring and a wizard", "sorcery and enchanted jewels", "a tax return for 2019"]
                .map(|text| model.embed_one(text).unwrap());
        let closeness = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        assert!(closeness(&ring, &wizard) > closeness(&ring, &tax) + 0.1);
    }

    #[test]
    fn the_id_names_the_files_it_was_made_of() {
        assert_eq!(StaticModel::load().unwrap().model_id(), "static-minilm-128-d8bf5e5e");
    }

    #[test]
    fn damaged_files_are_errors_with_a_remedy() {
        let cut = |length: usize| Table::read(&TENSORS[..length], VOCABULARY).unwrap_err().to_string();
        for length in [0, 1, 7, 8, 9, 100, 165, 166, 5_000, 122_254, 4_029_063] {
            assert!(cut(length).contains("restore assets/static-embedding"), "{}", cut(length));
        }
        let error = Table::read(TENSORS, &VOCABULARY[..231_000]).unwrap_err().to_string();
        assert!(error.contains("shape [30522]"), "{error}");
        let error = Table::read(TENSORS, b"[UNK]\n\xFF\n").unwrap_err().to_string();
        assert!(error.contains("vocabulary is damaged"), "{error}");
    }

    #[test]
    fn no_damaged_byte_brings_a_vector_that_is_none() {
        let header_bytes = TENSORS.iter().position(|&byte| byte == b'}').unwrap();
        let places = (0..header_bytes).step_by(11).chain((170..TENSORS.len()).step_by(400_001));
        for place in places {
            let mut damaged = TENSORS.to_vec();
            damaged[place] ^= 0xFF;
            let Ok(table) = Table::read(&damaged, VOCABULARY) else { continue };
            assert!(vector::is_unit(&table.embed("the hobbit [unused0] ! a").unwrap()), "byte {place}");
            assert_ne!(table.id, StaticModel::load().unwrap().model_id());
        }
    }
}
