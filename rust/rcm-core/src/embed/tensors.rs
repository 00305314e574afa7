//! `model.safetensors`: the rows of the table, checked.

use std::ops::Range;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorInfo};

/// Larger tables are no static token table.
const MAX_DIM: usize = 8_192;

/// Token vectors by id.
#[derive(Debug)]
pub(super) struct Rows {
    dim: usize,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// The whole file, where the rows stand in it, and the factor of each row.
    Int8 { file: Vec<u8>, rows: Range<usize>, weights: Vec<f32> },
    /// All rows, factors applied.
    Float(Vec<f32>),
}

impl Rows {
    /// Reads `embeddings` (int8 or float32, `[tokens, dim]`) and `weights` (float32, `[tokens]`, all 1 if absent).
    pub(super) fn parse(file: Vec<u8>, tokens: usize) -> Result<Self, String> {
        let (header, metadata) =
            SafeTensors::read_metadata(&file).map_err(|error| format!("not a safetensors file: {error}"))?;
        if metadata.info("mapping").is_some() {
            return Err("tensor mapping: tables with shared rows are not supported".to_owned());
        }
        let info = metadata.info("embeddings").ok_or("tensor embeddings is missing")?;
        let dim = dim_of(info, tokens)?;
        let place = |info: &TensorInfo| 8 + header + info.data_offsets.0..8 + header + info.data_offsets.1;
        let weights = match metadata.info("weights") {
            Some(info) => floats("weights", info, &[tokens], &file[place(info)])?,
            None => vec![1.0; tokens],
        };
        let rows = place(info);
        let values = match info.dtype {
            Dtype::I8 => Values::Int8 { rows, weights, file },
            _ => {
                Values::Float(weighted(floats("embeddings", info, &info.shape, &file[rows])?, &weights, dim)?)
            }
        };
        Ok(Self { dim, values })
    }

    /// Vector length.
    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// Adds `times` the row of `id` to `sum`.
    pub(super) fn add(&self, id: usize, times: f32, sum: &mut [f32]) {
        let row = id * self.dim..(id + 1) * self.dim;
        match &self.values {
            Values::Int8 { file, rows, weights } => {
                let weight = times * weights[id];
                for (sum, &byte) in sum.iter_mut().zip(&file[rows.clone()][row]) {
                    *sum += weight * f32::from(byte.cast_signed());
                }
            }
            Values::Float(values) => {
                for (sum, value) in sum.iter_mut().zip(&values[row]) {
                    *sum += times * value;
                }
            }
        }
    }
}

fn dim_of(info: &TensorInfo, tokens: usize) -> Result<usize, String> {
    let &[rows, dim] = info.shape.as_slice() else {
        return Err(format!("tensor embeddings has the shape {:?}, not [tokens, dim]", info.shape));
    };
    if rows != tokens {
        return Err(format!("tensor embeddings has {rows} rows for a vocabulary of {tokens} tokens"));
    }
    if dim == 0 || dim > MAX_DIM {
        return Err(format!("tensor embeddings has {dim} columns, not 1 to {MAX_DIM}"));
    }
    Ok(dim)
}

fn floats(name: &str, info: &TensorInfo, shape: &[usize], data: &[u8]) -> Result<Vec<f32>, String> {
    if info.dtype != Dtype::F32 {
        let allowed = if name == "embeddings" { "I8 or F32" } else { "F32" };
        return Err(format!("tensor {name} is {:?}, not {allowed}", info.dtype));
    }
    if info.shape != shape {
        return Err(format!("tensor {name} has the shape {:?}, not {shape:?}", info.shape));
    }
    let (numbers, _) = data.as_chunks();
    finite(name, numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
}

fn weighted(mut values: Vec<f32>, weights: &[f32], dim: usize) -> Result<Vec<f32>, String> {
    for (row, weight) in values.chunks_exact_mut(dim).zip(weights) {
        for value in row {
            *value *= weight;
        }
    }
    finite("embeddings", values)
}

fn finite(name: &str, values: Vec<f32>) -> Result<Vec<f32>, String> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(format!("tensor {name} has {} at {at}", values[at])),
        None => Ok(values),
    }
}
