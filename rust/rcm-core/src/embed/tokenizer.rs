//! Text to token ids, equal to the `tokenizers` library on the same `tokenizer.json`.

use std::path::Path;

use super::definition;
use super::vocabulary::Vocabulary;
use super::words::{Word, each_word};
use crate::error::Error;

/// The id of words that are too long, in every vocabulary.
pub(super) const UNKNOWN_ID: u32 = 0;

/// A word-piece tokenizer.
#[derive(Debug)]
pub struct Tokenizer {
    vocabulary: Vocabulary,
}

impl Tokenizer {
    /// Loads `tokenizer.json`.
    ///
    /// Everything in it but the vocabulary must be as the model training writes it: NFKC, a blank at camelCase
    /// boundaries, lower case; a split at a fixed class of separators; byte-level word pieces without a continuation mark.
    ///
    /// # Errors
    /// [`Error::Model`] naming what differs, [`Error::Io`] if the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let json = std::fs::read(path).map_err(|source| Error::io(path, source))?;
        Self::parse(&json).map_err(|reason| Error::model(path, reason))
    }

    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let vocabulary = Vocabulary::new(&definition::read(json)?)?;
        Ok(Self { vocabulary })
    }

    /// Number of tokens, the unknown token included.
    pub fn vocabulary_size(&self) -> usize {
        self.vocabulary.len()
    }

    /// Appends the token ids of `text` to `out`. Nothing is cut off; a word of more than 100 bytes gives id 0.
    pub fn encode(&self, text: &str, out: &mut Vec<u32>) {
        each_word(text, |word| match word {
            Word::Bytes(bytes) => self.vocabulary.pieces(bytes, out),
            Word::TooLong => out.push(UNKNOWN_ID),
        });
    }
}
