//! A tiny model against numbers that `tools/static-embedding/teacher.py` computed from the same weights, and
//! directories that cannot be used.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::*;

const WIDTH: usize = 8;
const WIDE: usize = 16;
const VOCABULARY: [&str; 12] =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "ring", "dark", "lord", "a", "##s", ",", "."];

/// Knuth's MMIX generator; the reference draws the same numbers in the same order.
fn draw(state: &mut u64) -> f32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f32 / 16_777_216.0 - 0.5
}

/// Returns the arrays of the tiny model by name, with their shapes and their mean.
fn arrays() -> Vec<(String, Vec<usize>, f32)> {
    let mut arrays = Vec::new();
    for (name, rows) in [("word", 12), ("position", 16), ("token_type", 2)] {
        arrays.push((format!("embeddings.{name}_embeddings.weight"), vec![rows, WIDTH], 0.0));
    }
    let mut add = |name: &str, shape: Vec<usize>| {
        let mean = if shape.len() == 1 { 1.0 } else { 0.0 };
        let outputs = shape[0];
        arrays.push((format!("{name}.weight"), shape, mean));
        arrays.push((format!("{name}.bias"), vec![outputs], 0.0));
    };
    add("embeddings.LayerNorm", vec![WIDTH]);
    for layer in ["encoder.layer.0", "encoder.layer.1"] {
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            add(&format!("{layer}.attention.{part}"), vec![WIDTH, WIDTH]);
        }
        add(&format!("{layer}.attention.output.LayerNorm"), vec![WIDTH]);
        add(&format!("{layer}.intermediate.dense"), vec![WIDE, WIDTH]);
        add(&format!("{layer}.output.dense"), vec![WIDTH, WIDE]);
        add(&format!("{layer}.output.LayerNorm"), vec![WIDTH]);
    }
    arrays
}

/// Writes the arrays as a file, each name behind a prefix.
fn tensors(prefix: &str) -> Vec<u8> {
    let (mut header, mut data, mut state) = (Map::new(), Vec::new(), 1);
    for (name, shape, mean) in arrays() {
        let begin = data.len();
        for _ in 0..shape.iter().product() {
            data.extend_from_slice(&(draw(&mut state) + mean).to_le_bytes());
        }
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()] });
        header.insert(format!("{prefix}{name}"), entry);
    }
    let header = Value::from(header).to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

fn config() -> Value {
    json!({
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": WIDTH, "intermediate_size": WIDE,
        "num_attention_heads": 2, "num_hidden_layers": 2, "max_position_embeddings": 16, "type_vocab_size": 2,
        "vocab_size": 12, "layer_norm_eps": 1e-12,
    })
}

/// A tokenizer with a padding and a truncation that must not be obeyed.
fn tokenizer() -> Value {
    let ids: Map<_, _> = VOCABULARY.iter().enumerate().map(|(id, entry)| ((*entry).to_owned(), id.into())).collect();
    json!({
        "version": "1.0",
        "truncation": { "direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0 },
        "padding": { "strategy": { "Fixed": 12 }, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]" },
        "added_tokens": [],
        "normalizer": { "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": { "type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2] },
        "decoder": null,
        "model": { "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": ids },
    })
}

fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), "config.json", config().to_string().as_bytes());
    put(directory.path(), "tokenizer.json", tokenizer().to_string().as_bytes());
    put(directory.path(), "model.safetensors", &tensors(""));
    directory
}

fn put(directory: &Path, name: &str, bytes: &[u8]) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn refusal(directory: &TempDir) -> String {
    LocalModel::load(directory.path()).unwrap_err().to_string()
}

#[tokio::test]
async fn makes_the_vectors_that_an_independent_computation_makes() {
    let expected = [
        [0.030_314_8, 0.186_44, 0.274_775_3, -0.682_917_7, -0.367_614_9, -0.101_212_2, 0.012_672_5, 0.526_210_9],
        [0.041_863_8, 0.252_966_3, 0.092_927_8, -0.755_206, -0.171_832_7, -0.137_468_6, -0.030_615, 0.553_102_5],
        // Cut at 16 positions: `the` and 13 words that are unknown.
        [0.037_677_1, 0.191_731_7, 0.160_380_7, -0.719_530_8, -0.255_854_3, -0.143_823_4, -0.008_517_5, 0.576_327_8],
    ];
    let model = LocalModel::load(directory().path()).unwrap();
    let texts = ["The rings, the dark LORD.".to_owned(), "a ring".to_owned(), format!("the{}", " orc".repeat(40))];
    let embeddings = model.embed(&texts).await.unwrap();
    for (embedding, expected) in embeddings.iter().zip(expected) {
        let vector = embedding.as_ref().unwrap();
        let is_close = vector.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 2e-6);
        assert!(is_close && vector.len() == model.dimension(), "{vector:?} is not {expected:?}");
    }
}

