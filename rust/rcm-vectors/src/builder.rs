//! Rows to a segment file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::SegmentError;
use crate::format::{Header, MAX_DIM};
use crate::quantize::quantize_row;

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
}

/// A written segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Number of rows.
    pub rows: usize,
    /// Size of the file.
    pub bytes: u64,
    /// CRC-32 (IEEE) of the file but its last four bytes, which hold it.
    pub crc32: u32,
}

/// Collects rows in memory, then writes them at once.
#[derive(Debug)]
pub struct SegmentBuilder {
    dim: usize,
    model: [u8; 32],
    ids: Vec<u64>,
    bag_ends: Vec<u64>,
    scales: Vec<f32>,
    lengths: Vec<u32>,
    keys: Vec<u32>,
    counts: Vec<u16>,
    vectors: Vec<u8>,
    /// (name, id, details), sorted when written.
    definitions: Vec<(u64, u64, [u8; 4])>,
}

impl SegmentBuilder {
    /// An empty segment for vectors of `dim` floats (0: none) of the model with the digest `model`.
    pub fn new(dim: usize, model: [u8; 32]) -> Self {
        Self {
            dim,
            model,
            ids: Vec::new(),
            bag_ends: Vec::new(),
            scales: Vec::new(),
            lengths: Vec::new(),
            keys: Vec::new(),
            counts: Vec::new(),
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
    /// and terms out of order; the builder is unchanged then.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), SegmentError> {
        let Some((scale, vector)) = quantize_row(row.vector) else {
            return Err(SegmentError::Row {
                id: row.id,
                reason: "the vector has a value that is not finite".to_owned(),
            });
        };
        self.push_quantized(row, scale, &vector)
    }

    /// Appends a row whose vector is `scale` x `vector`; `row.vector` is not looked at.
    pub(crate) fn push_quantized(
        &mut self,
        row: &Row<'_>,
        scale: f32,
        vector: &[u8],
    ) -> Result<(), SegmentError> {
        self.check(row, vector).map_err(|reason| SegmentError::Row { id: row.id, reason })?;
        self.ids.push(row.id);
        self.scales.push(scale);
        self.vectors.extend_from_slice(vector);
        self.lengths.push(row.length);
        self.keys.extend(row.terms.iter().map(|&(key, _)| key));
        self.counts.extend(row.terms.iter().map(|&(_, count)| count));
        self.bag_ends.push(self.keys.len() as u64);
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
        Ok(())
    }

    /// Writes `<path>.part`, makes it durable, and only then gives it its name.
    ///
    /// # Errors
    /// [`SegmentError::Io`]; `<path>.part` is removed then.
    pub fn write(&self, path: &Path) -> Result<SegmentInfo, SegmentError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = Path::new(&part);
        let info = self.write_file(part).map_err(|source| SegmentError::io(part, source));
        let named = info.and_then(|info| {
            std::fs::rename(part, path).map_err(|source| SegmentError::io(path, source))?;
            sync_folder(path).map_err(|source| SegmentError::io(path, source))?;
            Ok(info)
        });
        if named.is_err() {
            // The first error is the one to report.
            let _ = std::fs::remove_file(part);
        }
        named
    }

    fn write_file(&self, path: &Path) -> io::Result<SegmentInfo> {
        let mut out = Checked {
            file: BufWriter::with_capacity(1 << 20, create(path)?),
            crc: crc32fast::Hasher::new(),
            bytes: 0,
        };
        self.write_sections(&mut out)?;
        let crc32 = out.crc.clone().finalize();
        out.write(&crc32.to_le_bytes())?;
        let file = out.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(SegmentInfo { rows: self.len(), bytes: out.bytes, crc32 })
    }

    fn write_sections(&self, out: &mut Checked) -> io::Result<()> {
        let mut definitions = self.definitions.clone();
        definitions.sort_unstable();
        let header = Header {
            dim: self.dim,
            rows: self.ids.len(),
            terms: self.keys.len(),
            definitions: definitions.len(),
            model: self.model,
        };
        out.write(&header.to_bytes())?;
        out.write_all(self.ids.iter().map(|id| id.to_le_bytes()))?;
        out.write_all(self.bag_ends.iter().map(|end| end.to_le_bytes()))?;
        out.write_all(definitions.iter().map(|(name, _, _)| name.to_le_bytes()))?;
        out.write_all(definitions.iter().map(|(_, owner, _)| owner.to_le_bytes()))?;
        out.write_all(definitions.iter().map(|&(_, _, details)| details))?;
        out.write_all(self.scales.iter().map(|scale| scale.to_le_bytes()))?;
        out.write_all(self.lengths.iter().map(|length| length.to_le_bytes()))?;
        out.write_all(self.keys.iter().map(|key| key.to_le_bytes()))?;
        out.write_all(self.counts.iter().map(|count| count.to_le_bytes()))?;
        out.write(&self.vectors)
    }
}

/// A file being written, and the checksum of what is in it so far.
struct Checked {
    file: BufWriter<File>,
    crc: crc32fast::Hasher,
    bytes: u64,
}

impl Checked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn write_all<const WIDTH: usize>(
        &mut self,
        numbers: impl Iterator<Item = [u8; WIDTH]>,
    ) -> io::Result<()> {
        let section: Vec<[u8; WIDTH]> = numbers.collect();
        self.write(section.as_flattened())
    }
}

/// A new file that only its owner can read: vectors tell about the code they were made of.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the name of a new file durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    // Windows cannot open a folder, and keeps names durable itself.
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
