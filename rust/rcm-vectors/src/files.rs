//! Scored chunks to scored files.

use std::cmp::Ordering;

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
