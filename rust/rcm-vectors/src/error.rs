//! What can go wrong with a segment.

use std::path::{Path, PathBuf};

/// Why a segment cannot be written, opened or trusted.
#[derive(Debug)]
pub enum SegmentError {
    /// The operating system refused something about `path`.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is no segment, of another format version, cut off or altered.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, lower case, no full stop.
        reason: String,
    },
    /// A row that a segment cannot hold was pushed.
    Row {
        /// The row's id.
        id: u64,
        /// What is wrong with it, lower case, no full stop.
        reason: String,
    },
}

impl SegmentError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), reason: reason.into() }
    }
}

impl std::fmt::Display for SegmentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Damaged { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Row { id, reason } => write!(f, "row {id}: {reason}"),
        }
    }
}

impl std::error::Error for SegmentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
