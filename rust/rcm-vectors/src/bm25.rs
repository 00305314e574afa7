//! Exact BM25 over the stored bags.

use crate::segment::{Bag, Segment};
use crate::segments::Segments;

/// A query and the constants of its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Bm25 {
    /// (term key, idf); sums are taken in this order, so equal queries give equal bits.
    pub terms: Vec<(u32, f32)>,
    /// Keys of pairs of terms. How many chunks hold one is not known; it is counted among the best.
    pub pairs: Vec<u32>,
    /// What the idf of a pair is multiplied by.
    pub pair_share: f32,
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
        let saturation = self.saturation(segment, row);
        let term = |&(key, idf): &(u32, f32)| f64::from(idf) * self.gain(bag.times(key), saturation);
        self.terms.iter().map(term).sum::<f64>() as f32
    }

    fn saturation(&self, segment: &Segment, row: usize) -> f64 {
        let [k1, b, average_length] = [self.k1, self.b, self.average_length].map(f64::from);
        let relative =
            if average_length > 0.0 { f64::from(segment.length(row)) / average_length } else { 1.0 };
        k1 * (1.0 - b + b * relative)
    }

    fn gain(&self, times: u16, saturation: f64) -> f64 {
        match f64::from(times) {
            0.0 => 0.0,
            times => times * (f64::from(self.k1) + 1.0) / (times + saturation),
        }
    }
}

/// A chunk on the way to its score: id, whether it is among the best by words, score.
type Kept = (u64, bool, f64);

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
    /// Ties are kept because which of several equal chunks came first must not decide. Pairs add to the scores of
    /// those that are kept and have no say in which are.
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
        let among_best = |score: f32| score > 0.0 && last.is_none_or(|last| score >= last);
        let is_kept = |&(&(_, _, other), &score): &(&(u64, bool, bool), &f32)| other || among_best(score);
        let kept = wanted.iter().zip(&scores).filter(is_kept);
        let mut kept: Vec<Kept> = kept
            .map(|(&(id, reached, _), &score)| (id, reached && among_best(score), f64::from(score)))
            .collect();
        self.add_pairs(&mut kept, query);
        let best = kept.iter().fold(0.0, |best, &(.., score)| score.max(best));
        kept.into_iter().map(|(id, _, score)| (id, if best > 0.0 { score / best } else { 0.0 })).unzip()
    }

    /// Adds to each score what the chunk has of the query's pairs.
    ///
    /// A pair counts as if no other chunks had it than those among the best by words: its terms brought them there.
    fn add_pairs(&self, kept: &mut [Kept], query: &Bm25) {
        let width = query.pairs.len();
        if width == 0 {
            return;
        }
        let mut gains = vec![0.0; kept.len() * width];
        let mut holders = vec![0_u32; width];
        for (&(id, among_best, _), gains) in kept.iter().zip(gains.chunks_exact_mut(width)) {
            let Some((segment, row)) = self.find(id) else { continue };
            let (bag, saturation) = (segment.bag_of(row), query.saturation(segment, row));
            for ((gain, holders), &pair) in gains.iter_mut().zip(&mut holders).zip(&query.pairs) {
                *gain = query.gain(bag.times(pair), saturation);
                *holders += u32::from(among_best && *gain > 0.0);
            }
        }
        let live = self.live_rows() as f64;
        // Lucene's idf, as terms have it.
        let idf = |&count: &u32| ((live - f64::from(count) + 0.5) / (f64::from(count) + 0.5)).ln_1p();
        let weights: Vec<f64> =
            holders.iter().map(|count| f64::from(query.pair_share) * idf(count)).collect();
        for ((.., score), gains) in kept.iter_mut().zip(gains.chunks_exact(width)) {
            *score += gains.iter().zip(&weights).map(|(gain, weight)| gain * weight).sum::<f64>();
        }
    }
}

/// The `n`-th best score; `None` if there are no more than `n`.
fn nth_best(mut scores: Vec<f32>, n: usize) -> Option<f32> {
    let at = n.checked_sub(1).filter(|_| scores.len() > n)?;
    Some(*scores.select_nth_unstable_by(at, |a, b| b.total_cmp(a)).1)
}
