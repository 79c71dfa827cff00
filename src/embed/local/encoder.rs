//! The forward pass of a BERT encoder, one text at a time, so that nothing is padded and nothing masked.
//!
//! Its arrays come from [`SafeTensors`]; the elementwise functions are [`super::math`]'s. Shapes are checked when the
//! arrays are read, so the computation itself cannot fail.
//! Source: Devlin et al., 2018, and the layout of Hugging Face's `BertModel`.

use ndarray::{Array1, Array2, Axis, Slice};

use super::directory::Config;
use super::math;
use crate::embed::safetensors::SafeTensors;

/// An encoder, ready to run.
#[derive(Debug)]
pub(super) struct Encoder {
    words: Array2<f32>,
    /// Vectors of the positions, that of token type 0 added.
    positions: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: Norm,
    wide: Linear,
    narrow: Linear,
    norm: Norm,
}

#[derive(Debug)]
struct Linear {
    /// One row for each output.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Debug)]
struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
    epsilon: f32,
}

/// Finds arrays by name; some files have `bert.` before each.
struct Source<'a> {
    file: SafeTensors<'a>,
    prefix: &'static str,
    config: &'a Config,
}

impl Encoder {
    pub(super) fn read(config: &Config, file: &[u8]) -> Result<Self, String> {
        Self::open(config, file).map_err(|reason| format!("model.safetensors: {reason}"))
    }

    fn open(config: &Config, file: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::open(file)?;
        let prefix = if file.names().any(|name| name.starts_with("bert.")) { "bert." } else { "" };
        let source = Source { file, prefix, config };
        let width = config.hidden_size;
        let words = source.matrix("embeddings.word_embeddings", config.vocab_size, width)?;
        let positions = source.matrix("embeddings.position_embeddings", config.max_position_embeddings, width)?;
        let types = source.matrix("embeddings.token_type_embeddings", config.type_vocab_size, width)?;
        let first_type = types.rows().into_iter().next().ok_or("it has no token types")?;
        let positions = positions + first_type;
        let norm = source.norm("embeddings.LayerNorm")?;
        let layers = (0..config.num_hidden_layers).map(|number| source.layer(number)).collect::<Result<_, _>>()?;
        Ok(Self { words, positions, norm, layers, heads: config.num_attention_heads })
    }

    pub(super) fn dimension(&self) -> usize {
        self.words.ncols()
    }

    /// Returns the mean of the last layer over the tokens. Their number must be within the positions, their ids within
    /// the vocabulary.
    pub(super) fn pooled(&self, ids: &[u32]) -> Vec<f32> {
        let rows: Vec<usize> = ids.iter().map(|&id| id as usize).collect();
        let mut x = self.words.select(Axis(0), &rows) + self.positions.slice_axis(Axis(0), Slice::from(..ids.len()));
        self.norm.run(&mut x);
        for layer in &self.layers {
            x = layer.run(x, self.heads);
        }
        // The mean but for its length, and the length is set to 1 anyway.
        x.sum_axis(Axis(0)).to_vec()
    }
}

impl Layer {
    fn run(&self, mut x: Array2<f32>, heads: usize) -> Array2<f32> {
        x += &self.attended.run(&self.attention(&x, heads));
        self.attended_norm.run(&mut x);
        let mut wide = self.wide.run(&x);
        wide.iter_mut().for_each(|value| *value = math::gelu(*value));
        x += &self.narrow.run(&wide);
        self.norm.run(&mut x);
        x
    }

    /// Mixes the tokens' values by how well queries and keys agree, for each head on its own.
    fn attention(&self, x: &Array2<f32>, heads: usize) -> Array2<f32> {
        let [query, key, value] = [&self.query, &self.key, &self.value].map(|linear| linear.run(x));
        let width = x.ncols() / heads;
        let scale = math::size(width).sqrt().recip();
        let mut mixed = Array2::zeros(x.raw_dim());
        for head in 0..heads {
            let columns = Slice::from(head * width..(head + 1) * width);
            let of_head = |x: &Array2<f32>| x.slice_axis(Axis(1), columns).to_owned();
            let mut shares = of_head(&query).dot(&of_head(&key).t()) * scale;
            shares.rows_mut().into_iter().for_each(math::softmax);
            mixed.slice_axis_mut(Axis(1), columns).assign(&shares.dot(&of_head(&value)));
        }
        mixed
    }
}

impl Linear {
    fn run(&self, x: &Array2<f32>) -> Array2<f32> {
        x.dot(&self.weight.t()) + &self.bias
    }
}

impl Norm {
    /// Brings each row to mean 0 and variance 1, then to the learnt ones.
    fn run(&self, x: &mut Array2<f32>) {
        for mut row in x.rows_mut() {
            let count = math::size(row.len());
            let mean = row.sum() / count;
            row -= mean;
            let variance = row.dot(&row) / count;
            row *= (variance + self.epsilon).sqrt().recip();
            row *= &self.weight;
            row += &self.bias;
        }
    }
}

impl Source<'_> {
    fn layer(&self, number: usize) -> Result<Layer, String> {
        let (width, wide) = (self.config.hidden_size, self.config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{number}.{part}");
        Ok(Layer {
            query: self.linear(&name("attention.self.query"), width, width)?,
            key: self.linear(&name("attention.self.key"), width, width)?,
            value: self.linear(&name("attention.self.value"), width, width)?,
            attended: self.linear(&name("attention.output.dense"), width, width)?,
            attended_norm: self.norm(&name("attention.output.LayerNorm"))?,
            wide: self.linear(&name("intermediate.dense"), wide, width)?,
            narrow: self.linear(&name("output.dense"), width, wide)?,
            norm: self.norm(&name("output.LayerNorm"))?,
        })
    }

    fn linear(&self, name: &str, outputs: usize, inputs: usize) -> Result<Linear, String> {
        Ok(Linear { weight: self.matrix(name, outputs, inputs)?, bias: self.vector(&format!("{name}.bias"), outputs)? })
    }

    fn norm(&self, name: &str) -> Result<Norm, String> {
        let width = self.config.hidden_size;
        let weight = self.vector(&format!("{name}.weight"), width)?;
        let bias = self.vector(&format!("{name}.bias"), width)?;
        Ok(Norm { weight, bias, epsilon: self.config.layer_norm_eps })
    }

    fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Array2<f32>, String> {
        let values = self.file.f32s(&format!("{}{name}.weight", self.prefix), &[rows, columns])?;
        Array2::from_shape_vec((rows, columns), values).map_err(|error| format!("array {name}: {error}"))
    }

    fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, String> {
        self.file.f32s(&format!("{}{name}", self.prefix), &[length]).map(Array1::from_vec)
    }
}
