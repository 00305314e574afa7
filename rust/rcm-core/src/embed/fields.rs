//! What of a chunk is embedded: body, path, file stem and symbol names, each on its own, summed by weight.

use std::path::Path;

use crate::chunk::Chunk;
use crate::embed::StaticTable;
use crate::terms::effective_stem;

/// Weights of body, path, effective stem and symbol names. Embedding the four apart and adding the normalised
/// vectors was worth +.13 NDCG@10 over the body alone; flat optimum (path .2-.4, stem .2-.5, symbols .4-.8).
pub const FIELD_WEIGHTS: [f32; 4] = [1.0, 0.3, 0.4, 0.6];

/// Names beyond this many say little about a chunk.
const MAX_SYMBOLS: usize = 12;

/// Embeds a chunk of the file at `path`: L2-normalised, length [`StaticTable::dim`].
pub fn embed_chunk(table: &StaticTable, path: &Path, chunk: &Chunk) -> Vec<f32> {
    let path_text = path.to_string_lossy();
    let stem = effective_stem(path);
    let mut symbols = chunk.symbol.clone();
    for definition in chunk.definitions.iter().take(MAX_SYMBOLS) {
        symbols.push(' ');
        symbols.push_str(&definition.name);
    }
    let [body_weight, path_weight, stem_weight, symbol_weight] = FIELD_WEIGHTS;
    table.embed_fields(&[
        (body_weight, &chunk.text),
        (path_weight, &path_text),
        (stem_weight, &stem),
        (symbol_weight, &symbols),
    ])
}
