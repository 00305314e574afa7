//! Which file each worker has in hand, written where it outlives the process.
//!
//! The grammars are C: one that aborts takes the process with it, and no handler of ours may run then. So each worker
//! notes the file before it parses it, in its own slot of one file, by one `pwrite` into the page cache (about a
//! microsecond of the millisecond and a half that a file takes). Who finds that a run ended by a crash reads the slots
//! and tries the few files in them.

use std::fs::{File, OpenOptions};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::error::Error;
use crate::read::Digest;

/// Bytes of one slot: digest, length of the path, path. A longer path is not noted.
const SLOT_BYTES: usize = 4_096;
const DIGEST_BYTES: usize = 32;
const HEADER_BYTES: usize = DIGEST_BYTES + 2;
/// More slots are not read: no pool has as many threads.
const MAX_SLOTS: usize = 1_024;

/// What a run remembers of crashes: where to note files, and which contents ended an earlier run.
#[derive(Debug, Default)]
pub struct InFlight {
    file: Option<File>,
    crashed: FxHashSet<Digest>,
}

impl InFlight {
    /// Notes files in a new file at `path`, and refuses those with one of the digests in `crashed`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be made.
    pub fn new(path: &Path, crashed: impl IntoIterator<Item = Digest>) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let file = options.open(path).map_err(|error| Error::io(path, error))?;
        Ok(Self { file: Some(file), crashed: crashed.into_iter().collect() })
    }

    /// Whether a file with this content ended an earlier run.
    pub fn has_crashed(&self, digest: &Digest) -> bool {
        self.crashed.contains(digest)
    }

    /// Notes that the calling thread is about to work on a file.
    pub fn note(&self, path: &Path, digest: &Digest) {
        let path = path.as_os_str().as_bytes();
        let (Some(file), true) = (&self.file, path.len() <= SLOT_BYTES - HEADER_BYTES) else { return };
        let mut record = Vec::with_capacity(HEADER_BYTES + path.len());
        record.extend(digest);
        record.extend((path.len() as u16).to_le_bytes());
        record.extend(path);
        let slot = rayon::current_thread_index().unwrap_or(0);
        // A note that cannot be written costs a lesson after a crash, not the run.
        let _ = file.write_all_at(&record, (slot * SLOT_BYTES) as u64);
    }
}

/// What the slots at `path` name: relative path and digest of files that a run had in hand when it ended.
///
/// Never fails: whatever is no record is left out.
pub fn last_noted(path: &Path) -> Vec<(PathBuf, Digest)> {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.chunks(SLOT_BYTES).take(MAX_SLOTS).filter_map(record).collect()
}

fn record(slot: &[u8]) -> Option<(PathBuf, Digest)> {
    let digest: Digest = *slot.first_chunk()?;
    let length = u16::from_le_bytes(*slot.get(DIGEST_BYTES..)?.first_chunk()?) as usize;
    let path = slot.get(HEADER_BYTES..HEADER_BYTES + length)?;
    (length > 0).then(|| (PathBuf::from(std::ffi::OsString::from_vec(path.to_vec())), digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_has_a_slot_that_outlives_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("IN-FLIGHT");
        let notes = InFlight::new(&path, [[9; 32]]).expect("a new file");
        assert!(notes.has_crashed(&[9; 32]) && !notes.has_crashed(&[1; 32]));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
        pool.broadcast(|worker| {
            notes.note(Path::new("a/much/longer/path.rs"), &[7; 32]);
            notes.note(Path::new(&format!("f{}", worker.index())), &[worker.index() as u8; 32]);
        });
        let found = last_noted(&path);
        assert_eq!(found, (0..3).map(|n| (PathBuf::from(format!("f{n}")), [n; 32])).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_record_is_left_out() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("IN-FLIGHT");
        for bytes in [&[][..], &[1; 20], &[1; 33], &[0; SLOT_BYTES], &[255; SLOT_BYTES * 2 + 7]] {
            std::fs::write(&path, bytes).expect("file");
            assert_eq!(last_noted(&path), [], "{} bytes", bytes.len());
        }
        assert_eq!(last_noted(&folder.path().join("missing")), []);
        InFlight::default().note(Path::new("x"), &[0; 32]);
        InFlight::new(&path, []).expect("a file").note(Path::new(&"x".repeat(5_000)), &[0; 32]);
        assert_eq!(last_noted(&path), []);
    }
}
