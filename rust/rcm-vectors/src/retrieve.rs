//! One query's candidates from both sides.

use crate::bm25::Bm25;
use crate::scan::Nearest;
use crate::segments::Segments;

/// What a query looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Its words.
    pub words: Bm25,
    /// Chunks that hold one of them, the best by another's count.
    pub reached: Vec<u64>,
    /// Its meaning; empty for none.
    pub vector: Vec<f32>,
    /// Best chunks taken from each side, and all that tie with the last.
    pub pool: usize,
}

impl Segments {
    /// The candidates of a query: (id, semantic, lexical), ids ascending, scores from 0 to 1.
    ///
    /// `nearest` is what [`Segments::nearest`] gives for its vector: more than `pool`, so that ties are seen.
    /// A cosine is 0 at the lowest of all rows scanned, and 1 at the highest.
    pub fn retrieve(&self, wanted: &Wanted, nearest: &Nearest) -> Vec<(u64, f64, f64)> {
        let last = wanted.pool.checked_sub(1).and_then(|last| nearest.hits.get(last)).map(|hit| hit.1);
        let in_pool = |&(nth, &(_, score)): &(usize, &(u64, f32))| nth < wanted.pool || last == Some(score);
        let near: Vec<u64> =
            nearest.hits.iter().enumerate().take_while(in_pool).map(|(_, hit)| hit.0).collect();
        let (ids, lexical) = self.by_words(&wanted.reached, &near, &wanted.words, wanted.pool);
        let (low, high) = (f64::from(nearest.min), f64::from(nearest.max));
        let words: Vec<_> = ids.iter().zip(lexical).map(|(&id, lexical)| (id, 0.0, lexical)).collect();
        if high > low {
            let cosines = self.similarity(&wanted.vector, &ids);
            scale_cosines(&words, &cosines, low, high)
        } else {
            words
        }
    }
}

/// Chunks (id, semantic, lexical) with a cosine each for the semantic score, 0 at `low` and below, 1 at `high`.
///
/// A chunk of the other side can lie below the lowest row scanned, by rounding.
pub fn scale_cosines(
    chunks: &[(u64, f64, f64)],
    cosines: &[f32],
    low: f64,
    high: f64,
) -> Vec<(u64, f64, f64)> {
    let scale = 1.0 / (high - low);
    let scaled = cosines
        .iter()
        .map(|&cosine| f64::from(cosine))
        .map(|cosine| if cosine > low { (cosine - low) * scale } else { 0.0 });
    chunks.iter().zip(scaled).map(|(&(id, _, lexical), semantic)| (id, semantic, lexical)).collect()
}

/// How far either score has fallen after the best `n` chunks by it: its value for the next one, semantic and lexical.
///
/// `None` if there are no more chunks than that, or no chunk has a score of one of the sides.
pub fn after_best(chunks: &[(u64, f64, f64)], n: usize) -> Option<(f64, f64)> {
    if chunks.len() <= n {
        return None;
    }
    let next = |mut scores: Vec<f64>| {
        let (higher, &mut next, _) = scores.select_nth_unstable_by(n, |a, b| b.total_cmp(a));
        higher.iter().any(|&score| score > 0.0).then_some(next)
    };
    let semantic = next(chunks.iter().map(|chunk| chunk.1).collect())?;
    Some((semantic, next(chunks.iter().map(|chunk| chunk.2).collect())?))
}

/// What a score that does not rise above its floor counts of itself: enough to keep chunks in their order.
const BELOW: f64 = 1e-3;

