//! One open segment: checked once, then read in place.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::SegmentError;
use crate::format::{
    HEADER_BYTES, Header, Layout, lower_bound, lower_bound_from, number_u16, number_u32, number_u64,
};
use crate::links::reference_key;
use crate::map::Bytes;

/// Bytes and rows that are gone through before their pages are given back.
const RELEASED_BYTES: usize = 8 << 20;
pub(crate) const RELEASED_ROWS: usize = 8_192;

/// What whoever keeps a list of segments knows of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Number of rows.
    pub rows: usize,
    /// Size of the file.
    pub bytes: u64,
    /// What [`SegmentInfo`](crate::SegmentInfo) said when it was written.
    pub crc32: u32,
    /// Vector length.
    pub dim: usize,
    /// Digest of the model.
    pub model: [u8; 32],
}

/// An open segment file. Every access stays within the file, whatever its bytes are.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    bytes: Bytes,
    header: Header,
    layout: Layout,
}

impl Segment {
    /// Maps a segment file and checks its structure, which reads ids, bag ends and scales but not the vectors.
    ///
    /// # Errors
    /// [`SegmentError::Io`] if it cannot be opened, [`SegmentError::Damaged`] if it is no sound segment.
    pub fn open(path: &Path) -> Result<Self, SegmentError> {
        Self::check(path, Bytes::map(path).map_err(|source| SegmentError::io(path, source))?)
    }

    /// Like [`Segment::open`], but reads the file into memory: for network drives, where a mapping can fail later.
    pub fn open_in_memory(path: &Path) -> Result<Self, SegmentError> {
        Self::check(path, Bytes::read(path).map_err(|source| SegmentError::io(path, source))?)
    }

    fn check(path: &Path, bytes: Bytes) -> Result<Self, SegmentError> {
        let damaged = |reason: String| SegmentError::damaged(path, reason);
        let header = Header::parse(&bytes).map_err(damaged)?;
        let layout = Layout::of(&header)
            .filter(|layout| layout.crc.end == bytes.len())
            .ok_or_else(|| damaged(format!("{} bytes do not fit the counts in its header", bytes.len())))?;
        let segment = Self { path: path.to_path_buf(), bytes, header, layout };
        segment.check_rows().map_err(damaged)?;
        Ok(segment)
    }

    fn check_rows(&self) -> Result<(), String> {
        if !self.ids().is_sorted_by(|a, b| a < b) {
            return Err("ids are not in ascending order".to_owned());
        }
        let ends = || (0..self.rows()).map(|row| self.bag_end(row));
        if !ends().is_sorted() || ends().next_back().unwrap_or(0) != self.header.terms as u64 {
            return Err("bags of terms do not follow each other".to_owned());
        }
        let uses = || (0..self.rows()).map(|row| self.use_end(row));
        if !uses().is_sorted() || uses().next_back().unwrap_or(0) != self.header.references as u64 {
            return Err("references do not follow each other".to_owned());
        }
        match (0..self.rows()).find(|&row| !self.scale(row).is_finite()) {
            Some(row) => Err(format!("the scale of row {row} is not finite")),
            None => Ok(()),
        }
    }

    /// Compares header and checksum with what is known of the file; the rows are not read.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] if it is another file, or its header was altered.
    pub fn matches(&self, expected: &Expected) -> Result<(), SegmentError> {
        let same = self.bytes.len() as u64 == expected.bytes
            && (self.rows(), self.dim(), self.model()) == (expected.rows, expected.dim, expected.model)
            && self.crc32() == expected.crc32;
        if same {
            Ok(())
        } else {
            Err(SegmentError::damaged(&self.path, "not the file that the index lists"))
        }
    }

    fn crc32(&self) -> u32 {
        number_u32(self.section(&self.layout.crc), 0)
    }

