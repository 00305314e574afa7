//! Token ids to one vector: the mean of table rows.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::tensors::Rows;
use super::tokenizer::UNKNOWN_ID;
use crate::embed::Tokenizer;
use crate::error::Error;

/// The static table and its tokenizer.
#[derive(Debug)]
pub struct StaticTable {
    tokenizer: Tokenizer,
    rows: Rows,
    digest: [u8; 32],
}

impl StaticTable {
    /// Loads `model.safetensors`, `tokenizer.json` and `config.json` from a folder.
    ///
    /// `config.json` must say `"normalize": true`, so that other libraries give the same vectors. Its `max_length` is
    /// not obeyed: texts are never cut.
    ///
    /// `digest` is that of the files where it is known already: working it out takes as long as all the rest.
    ///
    /// # Errors
    /// [`Error::Model`] naming the file and what is wrong with it.
    pub fn load(folder: &Path, digest: Option<[u8; 32]>) -> Result<Self, Error> {
        let config = read(folder, "config.json")?;
        check_config(&config).map_err(|reason| Error::model(folder.join("config.json"), reason))?;
        let json = read(folder, "tokenizer.json")?;
        let tokenizer =
            Tokenizer::parse(&json).map_err(|reason| Error::model(folder.join("tokenizer.json"), reason))?;
        let tensors = read(folder, "model.safetensors")?;
        let digest = digest.unwrap_or_else(|| digest_of(&[&config, &json, &tensors]));
        let rows = Rows::parse(tensors, tokenizer.vocabulary_size())
            .map_err(|reason| Error::model(folder.join("model.safetensors"), reason))?;
        Ok(Self { tokenizer, rows, digest })
    }

    /// Vector length.
    pub fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// SHA-256 over the three files: length (64-bit little-endian) and content of `config.json`, `tokenizer.json`,
    /// `model.safetensors`.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Embeds one text: L2-normalised, all zero when no token is known.
    pub fn embed(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0; self.dim()];
        self.sum(text, &mut Vec::with_capacity(text.len() / 3), &mut sum);
        normalize(&mut sum);
        sum
    }

    /// Embeds several fields apart, normalises each, adds them by weight and normalises the sum.
    pub fn embed_fields(&self, fields: &[(f32, &str)]) -> Vec<f32> {
        let mut total = vec![0.0; self.dim()];
        let mut field = vec![0.0; self.dim()];
        let mut ids = Vec::new();
        for &(weight, text) in fields {
            field.fill(0.0);
            self.sum(text, &mut ids, &mut field);
            normalize(&mut field);
            total.iter_mut().zip(&field).for_each(|(total, value)| *total += weight * value);
        }
        normalize(&mut total);
        total
    }

    /// Adds the rows of the tokens of `text`; the mean has the same direction.
    ///
    /// A row is added once, times its count, in the order of ids: of the tokens of 1,350 pieces of Rust as long as
    /// a chunk three in ten were different.
    fn sum(&self, text: &str, ids: &mut Vec<u32>, sum: &mut [f32]) {
        ids.clear();
        self.tokenizer.encode(text, ids);
        ids.sort_unstable();
        for equal in ids.chunk_by(|id, next| id == next).filter(|equal| equal[0] != UNKNOWN_ID) {
            self.rows.add(equal[0] as usize, equal.len() as f32, sum);
        }
    }
}

/// Scales to length 1; what has no direction becomes all zero.
fn normalize(vector: &mut [f32]) {
    let norm = vector.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let factor = if norm > 1e-12 && norm.is_finite() { 1.0 / norm } else { 0.0 };
    for value in vector {
        *value = if factor == 0.0 { 0.0 } else { (f64::from(*value) * factor) as f32 };
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let path = folder.join(name);
    std::fs::read(&path).map_err(|source| Error::model(&path, format!("cannot be read: {source}")))
}

fn check_config(json: &[u8]) -> Result<(), String> {
    let config: Value =
        serde_json::from_slice(json).map_err(|error| format!("not a configuration: {error}"))?;
    match config.get("normalize") {
        Some(Value::Bool(true)) => Ok(()),
        Some(other) => Err(format!("normalize is {other}, not true")),
        None => Err("normalize is missing, not true".to_owned()),
    }
}

fn digest_of(files: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update((file.len() as u64).to_le_bytes());
        hasher.update(file);
    }
    hasher.finalize().into()
}
