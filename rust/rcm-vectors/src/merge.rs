//! Many segments to one.

use std::collections::HashMap;
use std::path::Path;

use crate::builder::{Row, SegmentBuilder, SegmentInfo};
use crate::error::SegmentError;
use crate::segment::Segment;
use crate::segments::Segments;

/// Definitions of a row, as they were pushed.
type Definitions = Vec<(u64, u8, u8, bool)>;

/// Writes the live rows of `segments` as one segment. Ids and vectors stay bit for bit.
///
/// # Errors
/// [`SegmentError::Damaged`] if the segments differ in dimension or model, [`SegmentError::Row`] if a row is live in two
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
    let definitions: Vec<_> = parts.iter().map(|part| definitions_by_owner(&part.segment)).collect();
    let mut rows: Vec<_> = parts
        .iter()
        .enumerate()
        .flat_map(|(at, part)| part.rows().map(move |row| (part.segment.id(row), at, row)))
        .collect();
    rows.sort_unstable();
    let mut builder = SegmentBuilder::new(first.dim(), first.model());
    for (id, at, row) in rows {
        let segment = &parts[at].segment;
        let terms: Vec<_> = segment.bag(row).collect();
        let definitions = definitions[at].get(&id).map_or(&[][..], Vec::as_slice);
        let length = segment.length(row);
        let copy = Row { id, vector: &[], length, terms: &terms, definitions };
        builder.push_quantized(&copy, segment.scale(row), segment.vector(row))?;
    }
    builder.write(path)
}

fn definitions_by_owner(segment: &Segment) -> HashMap<u64, Definitions> {
    let mut by_owner: HashMap<_, Definitions> = HashMap::new();
    for at in 0..segment.definitions() {
        let (kind, indent, forward) = segment.details(at);
        by_owner.entry(segment.owner(at)).or_default().push((segment.name(at), kind, indent, forward));
    }
    by_owner
}