    /// Reads the whole file: is it as it was written?
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] if its checksum differs or something is out of order.
    pub fn verify(&self) -> Result<(), SegmentError> {
        let damaged = |reason: &str| Err(SegmentError::damaged(&self.path, reason));
        let mut hasher = crc32fast::Hasher::new();
        for piece in self.bytes[..self.layout.crc.start].chunks(RELEASED_BYTES) {
            hasher.update(piece);
            self.release();
        }
        if hasher.finalize() != self.crc32() {
            return damaged("the checksum differs: the file was altered after it was written");
        }
        let definitions = (0..self.header.definitions).map(|at| (self.name(at), self.owner(at)));
        if !definitions.is_sorted() {
            return damaged("definitions are not in ascending order");
        }
        self.release();
        if !self.released_rows().all(|row| self.bag(row).is_sorted_by(|a, b| a.0 < b.0)) {
            return damaged("terms are not in ascending order");
        }
        if !self.released_rows().all(|row| self.uses(row).is_sorted_by(|a, b| a < b)) {
            return damaged("references are not in ascending order");
        }
        self.release();
        Ok(())
    }

    /// All rows, the pages of those gone through given back now and then.
    fn released_rows(&self) -> impl Iterator<Item = usize> {
        (0..self.rows()).inspect(|row| {
            if row % RELEASED_ROWS == 0 {
                self.release();
            }
        })
    }

    /// Gives the pages back that were read, as far as they are mapped.
    pub(crate) fn release(&self) {
        self.bytes.release();
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.header.rows
    }

    /// Vector length; 0 for a segment without vectors.
    pub fn dim(&self) -> usize {
        self.header.dim
    }

    /// Digest of the model that made the vectors.
    pub fn model(&self) -> [u8; 32] {
        self.header.model
    }

    /// The file that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows' ids, ascending.
    pub fn ids(&self) -> impl Iterator<Item = u64> {
        (0..self.rows()).map(|row| self.id(row))
    }

    pub(crate) fn id(&self, row: usize) -> u64 {
        number_u64(self.section(&self.layout.ids), row)
    }

    /// First row whose id is not below `id`.
    pub(crate) fn row_from(&self, id: u64) -> usize {
        lower_bound(self.section(&self.layout.ids), |number| u64::from_le_bytes(number) < id)
    }

    /// The row of `id`.
    pub(crate) fn row_of(&self, id: u64) -> Option<usize> {
        let is_it = |&row: &usize| row < self.rows() && self.id(row) == id;
        // In a segment that was never merged ids have no gaps.
        let without_gaps =
            self.rows().checked_sub(1).and_then(|_| usize::try_from(id.checked_sub(self.id(0))?).ok());
        without_gaps.filter(is_it).or_else(|| Some(self.row_from(id)).filter(is_it))
    }

    pub(crate) fn scale(&self, row: usize) -> f32 {
        f32::from_bits(number_u32(self.section(&self.layout.scales), row))
    }

    /// The scales of several rows.
    pub(crate) fn scales(&self, rows: Range<usize>) -> impl Iterator<Item = f32> {
        let scales = &self.section(&self.layout.scales).as_chunks().0[rows];
        scales.iter().map(|&scale| f32::from_le_bytes(scale))
    }

    pub(crate) fn length(&self, row: usize) -> u32 {
        number_u32(self.section(&self.layout.lengths), row)
    }

    /// The row's int8 values, as bytes.
    pub(crate) fn vector(&self, row: usize) -> &[u8] {
        &self.section(&self.layout.vectors)[row * self.dim()..][..self.dim()]
    }

    /// The int8 values of several rows, one after the other, as bytes.
    pub(crate) fn vectors(&self, rows: Range<usize>) -> &[u8] {
        &self.section(&self.layout.vectors)[rows.start * self.dim()..rows.end * self.dim()]
    }

    /// Number of different terms in the row's bag.
    pub(crate) fn bag_len(&self, row: usize) -> usize {
        self.bag_range(row).len()
    }

    /// The row's (term key, times).
    pub(crate) fn bag(&self, row: usize) -> impl Iterator<Item = (u32, u16)> {
        let counts = self.section(&self.layout.counts);
        let keys = self.section(&self.layout.keys);
        self.bag_range(row).map(|at| (number_u32(keys, at), number_u16(counts, at)))
    }

    /// The row's bag, for look-ups.
    pub(crate) fn bag_of(&self, row: usize) -> Bag<'_> {
        let range = self.bag_range(row);
        let (keys, counts) = (self.section(&self.layout.keys), self.section(&self.layout.counts));
        Bag { keys: &keys.as_chunks().0[range.clone()], counts: &counts.as_chunks().0[range] }
    }

    /// Number of different names that the row uses.
    pub(crate) fn uses_len(&self, row: usize) -> usize {
        self.use_range(row).len()
    }

    /// Reference keys of the names that the row uses, ascending.
    pub(crate) fn uses(&self, row: usize) -> impl Iterator<Item = u32> {
        let references = self.section(&self.layout.references);
        self.use_range(row).map(|at| number_u32(references, at))
    }

    /// Places of the definitions of the names with a reference key; none of them is before `from`.
    ///
    /// Whoever asks for ascending keys hands on the place that the last one began at, which is returned, too.
    pub(crate) fn definitions_by_reference(
        &self,
        key: u32,
        from: usize,
    ) -> (usize, impl Iterator<Item = usize>) {
        let names = self.section(&self.layout.names);
        let prefix = u64::from(key >> 8);
        let start = lower_bound_from(names, from, |number| u64::from_le_bytes(number) >> 40 < prefix);
        let near = names[start * 8..].as_chunks().0.iter().map(|&number| u64::from_le_bytes(number));
        let near = near.take_while(move |name| name >> 40 == prefix).enumerate();
        (start, near.filter(move |&(_, name)| reference_key(name) == key).map(move |(at, _)| start + at))
    }

    /// Places of the definitions of names from `first` to `last`.
    pub(crate) fn definitions_of(&self, first: u64, last: u64) -> Range<usize> {
        let names = self.section(&self.layout.names);
        let start = lower_bound(names, |number| u64::from_le_bytes(number) < first);
        let end = lower_bound(names, |number| u64::from_le_bytes(number) <= last);
        start..end.max(start)
    }

    /// Number of definitions.
    pub(crate) fn definitions(&self) -> usize {
        self.header.definitions
    }

    pub(crate) fn name(&self, at: usize) -> u64 {
        number_u64(self.section(&self.layout.names), at)
    }

    /// Id of the row that holds the definition.
    pub(crate) fn owner(&self, at: usize) -> u64 {
        number_u64(self.section(&self.layout.owners), at)
    }

    /// Kind, indentation, forward declaration.
    pub(crate) fn details(&self, at: usize) -> (u8, u8, bool) {
        let details = &self.section(&self.layout.details)[at * 4..][..4];
        (details[0], details[1], details[2] != 0)
    }

    /// The row's terms. A file that is altered while it is mapped gives an empty or shorter range, never one outside.
    fn bag_range(&self, row: usize) -> Range<usize> {
        let terms = self.header.terms;
        let end = |row| usize::try_from(self.bag_end(row)).unwrap_or(terms).min(terms);
        let start = if row == 0 { 0 } else { end(row - 1) };
        start..end(row).max(start)
    }

    /// The row's references; see [`Segment::bag_range`].
    fn use_range(&self, row: usize) -> Range<usize> {
        let references = self.header.references;
        let end = |row| usize::try_from(self.use_end(row)).unwrap_or(references).min(references);
        let start = if row == 0 { 0 } else { end(row - 1) };
        start..end(row).max(start)
    }

    fn use_end(&self, row: usize) -> u64 {
        number_u64(self.section(&self.layout.use_ends), row)
    }

    fn bag_end(&self, row: usize) -> u64 {
        number_u64(self.section(&self.layout.bag_ends), row)
    }

    fn section(&self, range: &Range<usize>) -> &[u8] {
        debug_assert!(range.start >= HEADER_BYTES);
        &self.bytes[range.clone()]
    }
}

/// The terms of one row.
pub(crate) struct Bag<'a> {
    keys: &'a [[u8; 4]],
    counts: &'a [[u8; 2]],
}

impl Bag<'_> {
    /// How often a term occurs in the bag.
    pub(crate) fn times(&self, key: u32) -> u16 {
        let key_at = |at: usize| u32::from_le_bytes(self.keys[at]);
        // Keys are hashes, spread evenly: a term stands near its share of the way, on average a few keys off.
        let mut at = ((u64::from(key) * self.keys.len() as u64) >> 32) as usize;
        while at > 0 && key_at(at - 1) >= key {
            at -= 1;
        }
        while at < self.keys.len() && key_at(at) < key {
            at += 1;
        }
        if at < self.keys.len() && key_at(at) == key { u16::from_le_bytes(self.counts[at]) } else { 0 }
    }
}
