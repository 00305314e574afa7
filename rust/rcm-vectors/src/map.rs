//! The bytes of a file, mapped or read.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

/// A file's content.
#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped(Mmap),
    Read(Vec<u8>),
}

impl Bytes {
    /// Maps the file; an empty one, which cannot be mapped everywhere, is read.
    pub(crate) fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(Self::Read(Vec::new()));
        }
        // SAFETY: Segment files are never written in place: they get their name by a rename once they are complete, and
        // are only ever unlinked, which leaves a mapping whole. The index folder belongs to the user alone. Should
        // another program of the user's alter the bytes all the same, each access is checked against bounds computed
        // from the header when the file was opened and held outside the mapping; only cutting the file off under us is
        // beyond that, and ends the process by a signal.
        unsafe { Mmap::map(&file) }.map(Self::Mapped)
    }

    /// Gives mapped pages back that were read: whoever goes through a whole file would hold all of it in memory. They
    /// are read from the file again when they are needed.
    pub(crate) fn release(&self) {
        #[cfg(unix)]
        if let Self::Mapped(map) = self {
            // SAFETY: The mapping is shared and never written to, so its pages hold nothing but the file's bytes; after
            // the call they are faulted in from there, with the same content.
            let released = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
            // Advice: where the system takes none, the pages stay.
            let _ = released;
        }
    }

    /// Reads the whole file.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        std::fs::read(path).map(Self::Read)
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Read(bytes) => bytes,
        }
    }
}
