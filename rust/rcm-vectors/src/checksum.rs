//! Checksums of whole files, for whoever keeps a list of them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes at the beginning of a file that have a checksum of their own: enough for every header, and for most files of a
/// small index; quick to read when a file is opened.
pub const HEAD_BYTES: usize = 16 << 10;

/// Bytes read at a time: fits the second-level cache.
const PIECE_BYTES: usize = 256 << 10;

/// What a file held when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum {
    /// Bytes read.
    pub bytes: u64,
    /// CRC-32 (IEEE) of the first [`HEAD_BYTES`], or of all if there are fewer.
    pub head: u32,
    /// CRC-32 (IEEE) of all.
    pub crc32: u32,
}

impl Checksum {
    /// Reads a file, or its first `limit` bytes.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn of(path: &Path, limit: Option<u64>) -> io::Result<Self> {
        let mut file = File::open(path)?.take(limit.unwrap_or(u64::MAX));
        let mut piece = vec![0; PIECE_BYTES];
        let (mut hasher, mut bytes, mut head) = (crc32fast::Hasher::new(), 0, 0);
        loop {
            let read = fill(&mut file, &mut piece)?;
            if bytes == 0 {
                head = crc32fast::hash(&piece[..read.min(HEAD_BYTES)]);
            }
            hasher.update(&piece[..read]);
            bytes += read as u64;
            if read < PIECE_BYTES {
                return Ok(Self { bytes, head, crc32: hasher.finalize() });
            }
        }
    }

    /// Size of a file and the checksum of its first bytes; no more is read.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn head(path: &Path) -> io::Result<(u64, u32)> {
        let mut file = File::open(path)?;
        let mut piece = vec![0; HEAD_BYTES];
        let read = fill(&mut file, &mut piece)?;
        Ok((file.metadata()?.len(), crc32fast::hash(&piece[..read])))
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_bytes_whatever_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, HEAD_BYTES, HEAD_BYTES + 1, PIECE_BYTES, 2 * PIECE_BYTES + 3] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let head = crc32fast::hash(&bytes[..length.min(HEAD_BYTES)]);
            let whole = Checksum { bytes: length as u64, head, crc32: crc32fast::hash(&bytes) };
            assert_eq!(Checksum::of(&path, None).unwrap(), whole);
            assert_eq!(Checksum::head(&path).unwrap(), (length as u64, head));
            let half = Checksum::of(&path, Some(length as u64 / 2)).unwrap();
            assert_eq!(half.crc32, crc32fast::hash(&bytes[..length / 2]));
        }
        assert!(Checksum::of(&folder.path().join("none"), None).is_err());
    }
}
