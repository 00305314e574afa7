//! Rows to a segment, collected in memory.

use std::path::Path;

use crate::error::SegmentError;
use crate::format::{Header, MAX_DIM};
use crate::quantize::quantize_row;
use crate::write::{DefinitionEntry, SegmentInfo, Source, write_segment};

/// What scoring needs of one chunk.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Above the id of the row before.
    pub id: u64,
    /// Normalised, as long as the segment's dimension; all zero is allowed.
    pub vector: &'a [f32],
    /// Terms in the bag, repeated ones counted.
    pub length: u32,
    /// (term key, times), ascending by key, each key once.
    pub terms: &'a [(u32, u16)],
    /// (name key, kind, indentation, forward declaration) of each definition.
    pub definitions: &'a [(u64, u8, u8, bool)],
    /// [`reference_key`](crate::reference_key) of each name used, ascending, each once.
    pub references: &'a [u32],
}

/// Collects rows in memory, then writes them at once.
#[derive(Debug)]
pub struct SegmentBuilder {
    dim: usize,
    model: [u8; 32],
    ids: Vec<u64>,
    bag_ends: Vec<u64>,
    use_ends: Vec<u64>,
    scales: Vec<f32>,
    lengths: Vec<u32>,
    keys: Vec<u32>,
    counts: Vec<u16>,
    references: Vec<u32>,
    vectors: Vec<u8>,
    /// (name, id, details), sorted when written.
    definitions: Vec<DefinitionEntry>,
}

impl SegmentBuilder {
    /// An empty segment for vectors of `dim` floats (0: none) of the model with the digest `model`.
    pub fn new(dim: usize, model: [u8; 32]) -> Self {
        Self {
            dim,
            model,
            ids: Vec::new(),
            bag_ends: Vec::new(),
            use_ends: Vec::new(),
            scales: Vec::new(),
            lengths: Vec::new(),
            keys: Vec::new(),
            counts: Vec::new(),
            references: Vec::new(),
            vectors: Vec::new(),
            definitions: Vec::new(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Appends a row, its vector rounded to int8.
    ///
    /// # Errors
    /// [`SegmentError::Row`] for an id not above the last, a vector of another length or with a value that is not finite,
    /// and terms or references out of order; the builder is unchanged then.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), SegmentError> {
        let Some((scale, vector)) = quantize_row(row.vector) else {
            return Err(SegmentError::Row {
                id: row.id,
                reason: "the vector has a value that is not finite".to_owned(),
            });
        };
        self.check(row, &vector).map_err(|reason| SegmentError::Row { id: row.id, reason })?;
        self.ids.push(row.id);
        self.scales.push(scale);
        self.vectors.extend_from_slice(&vector);
        self.lengths.push(row.length);
        self.keys.extend(row.terms.iter().map(|&(key, _)| key));
        self.counts.extend(row.terms.iter().map(|&(_, count)| count));
        self.bag_ends.push(self.keys.len() as u64);
        self.references.extend_from_slice(row.references);
        self.use_ends.push(self.references.len() as u64);
        self.definitions.extend(
            row.definitions
                .iter()
                .map(|&(name, kind, indent, forward)| (name, row.id, [kind, indent, forward.into(), 0])),
        );
        Ok(())
    }

    fn check(&self, row: &Row<'_>, vector: &[u8]) -> Result<(), String> {
        if self.dim > MAX_DIM {
            return Err(format!("dimension {} is above {MAX_DIM}", self.dim));
        }
        if vector.len() != self.dim {
            return Err(format!(
                "a vector of {} values in a segment of dimension {}",
                vector.len(),
                self.dim
            ));
        }
        match self.ids.last() {
            Some(&last) if last >= row.id => return Err(format!("not above the row before, {last}")),
            _ => {}
        }
        if !row.terms.is_sorted_by(|a, b| a.0 < b.0) {
            return Err("terms are not in ascending order".to_owned());
        }
        if !row.references.is_sorted_by(|a, b| a < b) {
            return Err("references are not in ascending order".to_owned());
        }
        Ok(())
    }

    /// Writes `<path>.part`, makes it durable, and only then gives it its name.
    ///
    /// # Errors
    /// [`SegmentError::Io`]; `<path>.part` is removed then.
    pub fn write(&mut self, path: &Path) -> Result<SegmentInfo, SegmentError> {
        self.definitions.sort_unstable();
        write_segment(self, path)
    }
}

impl Source for SegmentBuilder {
    fn header(&self) -> Header {
        Header {
            dim: self.dim,
            rows: self.ids.len(),
            terms: self.keys.len(),
            definitions: self.definitions.len(),
            references: self.references.len(),
            model: self.model,
        }
    }

    fn ids(&self) -> impl Iterator<Item = u64> {
        self.ids.iter().copied()
    }

    fn bag_ends(&self) -> impl Iterator<Item = u64> {
        self.bag_ends.iter().copied()
    }

    fn use_ends(&self) -> impl Iterator<Item = u64> {
        self.use_ends.iter().copied()
    }

    fn definitions(&self) -> impl Iterator<Item = DefinitionEntry> {
        self.definitions.iter().copied()
    }

    fn scales(&self) -> impl Iterator<Item = f32> {
        self.scales.iter().copied()
    }

    fn lengths(&self) -> impl Iterator<Item = u32> {
        self.lengths.iter().copied()
    }

    fn keys(&self) -> impl Iterator<Item = u32> {
        self.keys.iter().copied()
    }

    fn references(&self) -> impl Iterator<Item = u32> {
        self.references.iter().copied()
    }

    fn counts(&self) -> impl Iterator<Item = u16> {
        self.counts.iter().copied()
    }

    fn vectors(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.vectors[..])
    }
}
