//! Writes a segment of made-up rows, for timing large indexes: `synthetic FILE ROWS DIM`.
//!
//! Vectors are random, bags hold 60 terms of a vocabulary of 100,000 with Zipf's frequencies. `benches/large.py` fills a
//! lexical index to match.

use std::path::Path;
use std::process::ExitCode;

use rcm_vectors::{Row, SegmentBuilder, SegmentError};

const VOCABULARY: f64 = 100_000.0;
const BAG: usize = 60;

/// Marsaglia's xorshift: the same rows each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn main() -> Result<ExitCode, SegmentError> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, rows, dim] = &arguments[..] else {
        eprintln!("usage: synthetic FILE ROWS DIM");
        return Ok(ExitCode::from(2));
    };
    let (Ok(rows), Ok(dim)) = (rows.parse::<u64>(), dim.parse::<usize>()) else {
        eprintln!("ROWS and DIM are whole numbers");
        return Ok(ExitCode::from(2));
    };
    let mut random = Random(88_172_645_463_325_252);
    let mut builder = SegmentBuilder::new(dim, [0; 32]);
    for id in 1..=rows {
        let vector: Vec<f32> = (0..dim).map(|_| random.next() as f32 - 0.5).collect();
        let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        let vector: Vec<f32> = vector.iter().map(|value| value / norm).collect();
        let mut keys: Vec<u32> =
            (0..BAG).map(|_| key(&format!("w{}", VOCABULARY.powf(random.next()) as u32))).collect();
        keys.sort_unstable();
        keys.dedup();
        let terms: Vec<(u32, u16)> = keys.into_iter().map(|key| (key, 1)).collect();
        let length = terms.len() as u32;
        let row = Row { id, vector: &vector, length, terms: &terms, definitions: &[], references: &[] };
        builder.push(&row)?;
    }
    println!("{:?}", builder.write(Path::new(file))?);
    Ok(ExitCode::SUCCESS)
}

/// FNV-1a, as terms are keyed.
fn key(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
