//! What can go wrong with a whole run, and what can go wrong with one file.

use std::path::{Path, PathBuf};

/// An error that stops a run. Trouble with one file is a [`FileFailure`] instead.
#[derive(Debug)]
pub enum Error {
    /// The operating system refused something about `path`.
    Io {
        /// The path that the operation was about.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A model folder is missing a file, or a file in it is damaged or of another kind.
    Model {
        /// The file or folder that could not be used.
        path: PathBuf,
        /// What is wrong with it, lower case, no full stop.
        reason: String,
    },
    /// The caller asked for the work to stop.
    Cancelled,
    /// A stage panicked outside the work on one file.
    Internal(String),
}

impl Error {
    /// An [`Error::Io`] about `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_path_buf(), source }
    }

    /// An [`Error::Model`] about `path`.
    pub fn model(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Model { path: path.as_ref().to_path_buf(), reason: reason.into() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Model { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Cancelled => write!(f, "stopped on request"),
            Self::Internal(reason) => write!(f, "internal error: {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// A file or folder that should have been processed and could not be; the run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFailure {
    /// Path relative to the root.
    pub path: PathBuf,
    /// Why, lower case, no full stop.
    pub error: String,
}
