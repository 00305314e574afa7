//! Scored chunks to scored files.

use std::cmp::Ordering;
use std::ops::Range;

use rustc_hash::FxHashMap;

/// Which file a chunk belongs to: ids of a file are one run, and these are the first of each, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files(Vec<u64>);

/// How chunks count towards their file.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// Weight of the semantic score.
    pub semantic: f64,
    /// Weight of the lexical score.
    pub lexical: f64,
    /// Best chunks that count at all, and all that tie with the last.
    pub pool: usize,
    /// What the first, second, ... best chunk of a file adds to its best.
    pub shares: Vec<f64>,
}

/// A file and what its chunks scored together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileScore {
    /// Position of the file.
    pub file: usize,
    /// Its best chunk.
    pub chunk: u64,
    /// The weighted sum of its semantic scores.
    pub semantic: f64,
    /// The weighted sum of its lexical scores.
    pub lexical: f64,
}

impl Files {
    /// Takes the first id of each file, ascending.
    pub fn new(first_ids: Vec<u64>) -> Self {
        Self(first_ids)
    }

    /// Position of the file that a chunk belongs to; `None` if it is below the first.
    pub fn of(&self, chunk: u64) -> Option<usize> {
        self.0.partition_point(|&first| first <= chunk).checked_sub(1)
    }

    /// Sums the scores of chunks (id, semantic, lexical) by file: the best chunk whole, and of the best few, itself
    /// included, a share each. Files in the order of their best chunks; ties by id.
    ///
    /// All sums are taken in that order, in double precision: equal scores give equal bits.
    pub fn sum(&self, chunks: &[(u64, f64, f64)], shares: &Shares) -> Vec<FileScore> {
        let mut files: Vec<(FileScore, usize)> = Vec::new();
        let mut places = FxHashMap::default();
        let first = 1.0 + shares.shares.first().copied().unwrap_or(0.0);
        for (_, chunk, semantic, lexical) in best_chunks(chunks, shares) {
            let Some(file) = self.of(chunk) else { continue };
            let place = *places.entry(file).or_insert(files.len());
            match files.get_mut(place) {
                None => {
                    let score =
                        FileScore { file, chunk, semantic: first * semantic, lexical: first * lexical };
                    files.push((score, 1));
                }
                Some((score, seen)) => {
                    if let Some(share) = shares.shares.get(*seen) {
                        score.semantic += share * semantic;
                        score.lexical += share * lexical;
                        *seen += 1;
                    }
                }
            }
        }
        let weigh = |(score, _): (FileScore, usize)| FileScore {
            semantic: score.semantic * shares.semantic,
            lexical: score.lexical * shares.lexical,
            ..score
        };
        files.into_iter().map(weigh).collect()
    }
}

/// Ids and scores of the best `most` chunks (id, semantic, lexical) within each span of ids, best first; ties by id.
///
/// Chunks count by `semantic` and `lexical` times their scores.
pub fn best_within(
    chunks: &[(u64, f64, f64)],
    spans: &[Range<u64>],
    semantic: f64,
    lexical: f64,
    most: usize,
) -> Vec<Vec<(u64, f64)>> {
    let best = |span: &Range<u64>| {
        let within = chunks.iter().filter(|chunk| span.contains(&chunk.0));
        let mut scored: Vec<_> = within.map(|&(id, a, b)| (semantic * a + lexical * b, id, a, b)).collect();
        scored.sort_unstable_by(by_rank);
        scored.iter().take(most).map(|chunk| (chunk.1, chunk.0)).collect()
    };
    spans.iter().map(best).collect()
}

/// (score, id, semantic, lexical) of the best chunks, best first.
pub(crate) fn best_chunks(chunks: &[(u64, f64, f64)], shares: &Shares) -> Vec<(f64, u64, f64, f64)> {
    let scored = chunks.iter().map(|&(id, semantic, lexical)| {
        (shares.semantic * semantic + shares.lexical * lexical, id, semantic, lexical)
    });
    let mut best: Vec<_> = scored.collect();
    if let Some(last) = shares.pool.checked_sub(1).filter(|&last| last < best.len()) {
        let last = best.select_nth_unstable_by(last, by_rank).1.0;
        best.retain(|chunk| chunk.0.total_cmp(&last).is_ge());
    }
    best.sort_unstable_by(by_rank);
    best
}

fn by_rank(a: &(f64, u64, f64, f64), b: &(f64, u64, f64, f64)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::best_within;

    #[test]
    fn the_best_chunks_of_each_span_come_in_order() {
        let chunks = [(7, 0.2, 1.0), (1, 1.0, 0.0), (3, 0.0, 1.0), (2, 0.5, 0.5), (9, 1.0, 1.0)];
        let best =
            |semantic, lexical, most| best_within(&chunks, &[1..4, 4..8, 20..30], semantic, lexical, most);
        assert_eq!(best(1.0, 0.0, 2), [vec![(1, 1.0), (2, 0.5)], vec![(7, 0.2)], vec![]]);
        assert_eq!(best(0.0, 1.0, 9), [vec![(3, 1.0), (2, 0.5), (1, 0.0)], vec![(7, 1.0)], vec![]]);
        assert_eq!(best(0.5, 0.5, 9)[0], [(1, 0.5), (2, 0.5), (3, 0.5)], "ties by id");
        assert_eq!(best(1.0, 1.0, 0), [vec![], vec![], vec![]] as [Vec<(u64, f64)>; 3]);
    }
}
