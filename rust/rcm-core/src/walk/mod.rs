//! Stage 1, walk: a directory to the entries worth reading, by rules that need only a path and a stat.
//!
//! Precedence, first match wins: `.git`, `.hg`, `.svn`, `.jj` are never entered, other mounts only if asked for; then the ignore
//! files as ripgrep reads them (`.rcmignore`, `.ignore`, `.gitignore`, `.git/info/exclude`, the global git file;
//! nearer folders first); then hidden names; then folders with a `CACHEDIR.TAG`; last, per file: kind, sensitive
//! name, size, and what `.gitattributes` files call generated or vendored. What the last two rules leave out is listed
//! in [`Walked::skipped`].

mod attributes;
mod folder;
mod ignored;
mod sensitive;

use std::cmp::Ordering;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use crate::cancel::Cancel;
use crate::error::{Error, FileFailure};
use crate::skip::SkipReason;

pub use sensitive::is_sensitive;

/// What the walk leaves out.
#[derive(Debug, Clone)]
pub struct WalkOptions {
    /// Honour .gitignore, .ignore, .rcmignore, .git/info/exclude and the global git ignore file.
    pub use_ignore: bool,
    /// Include hidden files and folders (`.git` never).
    pub hidden: bool,
    /// Files larger than this many bytes are skipped.
    pub max_file_bytes: u64,
    /// Enter file systems mounted below the root.
    pub cross_mounts: bool,
    /// Walker threads; 0 means one per core.
    pub threads: usize,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self { use_ignore: true, hidden: false, max_file_bytes: 1 << 20, cross_mounts: false, threads: 0 }
    }
}

/// One regular file that passed the path rules, with the stat that change detection compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the root.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Status change time, nanoseconds since 1970.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
}

impl Entry {
    /// The entry of the file at `path` (relative to the root) that has this stat.
    pub fn new(path: PathBuf, metadata: &Metadata) -> Self {
        let ns = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            path,
            size: metadata.len(),
            mtime_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

/// Everything one walk found.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Sorted by path bytes.
    pub entries: Vec<Entry>,
    /// Files left out by a path rule of ours (not by ignore files), sorted by path bytes. A cache directory stands
    /// for everything in it.
    pub skipped: Vec<(PathBuf, SkipReason)>,
    /// Files and folders that could not be looked at, and ignore files with a line that is not a valid rule, sorted
    /// by path bytes.
    pub failures: Vec<FileFailure>,
    /// Files and folders whose present content is unknown, sorted by path bytes: nothing known at or below them may
    /// be taken for removed (see [`crate::snapshot::plan`]).
    pub unreadable: Vec<PathBuf>,
    /// A loud message when ignore rules leave no or few files: names the rule and the way out.
    pub warning: Option<String>,
    /// Folders that may hold a `.gitattributes` file, the root left out.
    attributed: Vec<PathBuf>,
}

/// The order of all lists of paths: by bytes, so that it depends on no locale and no platform.
pub fn path_order(a: &Path, b: &Path) -> Ordering {
    a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes())
}

/// Walks `root`.
///
/// Symbolic links are not followed, except that `root` itself may be one. The parents' ignore files count only
/// inside the git repository that holds `root`.
///
/// # Errors
/// [`Error::Io`] if `root` itself cannot be listed, [`Error::Cancelled`].
pub fn walk(root: &Path, options: &WalkOptions, cancel: &Cancel) -> Result<Walked, Error> {
    std::fs::read_dir(root).map_err(|error| Error::io(root, error))?;
    if options.use_ignore
        && let Some(reason) = folder::unsafe_ignore_file(root, &folder::top(root))
    {
        return Err(Error::io(root, io::Error::other(reason)));
    }
    let mut walked = collect(root, options, cancel)?;
    if options.use_ignore {
        walked.warning = ignored::warning(root, options, cancel, walked.entries.len());
        attributes::leave_out(root, &mut walked);
        walked.skipped.sort_unstable_by(|a, b| path_order(&a.0, &b.0));
    }
    if cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    Ok(walked)
}

/// What the path rules that need no ignore file say of one file: its entry, and the reason to leave it out, if any.
///
/// # Errors
/// [`Error::Io`] if there is no such file.
pub fn inspect_path(
    root: &Path,
    path: &Path,
    max_file_bytes: u64,
) -> Result<(Entry, Option<SkipReason>), Error> {
    let full = root.join(path);
    let metadata = std::fs::symlink_metadata(&full).map_err(|error| Error::io(&full, error))?;
    let reason = if !metadata.is_file() {
        Some(changed_kind(&metadata))
    } else if is_sensitive(path) {
        Some(SkipReason::SensitiveName)
    } else {
        (metadata.len() > max_file_bytes).then_some(SkipReason::TooLarge)
    };
    Ok((Entry::new(path.to_path_buf(), &metadata), reason))
}