/// Chunks (id, semantic, lexical) with both scores measured from a floor, so that what most chunks have counts next to
/// nothing and the best keep what they have.
///
/// The floor is the score of the chunk after the best `n` by it, times `semantic` or `lexical`. Of fewer than twice as many
/// chunks it is that of the middle one, and lower the fewer they are: of ten chunks five may be right.
pub fn above_floor(
    chunks: &[(u64, f64, f64)],
    n: usize,
    semantic: f64,
    lexical: f64,
) -> Vec<(u64, f64, f64)> {
    let middle = chunks.len() / 2;
    let floor = |share: f64, mut scores: Vec<f64>| {
        if n.min(middle) == 0 {
            return 0.0;
        }
        let few = (middle as f64 / n as f64).min(1.0);
        share * few * *scores.select_nth_unstable_by(n.min(middle), |a, b| b.total_cmp(a)).1
    };
    let semantic = floor(semantic, chunks.iter().map(|chunk| chunk.1).collect());
    let lexical = floor(lexical, chunks.iter().map(|chunk| chunk.2).collect());
    let risen = |score: f64, floor: f64| {
        if score <= floor || floor >= 1.0 {
            return BELOW * score;
        }
        let foot = BELOW * floor;
        foot + (score - floor) * ((1.0 - foot) / (1.0 - floor))
    };
    chunks.iter().map(|&(id, a, b)| (id, risen(a, semantic), risen(b, lexical))).collect()
}

#[cfg(test)]
mod tests {
    use super::{above_floor, after_best};

    #[test]
    fn what_most_chunks_have_counts_next_to_nothing() {
        let chunks = [(1, 1.0, 0.5), (2, 0.8, 1.0), (3, 0.6, 0.5), (4, 0.6, 0.0), (5, 0.5, 0.5)];
        let risen = above_floor(&chunks, 2, 1.0, 1.0);
        let near = |a: f64, b: f64| (a - b).abs() < 2e-3;
        assert!(near(risen[0].1, 1.0) && near(risen[1].1, 0.5) && near(risen[2].1, 0.0), "{risen:?}");
        assert!(near(risen[0].2, 0.0) && near(risen[1].2, 1.0) && near(risen[3].2, 0.0), "{risen:?}");
        assert!(risen[2].1 > risen[4].1, "in their order");
        let half = above_floor(&chunks, 2, 0.5, 0.0);
        assert!(near(half[2].1, 0.3 / 0.7) && near(half[2].2, 0.5), "{half:?}");
    }

    #[test]
    fn few_chunks_have_a_low_floor_and_one_has_none() {
        assert_eq!(above_floor(&[(1, 1.0, 1.0)], 50, 1.0, 1.0), [(1, 1.0, 1.0)]);
        assert_eq!(above_floor(&[], 50, 1.0, 1.0), []);
        let chunks = [(1, 1.0, 0.0), (2, 0.4, 0.0), (3, 0.2, 0.0)];
        let risen = above_floor(&chunks, 50, 1.0, 1.0);
        assert!((risen[0].1 - 1.0).abs() < 1e-9 && (risen[1].1 - 0.395).abs() < 1e-3, "{risen:?}");
        assert!(risen.iter().all(|chunk| chunk.2 == 0.0), "a side without scores has none");
        let of_their_own = above_floor(&chunks, 1, 1.0, 1.0);
        assert!(of_their_own[1].1 < 1e-3 && of_their_own[1].1 > of_their_own[2].1, "{of_their_own:?}");
    }

    #[test]
    fn the_next_score_of_each_side_stands_after_the_best() {
        let chunks = [(1, 0.2, 1.0), (2, 1.0, 0.1), (3, 0.7, 0.4), (4, 0.5, 0.0)];
        assert_eq!(after_best(&chunks, 1), Some((0.7, 0.4)));
        assert_eq!(after_best(&chunks, 3), Some((0.2, 0.0)));
        assert_eq!(after_best(&chunks, 4), None);
        assert_eq!(after_best(&chunks[..0], 0), None);
    }

    #[test]
    fn a_side_without_scores_has_not_fallen() {
        assert_eq!(after_best(&[(1, 0.0, 1.0), (2, 0.0, 0.5)], 1), None);
        assert_eq!(after_best(&[(1, 1.0, 0.0), (2, 0.5, 0.0)], 1), None);
    }
}
