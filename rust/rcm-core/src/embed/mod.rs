//! Stage 6, embed: text to a vector, by a static token table in the `model2vec` layout.

mod definition;
mod fields;
mod normal;
mod table;
mod tensors;
mod tokenizer;
mod vocabulary;
mod words;

pub use fields::{FIELD_WEIGHTS, embed_chunk};
pub use table::StaticTable;
pub use tokenizer::Tokenizer;

/// Raised with every change that gives other vectors for the same table; part of an index's identity.
pub const VERSION: u32 = 1;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