fn collect(root: &Path, options: &WalkOptions, cancel: &Cancel) -> Result<Walked, Error> {
    let found = Arc::new(Mutex::new(Walked::default()));
    let mut collectors = Collectors { root, options, cancel, found: &found };
    builder(root, options, &found).build_parallel().visit(&mut collectors);
    if cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    let mut walked = std::mem::take(&mut *lock(&found));
    if walked.unreadable.iter().any(|path| path.as_os_str().is_empty()) {
        let own = walked.failures.into_iter().find(|failure| failure.path.as_os_str().is_empty());
        let reason = own.map_or_else(|| "cannot be listed".to_string(), |failure| failure.error);
        return Err(Error::io(root, io::Error::other(reason)));
    }
    walked.entries.sort_unstable_by(|a, b| path_order(&a.path, &b.path));
    walked.skipped.sort_unstable_by(|a, b| path_order(&a.0, &b.0));
    walked.failures.sort_by(|a, b| path_order(&a.path, &b.path));
    walked.unreadable.sort_unstable_by(|a, b| path_order(a, b));
    walked.unreadable.dedup();
    Ok(walked)
}

/// A walker with all rules that hold for whole folders.
fn builder(root: &Path, options: &WalkOptions, found: &Arc<Mutex<Walked>>) -> WalkBuilder {
    let repository = ignored::enclosing_repository(root);
    let use_ignore = options.use_ignore;
    let mut builder = WalkBuilder::new(root);
    builder
        .current_dir(root)
        .standard_filters(false)
        .hidden(!options.hidden)
        .ignore(use_ignore)
        .git_ignore(use_ignore)
        .git_exclude(use_ignore)
        .git_global(use_ignore)
        // Inside a repository the rules end at its top, as in git; outside of any they still work.
        .require_git(repository.is_some())
        .parents(use_ignore && repository.is_some_and(|top| top != root))
        // Our own rules for folders see to that.
        .same_file_system(false)
        .follow_links(false)
        .threads(options.threads);
    if use_ignore {
        builder.add_custom_ignore_filename(".rcmignore");
    }
    let (found, rules) = (Arc::clone(found), folder::Rules::new(root, options));
    builder.filter_entry(move |entry| rules.admit(entry, &found));
    builder
}

fn lock(found: &Mutex<Walked>) -> std::sync::MutexGuard<'_, Walked> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes one [`Collector`] per walker thread.
struct Collectors<'a> {
    root: &'a Path,
    options: &'a WalkOptions,
    cancel: &'a Cancel,
    found: &'a Mutex<Walked>,
}

impl<'a> ParallelVisitorBuilder<'a> for Collectors<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        let Self { root, options, cancel, found } = *self;
        Box::new(Collector { root, options, cancel, found, own: Walked::default() })
    }
}

/// What one thread found; handed over when the thread ends.
struct Collector<'a> {
    root: &'a Path,
    options: &'a WalkOptions,
    cancel: &'a Cancel,
    found: &'a Mutex<Walked>,
    own: Walked,
}

impl ParallelVisitor for Collector<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        if self.cancel.is_cancelled() {
            return WalkState::Quit;
        }
        match entry {
            Ok(entry) => self.visit_entry(&entry),
            Err(error) => self.fail(&error),
        }
        WalkState::Continue
    }
}

impl Collector<'_> {
    fn visit_entry(&mut self, entry: &DirEntry) {
        if let Some(error) = entry.error() {
            ignored::invalid_rules(error, self.root, &mut self.own.failures);
        }
        let Some(kind) = entry.file_type().filter(|kind| !kind.is_dir()) else { return };
        let path = relative(self.root, entry.path());
        if kind.is_symlink() {
            return self.own.skipped.push((path, SkipReason::Symlink));
        }
        if !kind.is_file() {
            return self.own.skipped.push((path, SkipReason::SpecialFile));
        }
        if is_sensitive(&path) {
            return self.own.skipped.push((path, SkipReason::SensitiveName));
        }
        match std::fs::symlink_metadata(entry.path()) {
            // It may have changed since the folder was listed.
            Ok(metadata) if !metadata.is_file() => self.own.skipped.push((path, changed_kind(&metadata))),
            Ok(metadata) if metadata.len() > self.options.max_file_bytes => {
                self.own.skipped.push((path, SkipReason::TooLarge));
            }
            Ok(metadata) => self.own.entries.push(Entry::new(path, &metadata)),
            // Gone between two system calls: as if it had never been there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn unreadable(&mut self, path: PathBuf, error: &io::Error) {
        self.own.failures.push(FileFailure { path: path.clone(), error: error.to_string() });
        self.own.unreadable.push(path);
    }

    /// A folder that could not be listed, or not to its end. One that vanished counts too: it may only have moved.
    fn fail(&mut self, error: &ignore::Error) {
        match (path_of(error), error.io_error()) {
            (Some(path), Some(io)) => self.unreadable(relative(self.root, path), io),
            _ => ignored::invalid_rules(error, self.root, &mut self.own.failures),
        }
    }
}

impl Drop for Collector<'_> {
    fn drop(&mut self) {
        let mut found = lock(self.found);
        found.entries.append(&mut self.own.entries);
        found.skipped.append(&mut self.own.skipped);
        found.failures.append(&mut self.own.failures);
        found.unreadable.append(&mut self.own.unreadable);
    }
}

fn changed_kind(metadata: &Metadata) -> SkipReason {
    if metadata.is_symlink() { SkipReason::Symlink } else { SkipReason::SpecialFile }
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_path_buf()
}

/// The path that an error of the walker is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}
