//! Several segments with their dead rows masked, as one.

use std::ops::Range;
use std::sync::Arc;

use crate::error::SegmentError;
use crate::segment::Segment;

/// A definition of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    /// Id of the row that holds it.
    pub id: u64,
    /// What it is, as it was pushed.
    pub kind: u8,
    /// Column of its line, capped by the caller.
    pub indent: u8,
    /// A declaration without a body.
    pub forward: bool,
    /// The name is the one asked for in all bits.
    pub exact: bool,
}

/// A segment and which of its rows are live.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) segment: Arc<Segment>,
    /// One bit a row.
    live: Vec<u64>,
    live_rows: usize,
}

impl Part {
    fn new(segment: Arc<Segment>, dead: &[(u64, u64)]) -> Self {
        let mut live = vec![u64::MAX; segment.rows().div_ceil(64)];
        let mut live_rows = segment.rows();
        for &(start, end) in dead {
            for row in segment.row_from(start)..segment.row_from(end) {
                live_rows -= (live[row / 64] >> (row % 64) & 1) as usize;
                live[row / 64] &= !(1 << (row % 64));
            }
        }
        Self { segment, live, live_rows }
    }

    /// Whether no row is dead.
    pub(crate) fn is_whole(&self) -> bool {
        self.live_rows == self.segment.rows()
    }

    pub(crate) fn is_live(&self, row: usize) -> bool {
        self.live[row / 64] >> (row % 64) & 1 == 1
    }

    /// The live rows, ascending.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        (0..self.segment.rows()).filter(|&row| self.is_live(row))
    }

    /// Runs of rows whose ids are allowed, ascending; dead rows among them.
    pub(crate) fn runs(&self, allowed: Option<&[(u64, u64)]>) -> Vec<Range<usize>> {
        let Some(allowed) = allowed else { return std::iter::once(0..self.segment.rows()).collect() };
        let (Some(first), Some(last)) = (self.segment.ids().next(), self.segment.rows().checked_sub(1))
        else {
            return Vec::new();
        };
        let last = self.segment.id(last);
        let near = &allowed[allowed.partition_point(|&(_, end)| end <= first)..];
        near.iter()
            .take_while(|&&(start, _)| start <= last)
            .map(|&(start, end)| self.segment.row_from(start)..self.segment.row_from(end))
            .filter(|run| !run.is_empty())
            .collect()
    }
}

/// What a search scores over: segments without their dead rows.
#[derive(Debug)]
pub struct Segments {
    parts: Vec<Part>,
    live_rows: usize,
    total_length: u64,
}

impl Segments {
    /// Takes segments in any order and the ids that are dead, as ranges `start..end` in any order.
    ///
    /// An id should be live in one segment only; if it is in several, look-ups by id take the one whose first id is
    /// lowest.
    pub fn new(mut segments: Vec<Arc<Segment>>, dead: &[(u64, u64)]) -> Self {
        segments.sort_by_key(|segment| segment.ids().next());
        let parts: Vec<_> = segments.into_iter().map(|segment| Part::new(segment, dead)).collect();
        let live_rows = parts.iter().map(|part| part.live_rows).sum();
        let lengths =
            parts.iter().flat_map(|part| part.rows().map(|row| u64::from(part.segment.length(row))));
        let total_length = lengths.sum();
        Self { parts, live_rows, total_length }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Number of live rows.
    pub fn live_rows(&self) -> usize {
        self.live_rows
    }

    /// Sum of the bag lengths of the live rows.
    pub fn total_length(&self) -> u64 {
        self.total_length
    }

    /// Ids of the live rows, segment by segment, ascending within each.
    pub fn live_ids(&self) -> impl Iterator<Item = u64> {
        self.parts.iter().flat_map(|part| part.rows().map(|row| part.segment.id(row)))
    }

    /// Live rows whose vector is all zero: text that the model knows no token of. Only words find these.
    pub fn zero_vectors(&self) -> usize {
        let vectors = self.parts.iter().flat_map(|part| part.rows().map(|row| part.segment.vector(row)));
        vectors.filter(|vector| !vector.is_empty() && vector.iter().all(|&value| value == 0)).count()
    }

    /// Reads all files whole: are they as they were written?
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] for the first that is not.
    pub fn verify(&self) -> Result<(), SegmentError> {
        self.parts.iter().try_for_each(|part| part.segment.verify())
    }

    /// The vector of a live row; `None` if there is no such row.
    pub fn vector(&self, id: u64) -> Option<Vec<f32>> {
        let (segment, row) = self.find(id)?;
        let scale = segment.scale(row);
        Some(segment.vector(row).iter().map(|byte| scale * f32::from(byte.cast_signed())).collect())
    }

    /// The definitions in live rows of a name and of all that differ from it in the low `loose_bits` bits, by id.
    pub fn definitions(&self, name: u64, loose_bits: u32) -> Vec<Definition> {
        let loose = (1_u64 << loose_bits) - 1;
        let mut found = Vec::new();
        for part in &self.parts {
            let segment = &part.segment;
            for at in segment.definitions_of(name & !loose, name | loose) {
                let id = segment.owner(at);
                if segment.row_of(id).is_some_and(|row| part.is_live(row)) {
                    let (kind, indent, forward) = segment.details(at);
                    let exact = segment.name(at) == name;
                    found.push(Definition { id, kind, indent, forward, exact });
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// The live rows that hold a definition of one of `kinds`, of the ids `allowed` (sorted, disjoint ranges
    /// `start..end`; `None` allows all): sorted, disjoint ranges of ids, none beside the next.
    pub fn of_kinds(&self, kinds: &[u8], allowed: Option<&[(u64, u64)]>) -> Vec<(u64, u64)> {
        let mut wanted = [false; 256];
        for &kind in kinds {
            wanted[usize::from(kind)] = true;
        }
        let is_allowed = |id: u64| {
            let near = |ranges: &[(u64, u64)]| ranges.partition_point(|&(_, end)| end <= id);
            allowed.is_none_or(|ranges| ranges.get(near(ranges)).is_some_and(|&(start, _)| start <= id))
        };
        let mut ids = Vec::new();
        for part in &self.parts {
            let segment = &part.segment;
            let owners = (0..segment.definitions())
                .filter(|&at| wanted[usize::from(segment.details(at).0)])
                .map(|at| segment.owner(at));
            let is_live = |&id: &u64| segment.row_of(id).is_some_and(|row| part.is_live(row));
            ids.extend(owners.filter(|&id| is_allowed(id)).filter(is_live));
        }
        ids.sort_unstable();
        ids.dedup();
        ids.chunk_by(|&id, &next| id + 1 == next).map(|run| (run[0], run[run.len() - 1] + 1)).collect()
    }

    /// The live row of `id` and its segment.
    pub(crate) fn find(&self, id: u64) -> Option<(&Segment, usize)> {
        self.parts.iter().find_map(|part| {
            let row = part.segment.row_of(id).filter(|&row| part.is_live(row))?;
            Some((&*part.segment, row))
        })
    }
}
