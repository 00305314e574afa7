//! Stage 2, read: an entry to its bytes and their SHA-256, in one read that no symbolic link can redirect.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::skip::SkipReason;
use crate::walk::Entry;

/// SHA-256 of a file's bytes.
pub type Digest = [u8; 32];

/// The bytes of one file, the digest of those very bytes, and the stat of the descriptor they were read from.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the root.
    pub path: PathBuf,
    /// What was read.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`.
    pub digest: Digest,
    /// The entry as it was when the bytes were read.
    pub entry: Entry,
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// The file is gone.
    Gone,
    /// The entry turned into a link, a special file, or grew over the cap since the walk.
    Skipped(SkipReason),
    /// The operating system refused; lower case, no full stop.
    Failed(String),
}

/// `O_NONBLOCK` lets a FIFO that took the file's place open at once instead of waiting for a writer.
const FILE_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

const FOLDER_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Reads the file at `root/entry.path`, at most `max_bytes`, without following a link in any component below `root`.
///
/// A file that grows meanwhile is cut one byte after the size of its stat; the returned entry holds that stat, taken
/// before the first byte, so the next snapshot sees the difference.
///
/// # Errors
/// [`Unread`]: why there are no bytes.
pub fn read(root: &Path, entry: &Entry, max_bytes: u64) -> Result<(Vec<u8>, Entry), Unread> {
    let file = File::from(Root::open(root)?.open_beneath(&entry.path)?);
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if metadata.is_dir() {
        return Err(Unread::Gone);
    }
    if !metadata.is_file() {
        return Err(Unread::Skipped(SkipReason::SpecialFile));
    }
    let size = metadata.len();
    if size > max_bytes {
        return Err(Unread::Skipped(SkipReason::TooLarge));
    }
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(size + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > max_bytes {
        return Err(Unread::Skipped(SkipReason::TooLarge));
    }
    Ok((bytes, Entry::new(entry.path.clone(), &metadata)))
}

/// A tree, opened once to look at many files in it.
#[derive(Debug)]
pub struct Root(OwnedFd);

impl Root {
    /// Opens the folder at `path`, which may be a link.
    ///
    /// # Errors
    /// [`Unread`]: why it cannot be looked into.
    pub fn open(path: &Path) -> Result<Self, Unread> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(CWD, path, flags, Mode::empty()).map(Self).map_err(unread)
    }

    /// The entry of the file at `path` as it is now, found as [`read`] finds it.
    ///
    /// # Errors
    /// [`Unread`]: why there is none.
    pub fn stat(&self, path: &Path) -> Result<Entry, Unread> {
        let metadata = File::from(self.open_beneath(path)?).metadata().map_err(|error| failed(&error))?;
        match (metadata.is_file(), metadata.is_dir()) {
            (true, _) => Ok(Entry::new(path.to_path_buf(), &metadata)),
            (_, true) => Err(Unread::Gone),
            _ => Err(Unread::Skipped(SkipReason::SpecialFile)),
        }
    }

    /// Opens `path` so that no component below the root is a symbolic link.
    fn open_beneath(&self, path: &Path) -> Result<OwnedFd, Unread> {
        if path.as_os_str().is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_)))
        {
            return Err(Unread::Failed("the path leads out of the root".to_string()));
        }
        #[cfg(target_os = "linux")]
        if let Some(opened) = open_in_one_call(&self.0, path) {
            return opened;
        }
        open_by_component(&self.0, path)
    }
}

/// SHA-256.
pub fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

fn failed(error: &std::io::Error) -> Unread {
    Unread::Failed(error.to_string())
}

/// `openat2`, or nothing where the kernel (before 5.6) or a sandbox does not have it.
#[cfg(target_os = "linux")]
fn open_in_one_call(root: &OwnedFd, path: &Path) -> Option<Result<OwnedFd, Unread>> {
    use rustix::fs::ResolveFlags;
    use std::sync::atomic::{AtomicBool, Ordering};

    static MISSING: AtomicBool = AtomicBool::new(false);
    if MISSING.load(Ordering::Relaxed) {
        return None;
    }
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(root, path, FILE_FLAGS, Mode::empty(), resolve) {
        Ok(file) => Some(Ok(file)),
        // A sandbox that does not know the call answers EPERM; the slow way then tells what is true.
        Err(Errno::NOSYS | Errno::PERM) => {
            MISSING.store(true, Ordering::Relaxed);
            None
        }
        // A rename elsewhere in the tree may race with the resolution; the slow way does not mind.
        Err(Errno::AGAIN) => None,
        Err(errno) => Some(Err(unread(errno))),
    }
}

/// One `openat` per component, each refusing a symbolic link.
fn open_by_component(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Unread> {
    let mut below: Option<OwnedFd> = None;
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        let (name, folder) = (part.as_os_str(), below.as_ref().unwrap_or(root));
        if parts.peek().is_none() {
            return rustix::fs::openat(folder, name, FILE_FLAGS, Mode::empty()).map_err(unread);
        }
        below = match rustix::fs::openat(folder, name, FOLDER_FLAGS, Mode::empty()) {
            Ok(next) => Some(next),
            // With O_DIRECTORY a link is reported as "not a directory": look which it is.
            Err(Errno::NOTDIR) if is_link(folder, name) => return Err(unread(Errno::LOOP)),
            Err(errno) => return Err(unread(errno)),
        };
    }
    Err(Unread::Gone)
}

