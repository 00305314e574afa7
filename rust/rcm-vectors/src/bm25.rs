//! Exact BM25 over the stored bags.

use crate::segment::{Bag, Segment};
use crate::segments::Segments;

/// A query and the constants of its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Bm25 {
    /// (term key, idf); sums are taken in this order, so equal queries give equal bits.
    pub terms: Vec<(u32, f32)>,
    /// Saturation.
    pub k1: f32,
    /// Length normalisation.
    pub b: f32,
    /// Mean length of the bags.
    pub average_length: f32,
}

impl Bm25 {
    /// The sum over the terms of `idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average_length))`.
    fn score(&self, segment: &Segment, row: usize, bag: &Bag<'_>) -> f32 {
        let [k1, b, average_length] = [self.k1, self.b, self.average_length].map(f64::from);
        let relative =
            if average_length > 0.0 { f64::from(segment.length(row)) / average_length } else { 1.0 };
        let saturation = k1 * (1.0 - b + b * relative);
        let term = |&(key, idf): &(u32, f32)| match f64::from(bag.times(key)) {
            0.0 => 0.0,
            times => f64::from(idf) * times * (k1 + 1.0) / (times + saturation),
        };
        self.terms.iter().map(term).sum::<f64>() as f32
    }
}

impl Segments {
    /// The score of each of `ids`; 0 for an unknown or dead id.
    pub fn bm25(&self, ids: &[u64], query: &Bm25) -> Vec<f32> {
        let score = |&id: &u64| {
            self.find(id).map_or(0.0, |(segment, row)| query.score(segment, row, &segment.bag_of(row)))
        };
        ids.iter().map(score).collect()
    }

    /// The best `pool` of `reached` that hold a term, all that tie with the last of them, and `others`: ids ascending,
    /// each once, and their scores, of which the best is 1 (all are 0 where no term occurs).
    ///
    /// Ties are kept because which of several equal chunks came first must not decide.
    pub fn by_words(
        &self,
        reached: &[u64],
        others: &[u64],
        query: &Bm25,
        pool: usize,
    ) -> (Vec<u64>, Vec<f64>) {
        let pooled = reached.iter().map(|&id| (id, true, false));
        let mut wanted: Vec<_> = pooled.chain(others.iter().map(|&id| (id, false, true))).collect();
        // In the order of the rows: they lie side by side, and each is scored once.
        wanted.sort_unstable();
        wanted.dedup_by(|again, first| {
            let same = again.0 == first.0;
            (first.1, first.2) = (first.1 || same && again.1, first.2 || same && again.2);
            same
        });
        let ids: Vec<u64> = wanted.iter().map(|&(id, ..)| id).collect();
        let scores = self.bm25(&ids, query);
        let in_pool = wanted.iter().zip(&scores).filter(|(id, _)| id.1).map(|(_, &score)| score);
        let last = nth_best(in_pool.collect(), pool);
        let is_kept = |&(&(_, _, other), &score): &(&(u64, bool, bool), &f32)| {
            other || score > 0.0 && last.is_none_or(|last| score >= last)
        };
        let kept: Vec<(u64, f64)> =
            wanted.iter().zip(&scores).filter(is_kept).map(|(id, &score)| (id.0, f64::from(score))).collect();
        let best = kept.iter().fold(0.0, |best, &(_, score)| score.max(best));
        kept.into_iter().map(|(id, score)| (id, if best > 0.0 { score / best } else { 0.0 })).unzip()
    }
}

/// The `n`-th best score; `None` if there are no more than `n`.
fn nth_best(mut scores: Vec<f32>, n: usize) -> Option<f32> {
    let at = n.checked_sub(1).filter(|_| scores.len() > n)?;
    Some(*scores.select_nth_unstable_by(at, |a, b| b.total_cmp(a)).1)
}
