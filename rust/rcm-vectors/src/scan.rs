//! Exact nearest rows: every live, allowed row is compared.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use rayon::prelude::*;

use crate::quantize::{Products, Query};
use crate::segment::Segment;
use crate::segments::{Part, Segments};

/// Rows that one task scans.
const BLOCK_ROWS: usize = 2_048;

/// Hits kept before they are cut to the best, at least twice this: cutting goes through all of them.
const SPARE_HITS: usize = 256;

/// Scores that are compared with the floor at once.
const LANES: usize = 16;

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
        let floor = Floor::default();
        let new = || Best::new(k, &floor);
        let best = if rows > PARALLEL_ROWS {
            blocks
                .into_par_iter()
                .fold(new, |best, (part, rows)| best.scan(part, rows, &query))
                .reduce(new, Best::join)
        } else {
            blocks.into_iter().fold(new(), |best, (part, rows)| best.scan(part, rows, &query))
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

/// The highest `k`-th best score of any of the tasks so far: what is lower cannot be among the best. Tasks that knew
/// only their own would keep, and look up the ids of, ten times as many.
struct Floor(AtomicU32);

impl Floor {
    fn admits(&self, score: f32) -> bool {
        score >= f32::from_bits(self.0.load(Relaxed))
    }

    fn raise(&self, last: f32) {
        let higher = |now: u32| (last > f32::from_bits(now)).then_some(last.to_bits());
        // The error says that it was as high already.
        let _ = self.0.fetch_update(Relaxed, Relaxed, higher);
    }
}

impl Default for Floor {
    fn default() -> Self {
        Self(AtomicU32::new(f32::NEG_INFINITY.to_bits()))
    }
}

/// The best of the scores seen so far. The order is total, so joining in any order gives the same.
struct Best<'a> {
    k: usize,
    /// All that can be among the best `k`.
    hits: Vec<(u64, f32)>,
    floor: &'a Floor,
    range: Option<(f32, f32)>,
    products: Products,
}

impl<'a> Best<'a> {
    fn new(k: usize, floor: &'a Floor) -> Self {
        Self { k, hits: Vec::new(), floor, range: None, products: Products::default() }
    }

    fn scan(mut self, part: &Part, rows: Range<usize>, query: &Query) -> Self {
        let segment = &part.segment;
        let mut products = std::mem::take(&mut self.products);
        query.dots(segment.vectors(rows.clone()), segment.scales(rows.clone()), &mut products);
        if part.is_whole() {
            for (scores, first) in products.scores.chunks(LANES).zip(rows.step_by(LANES)) {
                let (low, high) = range_of(scores);
                self.widen((low, high));
                if self.floor.admits(high) {
                    scores.iter().zip(first..).for_each(|(&score, row)| self.offer(segment, row, score));
                }
            }
        } else {
            for (row, &score) in rows.zip(&products.scores).filter(|&(row, _)| part.is_live(row)) {
                self.widen((score, score));
                self.offer(segment, row, score);
            }
        }
        self.products = products;
        self
    }

    fn offer(&mut self, segment: &Segment, row: usize, score: f32) {
        if self.floor.admits(score) {
            self.hits.push((segment.id(row), score));
            if self.hits.len() >= 2 * self.k.max(SPARE_HITS) {
                self.cut();
            }
        }
    }

    fn widen(&mut self, (low, high): (f32, f32)) {
        self.range =
            Some(self.range.map_or((low, high), |(lowest, highest)| (lowest.min(low), highest.max(high))));
    }

    fn join(mut self, mut other: Self) -> Self {
        self.hits.append(&mut other.hits);
        other.range.into_iter().for_each(|range| self.widen(range));
        self.cut();
        self
    }

    fn cut(&mut self) {
        if self.hits.len() > self.k {
            self.hits.select_nth_unstable_by(self.k, by_rank);
            self.hits.truncate(self.k);
            let last = self.hits.iter().map(|&(_, score)| score).min_by(f32::total_cmp);
            self.floor.raise(last.unwrap_or(f32::NEG_INFINITY));
        }
    }

    fn finish(mut self) -> Nearest {
        self.cut();
        self.hits.sort_unstable_by(by_rank);
        let (min, max) = self.range.unwrap_or((0.0, 0.0));
        Nearest { hits: self.hits, min, max }
    }
}

/// Lowest and highest of some scores, one at least and none of them NaN.
fn range_of(scores: &[f32]) -> (f32, f32) {
    let smaller = |a: f32, b: f32| if a < b { a } else { b };
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    match scores.as_chunks::<LANES>() {
        // A tree of comparisons, which the compiler makes instructions of four and more lanes of.
        ([block], []) => {
            let (mut low, mut high) = (*block, *block);
            let mut half = LANES / 2;
            while half > 0 {
                for lane in 0..half {
                    low[lane] = smaller(low[lane], low[lane + half]);
                    high[lane] = larger(high[lane], high[lane + half]);
                }
                half /= 2;
            }
            (low[0], high[0])
        }
        _ => scores.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &score| {
            (smaller(low, score), larger(high, score))
        }),
    }
}

fn by_rank(a: &(u64, f32), b: &(u64, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}
