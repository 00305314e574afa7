//! Exact nearest rows: every live, allowed row is compared.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

use crate::quantize::Query;
use crate::segments::{Part, Segments};

/// Rows that one task scans.
const BLOCK_ROWS: usize = 4_096;

/// Below this, starting threads costs more than scanning.
const PARALLEL_ROWS: usize = 20_000;

/// The nearest rows, and the range of all scores for scaling.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// (id, dot product), best first, equal ones by id.
    pub hits: Vec<(u64, f32)>,
    /// Lowest score of all scanned rows; 0 if there is none.
    pub min: f32,
    /// Highest score of all scanned rows; 0 if there is none.
    pub max: f32,
}

impl Segments {
    /// The `k` live rows with the largest dot product with `query`, of the ids `allowed` (sorted, disjoint ranges
    /// `start..end`; `None` allows all). Segments whose dimension is not the query's are not scanned.
    pub fn nearest(&self, query: &[f32], allowed: Option<&[(u64, u64)]>, k: usize) -> Nearest {
        let query = Query::new(query);
        let blocks: Vec<_> = self
            .parts()
            .iter()
            .filter(|part| part.segment.dim() == query.dim() && query.dim() > 0)
            .flat_map(|part| part.runs(allowed).into_iter().flat_map(blocks).map(move |rows| (part, rows)))
            .collect();
        let rows: usize = blocks.iter().map(|(_, rows)| rows.len()).sum();
        let scan = |(part, rows)| Best::of(k, part, rows, &query);
        let best = if rows > PARALLEL_ROWS {
            blocks.into_par_iter().map(scan).reduce(|| Best::new(k), Best::join)
        } else {
            blocks.into_iter().map(scan).fold(Best::new(k), Best::join)
        };
        best.finish()
    }

    /// The dot product of each of `ids` with `query`, bit for bit what [`Segments::nearest`] gives; 0 for an unknown or
    /// dead id.
    pub fn similarity(&self, query: &[f32], ids: &[u64]) -> Vec<f32> {
        let query = Query::new(query);
        let score = |&id| {
            let (segment, row) = self.find(id).filter(|(segment, _)| segment.dim() == query.dim())?;
            Some(query.dot(segment.scale(row), segment.vector(row)))
        };
        ids.iter().map(|id| score(id).unwrap_or(0.0)).collect()
    }
}

fn blocks(run: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = run.end;
    run.step_by(BLOCK_ROWS).map(move |start| start..end.min(start + BLOCK_ROWS))
}

/// The best of the scores seen so far. The order is total, so joining in any order gives the same.
struct Best {
    k: usize,
    hits: Vec<(u64, f32)>,
    range: Option<(f32, f32)>,
}

impl Best {
    fn new(k: usize) -> Self {
        Self { k, hits: Vec::new(), range: None }
    }

    fn of(k: usize, part: &Part, rows: Range<usize>, query: &Query) -> Self {
        let segment = &part.segment;
        let hits: Vec<_> = rows
            .filter(|&row| part.is_live(row))
            .map(|row| (segment.id(row), query.dot(segment.scale(row), segment.vector(row))))
            .collect();
        let range = hits.iter().map(|&(_, score)| (score, score)).reduce(widen);
        let mut best = Self { k, hits, range };
        best.cut();
        best
    }

    fn join(mut self, mut other: Self) -> Self {
        self.hits.append(&mut other.hits);
        self.range = self.range.into_iter().chain(other.range).reduce(widen);
        self.cut();
        self
    }

    fn cut(&mut self) {
        if self.hits.len() > self.k {
            self.hits.select_nth_unstable_by(self.k, by_rank);
            self.hits.truncate(self.k);
        }
    }

    fn finish(mut self) -> Nearest {
        self.hits.sort_unstable_by(by_rank);
        let (min, max) = self.range.unwrap_or((0.0, 0.0));
        Nearest { hits: self.hits, min, max }
    }
}

fn widen((min, max): (f32, f32), other: (f32, f32)) -> (f32, f32) {
    (min.min(other.0), max.max(other.1))
}

fn by_rank(a: &(u64, f32), b: &(u64, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}
