//! Many segments to one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::path::Path;

use crate::builder::SegmentBuilder;
use crate::error::SegmentError;
use crate::format::Header;
use crate::segment::{RELEASED_ROWS, Segment};
use crate::segments::{Part, Segments};
use crate::write::{DefinitionEntry, SegmentInfo, Source, write_segment};

/// Writes the live rows of `segments` as one segment. Ids and vectors stay bit for bit.
///
/// Rows are streamed from the old files to the new one, whose pages are given back meanwhile: 16 bytes a row are held in
/// memory, and what 8,192 rows touch.
///
/// # Errors
/// [`SegmentError::Damaged`] if a segment is not as it was written, or they differ in dimension or model, [`SegmentError::Row`] if a row is live in two
/// of them, [`SegmentError::Io`] if the file cannot be written.
pub fn merge(segments: &Segments, path: &Path) -> Result<SegmentInfo, SegmentError> {
    let parts = segments.parts();
    let Some(first) = parts.first().map(|part| &part.segment) else {
        return SegmentBuilder::new(0, [0; 32]).write(path);
    };
    for part in parts {
        if (part.segment.dim(), part.segment.model()) != (first.dim(), first.model()) {
            return Err(SegmentError::damaged(
                part.segment.path(),
                "dimension or model differs from the other segments",
            ));
        }
    }
    // A flipped bit copied to a new file would have a fitting checksum there.
    segments.verify()?;
    let live = parts.iter().enumerate();
    let mut rows: Vec<_> = live
        .flat_map(|(at, part)| part.rows().map(move |row| (part.segment.id(row), at as u32, row as u32)))
        .collect();
    rows.sort_unstable();
    if let Some(twice) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(SegmentError::Row { id: twice[0].0, reason: "it is live in two segments".to_owned() });
    }
    let terms = rows.iter().map(|&(_, at, row)| parts[at as usize].segment.bag_len(row as usize)).sum();
    let references = rows.iter().map(|&(_, at, row)| parts[at as usize].segment.uses_len(row as usize)).sum();
    let definitions = parts.iter().map(|part| definitions_of(part).count()).sum();
    write_segment(&Merged { segments, rows, terms, references, definitions }, path)
}

/// The live definitions of all segments, sorted: each segment has its own sorted, and the least of their heads is next.
fn live_definitions(segments: &Segments) -> impl Iterator<Item = DefinitionEntry> {
    let mut parts: Vec<_> = segments.parts().iter().map(definitions_of).collect();
    let heads = parts.iter_mut().enumerate();
    let mut heads: BinaryHeap<_> =
        heads.filter_map(|(at, part)| part.next().map(|head| Reverse((head, at)))).collect();
    let mut taken = 0;
    std::iter::from_fn(move || {
        taken += 1;
        if taken % RELEASED_ROWS == 0 {
            release(segments);
        }
        let mut head = heads.peek_mut()?;
        let Reverse((least, at)) = *head;
        match parts[at].next() {
            Some(next) => *head = Reverse((next, at)),
            None => drop(PeekMut::pop(head)),
        }
        Some(least)
    })
}

fn definitions_of(part: &Part) -> impl Iterator<Item = DefinitionEntry> {
    let segment = &part.segment;
    (0..segment.definitions()).filter_map(move |at| {
        let owner = segment.owner(at);
        let live = segment.row_of(owner).is_some_and(|row| part.is_live(row));
        let (kind, indent, forward) = segment.details(at);
        live.then(|| (segment.name(at), owner, [kind, indent, forward.into(), 0]))
    })
}

/// Gives back what was read of all segments.
fn release(segments: &Segments) {
    segments.parts().iter().for_each(|part| part.segment.release());
}

/// The live rows of several segments in the order of their ids.
struct Merged<'a> {
    segments: &'a Segments,
    /// (id, segment, row)
    rows: Vec<(u64, u32, u32)>,
    terms: usize,
    references: usize,
    definitions: usize,
}

impl Merged<'_> {
    fn each(&self) -> impl Iterator<Item = (&Segment, usize)> {
        let parts = self.segments.parts();
        self.rows.iter().enumerate().map(|(nth, &(_, at, row))| {
            if nth % RELEASED_ROWS == 0 {
                release(self.segments);
            }
            (&*parts[at as usize].segment, row as usize)
        })
    }
}

impl Source for Merged<'_> {
    fn header(&self) -> Header {
        let first = &self.segments.parts()[0].segment;
        Header {
            dim: first.dim(),
            rows: self.rows.len(),
            terms: self.terms,
            definitions: self.definitions,
            references: self.references,
            model: first.model(),
        }
    }

    fn ids(&self) -> impl Iterator<Item = u64> {
        self.rows.iter().map(|&(id, _, _)| id)
    }

    fn bag_ends(&self) -> impl Iterator<Item = u64> {
        self.each().scan(0, |end, (segment, row)| {
            *end += segment.bag_len(row) as u64;
            Some(*end)
        })
    }

    fn use_ends(&self) -> impl Iterator<Item = u64> {
        self.each().scan(0, |end, (segment, row)| {
            *end += segment.uses_len(row) as u64;
            Some(*end)
        })
    }

    fn definitions(&self) -> impl Iterator<Item = DefinitionEntry> {
        live_definitions(self.segments)
    }

    fn scales(&self) -> impl Iterator<Item = f32> {
        self.each().map(|(segment, row)| segment.scale(row))
    }

    fn lengths(&self) -> impl Iterator<Item = u32> {
        self.each().map(|(segment, row)| segment.length(row))
    }

    fn keys(&self) -> impl Iterator<Item = u32> {
        self.each().flat_map(|(segment, row)| segment.bag(row).map(|(key, _)| key))
    }

    fn references(&self) -> impl Iterator<Item = u32> {
        self.each().flat_map(|(segment, row)| segment.uses(row))
    }

    fn counts(&self) -> impl Iterator<Item = u16> {
        self.each().flat_map(|(segment, row)| segment.bag(row).map(|(_, count)| count))
    }

    fn vectors(&self) -> impl Iterator<Item = &[u8]> {
        self.each().map(|(segment, row)| segment.vector(row))
    }
}