fn is_link(folder: &OwnedFd, name: &std::ffi::OsStr) -> bool {
    rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

fn unread(errno: Errno) -> Unread {
    match errno {
        Errno::NOENT | Errno::NOTDIR => Unread::Gone,
        Errno::LOOP | Errno::XDEV => Unread::Skipped(SkipReason::Symlink),
        // What opening a socket, or a device without a driver, gives.
        Errno::NXIO | Errno::NODEV => Unread::Skipped(SkipReason::SpecialFile),
        errno => failed(&errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    fn entry(path: &str) -> Entry {
        Entry { path: path.into(), size: 0, mtime_ns: 0, ctime_ns: 0, inode: 0 }
    }

    /// Both ways of opening must agree.
    fn check(root: &Path, path: &str, max_bytes: u64, expected: Result<&[u8], Unread>) {
        let whole = read(root, &entry(path), max_bytes).map(|(bytes, _)| bytes);
        assert_eq!(whole, expected.clone().map(<[u8]>::to_vec), "{path}");
        let folder = OwnedFd::from(File::open(root).expect("root"));
        let by_component = open_by_component(&folder, Path::new(path)).map(|_| ());
        match expected {
            Err(Unread::Skipped(SkipReason::TooLarge)) | Ok(_) => assert_eq!(by_component, Ok(()), "{path}"),
            Err(Unread::Skipped(SkipReason::SpecialFile)) if by_component.is_ok() => {}
            Err(reason) => assert_eq!(by_component, Err(reason), "{path}"),
        }
    }

    #[test]
    fn reads_the_bytes_and_the_stat_of_the_descriptor() {
        let root = tempfile::tempdir().expect("temporary folder");
        std::fs::create_dir_all(root.path().join("a/b")).expect("folders");
        std::fs::write(root.path().join("a/b/c.txt"), b"hello").expect("file");
        let (bytes, entry) = read(root.path(), &entry("a/b/c.txt"), 5).expect("readable");
        assert_eq!(bytes, b"hello");
        let metadata = std::fs::metadata(root.path().join("a/b/c.txt")).expect("stat");
        assert_eq!(entry, Entry::new("a/b/c.txt".into(), &metadata));
        assert_eq!(entry.size, 5);
        check(root.path(), "a/b/c.txt", 5, Ok(b"hello"));
        check(root.path(), "a/b/c.txt", 4, Err(Unread::Skipped(SkipReason::TooLarge)));
    }

    #[test]
    fn says_gone_for_what_is_not_there_any_more() {
        let root = tempfile::tempdir().expect("temporary folder");
        std::fs::write(root.path().join("file"), b"").expect("file");
        check(root.path(), "missing", 9, Err(Unread::Gone));
        check(root.path(), "missing/file", 9, Err(Unread::Gone));
        check(root.path(), "file/below", 9, Err(Unread::Gone));
        std::fs::create_dir(root.path().join("folder")).expect("folder");
        assert_eq!(read(root.path(), &entry("folder"), 9), Err(Unread::Gone));
        check(root.path(), "file", 0, Ok(b""));
    }

    #[test]
    fn follows_no_link_in_any_component() {
        let root = tempfile::tempdir().expect("temporary folder");
        let outside = tempfile::tempdir().expect("temporary folder");
        std::fs::write(outside.path().join("secret"), b"secret").expect("file");
        std::fs::create_dir(root.path().join("real")).expect("folder");
        std::fs::write(root.path().join("real/file"), b"inside").expect("file");
        symlink(outside.path(), root.path().join("out")).expect("link");
        symlink("real", root.path().join("in")).expect("link");
        symlink(outside.path().join("secret"), root.path().join("last")).expect("link");
        for path in ["out/secret", "in/file", "last"] {
            check(root.path(), path, 99, Err(Unread::Skipped(SkipReason::Symlink)));
        }
        for path in ["../secret", "/etc/passwd", "real/../../x", ""] {
            assert!(matches!(read(root.path(), &entry(path), 99), Err(Unread::Failed(_))), "{path}");
        }
    }

    #[test]
    fn does_not_wait_for_special_files() {
        let root = tempfile::tempdir().expect("temporary folder");
        rustix::fs::mkfifoat(CWD, root.path().join("fifo"), Mode::from_raw_mode(0o600)).expect("fifo");
        let _socket = UnixListener::bind(root.path().join("socket")).expect("socket");
        for path in ["fifo", "socket"] {
            check(root.path(), path, 99, Err(Unread::Skipped(SkipReason::SpecialFile)));
        }
    }

    #[test]
    fn digest_is_sha_256() {
        let digest = digest(b"abc");
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(digest[28..], [0xf2, 0x00, 0x15, 0xad]);
    }
}
