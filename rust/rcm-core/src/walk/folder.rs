//! Rules for whole folders, decided before a folder is listed.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::DirEntry;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use crate::error::FileFailure;
use crate::skip::SkipReason;

use super::{WalkOptions, Walked, attributes, ignored, lock, relative};

/// What version control systems keep for themselves: never entered, whatever the options.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// How a `CACHEDIR.TAG` must begin (bford.info/cachedir, "Cache Directory Tagging Specification").
const CACHE_SIGNATURE: &[u8; 43] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// The ignore files that are read before a folder's entries are seen.
const IGNORE_FILES: [&str; 4] = [".gitignore", ".ignore", ".rcmignore", ".git/info/exclude"];

/// Larger ignore files are refused: rules cost up to 9 kB of memory each, and a repository may bring a million.
const MAX_IGNORE_BYTES: u64 = 512 << 10;

/// A folder is only searched here, not listed: whoever may not list it is told so by the walk.
#[cfg(target_os = "linux")]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const SEARCH: OFlags = OFlags::RDONLY;

/// The rules of one walk.
pub(super) struct Rules {
    root: PathBuf,
    /// What ignore files may link to; none if they are not read.
    top: Option<PathBuf>,
    /// The file system to stay on, if the walk has to.
    device: Option<u64>,
}

impl Rules {
    pub(super) fn new(root: &Path, options: &WalkOptions) -> Self {
        let device = || std::fs::metadata(root).ok().map(|stat| stat.dev());
        Self {
            root: root.to_path_buf(),
            top: options.use_ignore.then(|| top(root)),
            device: if options.cross_mounts { None } else { device() },
        }
    }

    /// Whether the walk may go on with `entry`; a reason worth telling is written to `found`.
    pub(super) fn admit(&self, entry: &DirEntry, found: &Mutex<Walked>) -> bool {
        if VERSION_CONTROL.iter().any(|name| entry.file_name() == *name) {
            return false;
        }
        if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return true;
        }
        let path = entry.path();
        let holds = Holds::of(path, self.top.is_some());
        if self.device.is_some_and(|device| holds.device.is_some_and(|other| other != device)) {
            return false;
        }
        if holds.tag && is_cache(path) {
            lock(found).skipped.push((relative(&self.root, path), SkipReason::CacheDirectory));
            return false;
        }
        let top = self.top.as_deref().filter(|_| holds.rules);
        if let Some(reason) = top.and_then(|top| unsafe_ignore_file(path, top)) {
            let mut found = lock(found);
            found.failures.push(FileFailure { path: relative(&self.root, path), error: reason });
            found.unreadable.push(relative(&self.root, path));
            return false;
        }
        if holds.attributes {
            lock(found).attributed.push(relative(&self.root, path));
        }
        true
    }
}

/// What a folder may hold; whatever could not be looked at may be there.
struct Holds {
    device: Option<u64>,
    tag: bool,
    rules: bool,
    attributes: bool,
}

impl Holds {
    /// Looks from within the folder, opened once: names of one part are found in a third of the time that whole paths
    /// take, and hardly a folder has any of them.
    fn of(folder: &Path, use_ignore: bool) -> Self {
        let flags = SEARCH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(opened) = rustix::fs::openat(CWD, folder, flags, Mode::empty()).map(File::from) else {
            let device = std::fs::metadata(folder).ok().map(|stat| stat.dev());
            return Self { device, tag: true, rules: use_ignore, attributes: use_ignore };
        };
        let is_there = |name: &str| rustix::fs::statat(&opened, name, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        Self {
            device: opened.metadata().ok().map(|stat| stat.dev()),
            tag: is_there("CACHEDIR.TAG"),
            rules: use_ignore && IGNORE_FILES.into_iter().any(is_there),
            attributes: use_ignore && is_there(attributes::FILE),
        }
    }
}

/// The folder that links of ignore files may not lead out of: the repository around `root`, or `root` itself.
pub(super) fn top(root: &Path) -> PathBuf {
    let real = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    ignored::enclosing_repository(&real).unwrap_or(real)
}

/// Why the ignore files of `folder` cannot be opened safely: one that is a FIFO or device would block the walk or
/// never end, one that is a link could have any file of the machine read as rules, and a huge one takes all memory.
pub(super) fn unsafe_ignore_file(folder: &Path, top: &Path) -> Option<String> {
    IGNORE_FILES.into_iter().find_map(|name| {
        let path = folder.join(name);
        let stat = std::fs::metadata(&path).ok().filter(|stat| !stat.is_dir())?;
        let reason = if !stat.is_file() {
            "is not a regular file"
        } else if stat.len() > MAX_IGNORE_BYTES {
            "is larger than 512 KiB"
        } else if path.is_symlink() && !path.canonicalize().is_ok_and(|real| real.starts_with(top)) {
            "is a link that leads out of the tree"
        } else {
            return None;
        };
        Some(format!("{name} in it {reason} (--no-ignore looks past ignore files)"))
    })
}

/// Whether `folder` is tagged as a cache: a regular file with the signature, no link.
fn is_cache(folder: &Path) -> bool {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let tag = folder.join("CACHEDIR.TAG");
    let Ok(mut file) = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(tag) else {
        return false;
    };
    let mut start = [0; CACHE_SIGNATURE.len()];
    file.metadata().is_ok_and(|stat| stat.is_file())
        && file.read_exact(&mut start).is_ok()
        && start == *CACHE_SIGNATURE
}
