//! Sections to a file: streamed, so that writing needs no second copy of a segment in memory.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::SegmentError;
use crate::fault;
use crate::format::Header;

/// (name key, id of the row, [kind, indentation, forward declaration, 0]).
pub(crate) type DefinitionEntry = (u64, u64, [u8; 4]);

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

/// What a segment file is written from, section by section; rows in the same order in each.
pub(crate) trait Source {
    /// The fixed part; its counts are those of the sections.
    fn header(&self) -> Header;
    /// Ids, ascending.
    fn ids(&self) -> impl Iterator<Item = u64>;
    /// End of each row's terms.
    fn bag_ends(&self) -> impl Iterator<Item = u64>;
    /// End of each row's references.
    fn use_ends(&self) -> impl Iterator<Item = u64>;
    /// All definitions, sorted; asked for once a section, so that nobody need hold them.
    fn definitions(&self) -> impl Iterator<Item = DefinitionEntry>;
    /// One scale a row.
    fn scales(&self) -> impl Iterator<Item = f32>;
    /// Terms in each bag, repeated ones counted.
    fn lengths(&self) -> impl Iterator<Item = u32>;
    /// Keys of all terms.
    fn keys(&self) -> impl Iterator<Item = u32>;
    /// Keys of all references.
    fn references(&self) -> impl Iterator<Item = u32>;
    /// Times of all terms.
    fn counts(&self) -> impl Iterator<Item = u16>;
    /// All vectors, in pieces of any size.
    fn vectors(&self) -> impl Iterator<Item = &[u8]>;
}

/// Writes `<path>.part`, makes it durable, and only then gives it its name.
///
/// # Errors
/// [`SegmentError::Io`]; `<path>.part` is removed then.
pub(crate) fn write_segment(source: &impl Source, path: &Path) -> Result<SegmentInfo, SegmentError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let info = write_file(source, part).map_err(|error| SegmentError::io(part, error));
    let named = info.and_then(|info| {
        make_durable(part, path).map_err(|error| SegmentError::io(path, error))?;
        Ok(info)
    });
    if named.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(part);
    }
    named
}

fn make_durable(part: &Path, path: &Path) -> io::Result<()> {
    fault::reach("segment-rename")?;
    std::fs::rename(part, path)?;
    fault::reach("segment-sync-folder")?;
    sync_folder(path)
}

fn write_file(source: &impl Source, path: &Path) -> io::Result<SegmentInfo> {
    fault::reach("segment-create")?;
    let file = BufWriter::with_capacity(1 << 20, create(path)?);
    let mut out = Checked { file, crc: crc32fast::Hasher::new(), bytes: 0, gathered: Vec::new() };
    write_sections(source, &mut out)?;
    fault::reach("segment-write")?;
    let crc32 = out.crc.clone().finalize();
    out.write(&crc32.to_le_bytes())?;
    let file = out.file.into_inner().map_err(io::IntoInnerError::into_error)?;
    fault::reach("segment-sync")?;
    file.sync_all()?;
    Ok(SegmentInfo { rows: source.header().rows, bytes: out.bytes, crc32 })
}

fn write_sections(source: &impl Source, out: &mut Checked) -> io::Result<()> {
    out.write(&source.header().to_bytes())?;
    out.write_all(source.ids().map(u64::to_le_bytes))?;
    out.write_all(source.bag_ends().map(u64::to_le_bytes))?;
    out.write_all(source.use_ends().map(u64::to_le_bytes))?;
    out.write_all(source.definitions().map(|(name, _, _)| name.to_le_bytes()))?;
    out.write_all(source.definitions().map(|(_, owner, _)| owner.to_le_bytes()))?;
    out.write_all(source.definitions().map(|(_, _, details)| details))?;
    out.write_all(source.scales().map(f32::to_le_bytes))?;
    out.write_all(source.lengths().map(u32::to_le_bytes))?;
    out.write_all(source.keys().map(u32::to_le_bytes))?;
    out.write_all(source.references().map(u32::to_le_bytes))?;
    out.write_all(source.counts().map(u16::to_le_bytes))?;
    source.vectors().try_for_each(|piece| out.write(piece))
}

/// Bytes gathered before they are checksummed and written: the checksum is slow on a few at a time.
const GATHER_BYTES: usize = 1 << 16;

/// A file being written, and the checksum of what is in it so far.
struct Checked {
    file: BufWriter<File>,
    crc: crc32fast::Hasher,
    bytes: u64,
    gathered: Vec<u8>,
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
        let mut gathered = std::mem::take(&mut self.gathered);
        for number in numbers {
            gathered.extend_from_slice(&number);
            if gathered.len() >= GATHER_BYTES {
                self.write(&gathered)?;
                gathered.clear();
            }
        }
        self.write(&gathered)?;
        gathered.clear();
        self.gathered = gathered;
        Ok(())
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
