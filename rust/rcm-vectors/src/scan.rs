//! Exact nearest rows: every live, allowed row is compared.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

use crate::quantize::{Products, Query};
use crate::segment::Segment;
use crate::segments::{Part, Segments};

/// Rows that one task scans.
const BLOCK_ROWS: usize = 2_048;

/// Hits kept before they are cut to the best, at least twice this: cutting goes through all of them.
const SPARE_HITS: usize = 256;

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
    /// Whether a scan for `query` of the ids `allowed`, as [`Segments::nearest`] takes them, is worth other threads.
    pub fn is_long_to_scan(&self, query: &[f32], allowed: Option<&[(u64, u64)]>) -> bool {
        let ids = allowed.map_or(u64::MAX, |ranges| ranges.iter().map(|(start, end)| end - start).sum());
        !query.is_empty() && ids.min(self.live_rows() as u64) > PARALLEL_ROWS as u64
    }

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
        let scan = |best: Best, (part, rows)| best.scan(part, rows, &query);
        let best = if rows > PARALLEL_ROWS {
            blocks.into_par_iter().fold(|| Best::new(k), scan).reduce(|| Best::new(k), Best::join)
        } else {
            blocks.into_iter().fold(Best::new(k), scan)
        };
        best.finish()
    }

    /// The dot product of each of `ids` with `query`, bit for bit what [`Segments::nearest`] gives; 0 for an unknown or
    /// dead id.
    pub fn similarity(&self, query: &[f32], ids: &[u64]) -> Vec<f32> {
        let query = Query::new(query);
        let score = |&id| {
            let fits = |segment: &Segment| segment.dim() == query.dim() && query.dim() > 0;
            let (segment, row) = self.find(id).filter(|(segment, _)| fits(segment))?;
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
    /// At least the best `k`.
    hits: Vec<(u64, f32)>,
    /// The `k`-th best score when there were last that many: what is lower cannot be among the best.
    floor: Option<f32>,
    range: Option<(f32, f32)>,
    products: Products,
}

impl Best {
    fn new(k: usize) -> Self {
        Self { k, hits: Vec::new(), floor: None, range: None, products: Products::default() }
    }

    fn scan(mut self, part: &Part, rows: Range<usize>, query: &Query) -> Self {
        let segment = &part.segment;
        let mut products = std::mem::take(&mut self.products);
        query.dots(segment.vectors(rows.clone()), segment.scales(rows.clone()), &mut products);
        let scored = rows.zip(products.scores.iter().copied());
        if part.is_whole() {
            self.widen(range_of(&products.scores));
            scored.for_each(|(row, score)| self.offer(segment, row, score));
        } else {
            for (row, score) in scored.filter(|&(row, _)| part.is_live(row)) {
                self.widen(Some((score, score)));
                self.offer(segment, row, score);
            }
        }
        self.products = products;
        self
    }

    fn offer(&mut self, segment: &Segment, row: usize, score: f32) {
        if self.floor.is_none_or(|floor| score.partial_cmp(&floor) != Some(Ordering::Less)) {
            self.hits.push((segment.id(row), score));
            if self.hits.len() >= 2 * self.k.max(SPARE_HITS) {
                self.cut();
            }
        }
    }

    fn widen(&mut self, other: Option<(f32, f32)>) {
        self.range = self.range.into_iter().chain(other).reduce(widen);
    }

    fn join(mut self, mut other: Self) -> Self {
        self.hits.append(&mut other.hits);
        self.widen(other.range);
        self.cut();
        self
    }

    fn cut(&mut self) {
        if self.hits.len() > self.k {
            self.hits.select_nth_unstable_by(self.k, by_rank);
            self.hits.truncate(self.k);
            self.floor = self.hits.iter().map(|&(_, score)| score).min_by(f32::total_cmp);
        }
    }

    fn finish(mut self) -> Nearest {
        self.cut();
        self.hits.sort_unstable_by(by_rank);
        let (min, max) = self.range.unwrap_or((0.0, 0.0));
        Nearest { hits: self.hits, min, max }
    }
}

/// Lowest and highest score, in lanes that the compiler makes one instruction of.
fn range_of(scores: &[f32]) -> Option<(f32, f32)> {
    const LANES: usize = 16;
    let (blocks, rest) = scores.as_chunks::<LANES>();
    let first = blocks.first().copied();
    let (mut low, mut high) = (first.unwrap_or_default(), first.unwrap_or_default());
    for block in blocks {
        for lane in 0..LANES {
            low[lane] = low[lane].min(block[lane]);
            high[lane] = high[lane].max(block[lane]);
        }
    }
    let lanes = first.into_iter().flat_map(|_| low.into_iter().zip(high));
    lanes.chain(rest.iter().map(|&score| (score, score))).reduce(widen)
}

fn widen((min, max): (f32, f32), other: (f32, f32)) -> (f32, f32) {
    (min.min(other.0), max.max(other.1))
}

fn by_rank(a: &(u64, f32), b: &(u64, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}
