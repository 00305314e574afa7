//! Exact BM25 over the stored bags.

use crate::segment::Segment;
use crate::segments::Segments;

impl Segments {
    /// The BM25 score of each of `ids`: the sum over the query's (term key, idf) of
    /// `idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average_length))`; 0 for an unknown or dead id.
    ///
    /// Computed in double precision in the query's order, so equal inputs give equal bits.
    pub fn bm25(&self, ids: &[u64], query: &[(u32, f32)], k1: f32, b: f32, average_length: f32) -> Vec<f32> {
        let (k1, b, average_length) = (f64::from(k1), f64::from(b), f64::from(average_length));
        let score = |segment: &Segment, row| {
            let relative =
                if average_length > 0.0 { f64::from(segment.length(row)) / average_length } else { 1.0 };
            let saturation = k1 * (1.0 - b + b * relative);
            let term = |&(key, idf): &(u32, f32)| match f64::from(segment.times(row, key)) {
                0.0 => 0.0,
                times => f64::from(idf) * times * (k1 + 1.0) / (times + saturation),
            };
            query.iter().map(term).sum::<f64>() as f32
        };
        ids.iter().map(|&id| self.find(id).map_or(0.0, |(segment, row)| score(segment, row))).collect()
    }
}
