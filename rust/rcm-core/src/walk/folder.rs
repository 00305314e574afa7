//! Rules for whole folders, decided before a folder is listed.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use ignore::DirEntry;

use crate::error::FileFailure;
use crate::skip::SkipReason;

use super::{Walked, lock, relative};

/// What version control systems keep for themselves: never entered, whatever the options.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// How a `CACHEDIR.TAG` must begin (bford.info/cachedir, "Cache Directory Tagging Specification").
const CACHE_SIGNATURE: &[u8; 43] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// The ignore files that are read before a folder's entries are seen.
const IGNORE_FILES: [&str; 4] = [".gitignore", ".ignore", ".rcmignore", ".git/info/exclude"];

/// Whether the walk may go on with `entry`; a reason worth telling is written to `found`.
pub(super) fn admit(entry: &DirEntry, root: &Path, use_ignore: bool, found: &Mutex<Walked>) -> bool {
    if VERSION_CONTROL.iter().any(|name| entry.file_name() == *name) {
        return false;
    }
    if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return true;
    }
    let path = entry.path();
    if is_cache(path) {
        lock(found).skipped.push((relative(root, path), SkipReason::CacheDirectory));
        return false;
    }
    if use_ignore && let Some(reason) = unsafe_ignore_file(path) {
        let mut found = lock(found);
        found.failures.push(FileFailure { path: relative(root, path), error: reason });
        found.unreadable.push(relative(root, path));
        return false;
    }
    true
}

/// Why the ignore files of `folder` cannot be opened safely: one that is a FIFO or device would block the walk or
/// never end.
pub(super) fn unsafe_ignore_file(folder: &Path) -> Option<String> {
    IGNORE_FILES
        .into_iter()
        .find(|name| std::fs::metadata(folder.join(name)).is_ok_and(|stat| !stat.is_file() && !stat.is_dir()))
        .map(|name| format!("{name} in it is not a regular file"))
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
