//! What a sentence-transformers directory must hold, and what in it decides whether this module can run it.
//!
//! Files are read whole and once, for the model's id is a hash of them. The arrays in them are [`super::encoder`]'s.

use std::io;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokenizers::{Tokenizer, TruncationParams};

use crate::embed::fingerprint;

/// Tokens of a text that are read where the directory does not say; what the `MiniLM` models were trained with.
const DEFAULT_MAX_TOKENS: usize = 256;
/// Fewer leave no room between the two special tokens.
const MIN_MAX_TOKENS: usize = 3;

/// A directory's files.
#[derive(Debug)]
pub(super) struct Files {
    config: Config,
    config_bytes: Vec<u8>,
    tokenizer: Vec<u8>,
    /// `model.safetensors`.
    pub(super) tensors: Vec<u8>,
    max_tokens: usize,
}

/// The shape of the model, from `config.json`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Config {
    model_type: String,
    hidden_act: String,
    position_embedding_type: Option<String>,
    pub(super) hidden_size: usize,
    pub(super) intermediate_size: usize,
    pub(super) num_attention_heads: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    pub(super) vocab_size: usize,
    pub(super) layer_norm_eps: f32,
}

/// `sentence_bert_config.json`, as far as it matters.
#[derive(Debug, Default, Deserialize)]
struct Sentences {
    max_seq_length: Option<usize>,
}

/// An entry of `modules.json`.
#[derive(Debug, Deserialize)]
struct Module {
    r#type: String,
}

/// `1_Pooling/config.json`, as far as it matters.
#[derive(Debug, Deserialize)]
struct Pooling {
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

impl Files {
    pub(super) fn read(directory: &Path) -> Result<Self, String> {
        let config_bytes = required(directory, "config.json")?;
        let config: Config = parsed("config.json", &config_bytes)?;
        config.check()?;
        check_pooling(directory)?;
        let sentences: Sentences = optional(directory, "sentence_bert_config.json")?.unwrap_or_default();
        let max_tokens = sentences.max_seq_length.unwrap_or(DEFAULT_MAX_TOKENS).min(config.max_position_embeddings);
        let tokenizer = required(directory, "tokenizer.json")?;
        let tensors = required(directory, "model.safetensors")?;
        Ok(Self { config, config_bytes, tokenizer, tensors, max_tokens })
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the hash of everything that a vector depends on.
    pub(super) fn fingerprint(&self) -> String {
        let max_tokens = self.max_tokens.to_string();
        fingerprint::of_parts(&[&self.config_bytes, &self.tokenizer, &self.tensors, max_tokens.as_bytes()], 4)
    }

    /// Returns the tokenizer without the padding and the short truncation that such files come with.
    pub(super) fn tokenizer(&self) -> Result<Tokenizer, String> {
        let damaged = |error| format!("tokenizer.json: {error}");
        let mut tokenizer = Tokenizer::from_bytes(&self.tokenizer).map_err(damaged)?;
        let highest_id = tokenizer.get_vocab(true).into_values().max().unwrap_or_default() as usize;
        if highest_id >= self.config.vocab_size {
            let known = self.config.vocab_size;
            return Err(format!("tokenizer.json: it has a token of id {highest_id}, the model knows {known}"));
        }
        if self.max_tokens < MIN_MAX_TOKENS {
            return Err(format!("it reads {} tokens, but takes at least {MIN_MAX_TOKENS}", self.max_tokens));
        }
        let truncation = TruncationParams { max_length: self.max_tokens, ..TruncationParams::default() };
        tokenizer.with_padding(None).with_truncation(Some(truncation)).map_err(damaged)?;
        Ok(tokenizer)
    }
}

impl Config {
    fn check(&self) -> Result<(), String> {
        let positions = self.position_embedding_type.as_deref().unwrap_or("absolute");
        let heads = self.num_attention_heads;
        let reason = if self.model_type != "bert" {
            format!("it is a {} model", self.model_type)
        } else if positions != "absolute" {
            format!("its positions are {positions}")
        } else if self.hidden_act != "gelu" {
            format!("its activation is {}", self.hidden_act)
        } else if heads == 0 || self.hidden_size == 0 || !self.hidden_size.is_multiple_of(heads) {
            format!("{} numbers cannot be shared by {heads} heads", self.hidden_size)
        } else if self.layer_norm_eps.is_nan() || self.layer_norm_eps <= 0.0 {
            format!("layer_norm_eps is {}", self.layer_norm_eps)
        } else {
            return Ok(());
        };
        Err(format!("config.json: {reason}; only BERT encoders with gelu, such as all-MiniLM-L6-v2, can be used"))
    }
}

/// Refuses directories whose vectors are not the mean of the last layer.
fn check_pooling(directory: &Path) -> Result<(), String> {
    let modules: Vec<Module> = optional(directory, "modules.json")?.unwrap_or_default();
    let is_known =
        |module: &Module| ["Transformer", "Pooling", "Normalize"].iter().any(|end| module.r#type.ends_with(end));
    if let Some(other) = modules.iter().find(|module| !is_known(module)) {
        return Err(format!("modules.json: {} is not supported, only mean pooling", other.r#type));
    }
    let pooling: Option<Pooling> = optional(directory, "1_Pooling/config.json")?;
    match pooling {
        Some(pooling) if !pooling.pooling_mode_mean_tokens => {
            Err("1_Pooling/config.json: it does not pool by the mean, and nothing else is supported".to_owned())
        }
        _ => Ok(()),
    }
}

fn required(directory: &Path, name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(directory.join(name)).map_err(|error| {
        format!("{name}: {error}; the directory must hold config.json, tokenizer.json and model.safetensors")
    })
}

fn optional<T: DeserializeOwned>(directory: &Path, name: &str) -> Result<Option<T>, String> {
    match std::fs::read(directory.join(name)) {
        Ok(bytes) => parsed(name, &bytes).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn parsed<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("{name}: {error}"))
}