#[tokio::test]
async fn answers_text_for_text_and_blank_ones_with_none() {
    let model = LocalModel::load(directory().path()).unwrap();
    let texts: Vec<String> =
        (0..9).map(|place| if place % 4 == 0 { " ".to_owned() } else { "a".repeat(place) }).collect();
    let embeddings = model.embed(&texts).await.unwrap();
    let blank: Vec<usize> = (0..9).filter(|&place| embeddings[place].is_none()).collect();
    assert_eq!(blank, [0, 4, 8]);
    assert_eq!(model.embed(&[]).await.unwrap(), Vec::<Embedding>::new());
}

#[test]
fn the_id_follows_the_files_and_not_the_place() {
    let (one, two) = (directory(), directory());
    let id = |directory: &TempDir| LocalModel::load(directory.path()).unwrap().model_id().to_owned();
    assert!(id(&one) == id(&two) && id(&one).starts_with("local-bert-8-"));
    put(two.path(), "sentence_bert_config.json", br#"{"max_seq_length": 4}"#);
    assert_ne!(id(&one), id(&two));
}

#[test]
fn arrays_may_have_the_prefix_of_their_class() {
    let directory = directory();
    put(directory.path(), "model.safetensors", &tensors("bert."));
    assert!(LocalModel::load(directory.path()).is_ok());
}

#[test]
fn a_missing_file_is_named() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let directory = directory();
        fs::remove_file(directory.path().join(name)).unwrap();
        let error = refusal(&directory);
        assert!(error.contains(&format!("{name}: ")) && error.contains("directory must hold"), "{error}");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_an_error() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let directory = directory();
        let whole = fs::read(directory.path().join(name)).unwrap();
        for length in (0..whole.len()).step_by(97) {
            put(directory.path(), name, &whole[..length]);
            assert!(refusal(&directory).contains(name), "{name} of {length} bytes");
        }
    }
}

#[test]
fn models_of_other_kinds_are_refused() {
    for (field, value, reason) in [
        ("model_type", json!("mpnet"), "it is a mpnet model"),
        ("position_embedding_type", json!("relative_key"), "positions are relative_key"),
        ("hidden_act", json!("relu"), "activation is relu"),
        ("num_attention_heads", json!(3), "shared by 3 heads"),
        ("num_attention_heads", json!(0), "shared by 0 heads"),
        ("num_attention_heads", json!(-1), "config.json: invalid value"),
        ("layer_norm_eps", json!(0), "layer_norm_eps is 0"),
        ("hidden_size", json!(1_u64 << 60), "has shape [12, 8]"),
        ("num_hidden_layers", json!(3), "no array encoder.layer.2"),
        ("vocab_size", json!(11), "a token of id 11"),
        ("type_vocab_size", json!(0), "has shape [2, 8]"),
        ("max_position_embeddings", json!(2), "at least 3"),
    ] {
        let directory = directory();
        let mut changed = config();
        changed[field] = value;
        put(directory.path(), "config.json", changed.to_string().as_bytes());
        let error = refusal(&directory);
        assert!(error.contains(reason), "{field}: {error}");
    }
}

#[test]
fn poolings_other_than_the_mean_are_refused() {
    let directory = directory();
    put(directory.path(), "1_Pooling/config.json", br#"{"pooling_mode_cls_token": true}"#);
    assert!(refusal(&directory).contains("does not pool by the mean"));
    put(directory.path(), "1_Pooling/config.json", br#"{"pooling_mode_mean_tokens": true}"#);
    assert!(LocalModel::load(directory.path()).is_ok());
    put(directory.path(), "modules.json", br#"[{"type": "sentence_transformers.models.Dense"}]"#);
    assert!(refusal(&directory).contains("Dense is not supported"));
}
