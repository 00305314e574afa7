//! Why a file is deliberately left out of the index.

/// A reason to leave a file out; counted per reason in every report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// Larger than the size cap; never opened.
    TooLarge,
    /// The name says it holds credentials; never opened.
    SensitiveName,
    /// A symbolic link; links are not followed.
    Symlink,
    /// A FIFO, socket or device.
    SpecialFile,
    /// Below a directory that a `CACHEDIR.TAG` marks as a cache.
    CacheDirectory,
    /// NUL bytes, or mostly not text.
    Binary,
    /// Machine-packed: very long lines.
    Minified,
    /// Says of itself that a program wrote it.
    Generated,
    /// Begins with a private key.
    PrivateKey,
    /// Holds a secret, and such files were not wanted.
    Secrets,
    /// Says its repository's `.gitattributes` of it.
    Vendored,
    /// No line with anything on it.
    Empty,
    /// Ended an earlier run while it was parsed.
    Crashed,
}

impl SkipReason {
    /// All reasons, in the order in which the stages decide them.
    pub const ALL: [Self; 13] = [
        Self::TooLarge,
        Self::SensitiveName,
        Self::Symlink,
        Self::SpecialFile,
        Self::CacheDirectory,
        Self::Binary,
        Self::Minified,
        Self::Generated,
        Self::PrivateKey,
        Self::Secrets,
        Self::Vendored,
        Self::Empty,
        Self::Crashed,
    ];

    /// The stable name used in reports and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::SensitiveName => "sensitive-name",
            Self::Symlink => "symlink",
            Self::SpecialFile => "special-file",
            Self::CacheDirectory => "cache-directory",
            Self::Binary => "binary",
            Self::Minified => "minified",
            Self::Generated => "generated",
            Self::PrivateKey => "private-key",
            Self::Secrets => "secrets",
            Self::Vendored => "vendored",
            Self::Empty => "empty",
            Self::Crashed => "crashed",
        }
    }

    /// One sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TooLarge => "larger than the size cap",
            Self::SensitiveName => "the name says it holds credentials",
            Self::Symlink => "symbolic links are not followed",
            Self::SpecialFile => "not a regular file",
            Self::CacheDirectory => "in a directory marked as a cache by CACHEDIR.TAG",
            Self::Binary => "not text",
            Self::Minified => "machine-packed text with very long lines",
            Self::Generated => "marked as generated",
            Self::PrivateKey => "holds a private key",
            Self::Secrets => "holds a secret, and files or chunks with secrets were not wanted",
            Self::Vendored => "marked as vendored by .gitattributes",
            Self::Empty => "nothing in it",
            Self::Crashed => "ended an earlier run while it was parsed",
        }
    }
}
