//! Stage 2, hash: what changed. Stat comparison with the racy rule, and a Merkle tree over directories.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::read::Digest;
use crate::walk::{Entry, path_order};

/// How much older than the scan a stamp must be to be trusted, nanoseconds. Two seconds is the coarsest stamp of a
/// file system in use (FAT).
const RACY_NS: i64 = 2_000_000_000;

/// What the index knows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The entry as it was when its bytes were read.
    pub entry: Entry,
    /// SHA-256 of those bytes.
    pub digest: Digest,
    /// When the scan that read it began, nanoseconds since 1970 (for the racy rule).
    pub scanned_ns: i64,
}

impl Known {
    /// Whether a file that now has the stat of `entry` still holds the bytes that were read.
    ///
    /// Stamps that are not well before the scan prove nothing: a write right after the read may carry the same ones.
    pub fn still_holds(&self, entry: &Entry) -> bool {
        let settled = self.scanned_ns.saturating_sub(RACY_NS);
        self.entry == *entry && entry.mtime_ns < settled && entry.ctime_ns < settled
    }
}

/// A file to be read, since its stat does not vouch for its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Index into the walk's entries.
    pub index: usize,
    /// The content that the index knows, if it knows the file.
    pub digest: Option<Digest>,
    /// Whether its stat is as known: only the racy rule has it looked at.
    pub same_stat: bool,
}

/// A walk compared with what the index knows, by stat alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Indices into the walk's entries: stat unchanged and not racy; need no read.
    pub unchanged: Vec<usize>,
    /// New, or stat differs, or racy; in the order of the walk.
    pub candidates: Vec<Candidate>,
    /// Known paths that the walk did not find and that lie under no unreadable folder, sorted by path bytes.
    pub removed: Vec<PathBuf>,
}

/// Compares a walk with what the index knows, one known file after the other: none of them is kept.
///
/// A file counts as unchanged when size, mtime, ctime and inode are equal *and* its mtime and ctime are
/// more than 2 s older than the scan that read it (git's racy rule). Paths under `unreadable` are kept.
///
/// `entries` are sorted by path bytes, as a walk gives them; `known` may come in any order, and comes fastest in that one.
pub fn plan(entries: &[Entry], known: impl IntoIterator<Item = Known>, unreadable: &[PathBuf]) -> Plan {
    let mut holds = vec![false; entries.len()];
    let mut differing = Vec::new();
    let mut removed = Vec::new();
    let mut next = 0;
    for known in known {
        match position(entries, &known.entry.path, next) {
            Some(index) => {
                let entry = &entries[index];
                holds[index] = known.still_holds(entry);
                if !holds[index] {
                    differing.push((index, known.digest, known.entry == *entry));
                }
                next = index + 1;
            }
            None if unreadable.iter().any(|folder| known.entry.path.starts_with(folder)) => {}
            None => removed.push(known.entry.path),
        }
    }
    removed.sort_unstable_by(|a, b| path_order(a, b));
    differing.sort_unstable_by_key(|&(index, ..)| index);
    let mut differing = differing.into_iter().peekable();
    let (unchanged, others) = (0..entries.len()).partition::<Vec<_>, _>(|&index| holds[index]);
    let candidates = others.into_iter().map(|index| match differing.next_if(|known| known.0 == index) {
        Some((_, digest, same_stat)) => Candidate { index, digest: Some(digest), same_stat },
        None => Candidate { index, digest: None, same_stat: false },
    });
    Plan { unchanged, candidates: candidates.collect(), removed }
}

/// Where the entry of a path is, looked for first at `guess`.
fn position(entries: &[Entry], path: &Path, guess: usize) -> Option<usize> {
    if entries.get(guess).is_some_and(|entry| entry.path == path) {
        return Some(guess);
    }
    entries.binary_search_by(|entry| path_order(&entry.path, path)).ok()
}

/// The root digest of the [`Tree`] of files that come sorted by path bytes, no path twice; holds one chain of
/// directories at a time.
pub fn root_digest(files: impl IntoIterator<Item = (PathBuf, Digest)>) -> Digest {
    let mut open = vec![(OsString::new(), Vec::new())];
    for (path, digest) in files {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
        let shared = open[1..]
            .iter()
            .zip(parent)
            .take_while(|((opened, _), part)| opened.as_os_str() == *part)
            .count();
        close(&mut open, shared + 1);
        open.extend(parent.iter().skip(shared).map(|part| (part.to_owned(), Vec::new())));
        if let Some((_, children)) = open.last_mut() {
            children.push(Child { name: name.to_owned(), is_directory: false, digest });
        }
    }
    close(&mut open, 1);
    open.pop().map_or([0; 32], |(_, children)| Directory::seal(children).digest)
}

/// Seals the innermost open directories until so many are left.
fn close(open: &mut Vec<(OsString, Vec<Child>)>, left: usize) {
    while open.len() > left
        && let Some((name, children)) = open.pop()
        && let Some((_, above)) = open.last_mut()
    {
        above.push(Child { name, is_directory: true, digest: Directory::seal(children).digest });
    }
}

/// A SHA-256 Merkle tree over directories: equal roots mean equal paths and contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Every directory by its path relative to the root; the root's own path is empty.
    directories: BTreeMap<PathBuf, Directory>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Directory {
    digest: Digest,
    /// Sorted by `(name, is_directory)`.
    children: Vec<Child>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Child {
    name: OsString,
    is_directory: bool,
    digest: Digest,
}

impl Child {
    fn order(&self, other: &Self) -> Ordering {
        (&self.name, self.is_directory).cmp(&(&other.name, other.is_directory))
    }
}

/// What differs between two trees, each list sorted by path bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// Only in the newer tree.
    pub added: Vec<PathBuf>,
    /// In both, with other content.
    pub changed: Vec<PathBuf>,
    /// Only in the older tree.
    pub removed: Vec<PathBuf>,
}

impl Tree {
    /// Builds the tree of `files` (any order, no path twice), directories hashed in parallel.
    ///
    /// Works level by level from the deepest directory up, so that depth costs no stack.
    pub fn build(files: &[(PathBuf, Digest)]) -> Self {
        let mut levels = children_by_depth(files);
        let mut directories = BTreeMap::new();
        while let Some(level) = levels.pop() {
            let sealed: Vec<(PathBuf, Directory)> =
                level.into_par_iter().map(|(path, children)| (path, Directory::seal(children))).collect();
            for (path, directory) in &sealed {
                if let (Some(above), Some(parent), Some(name)) =
                    (levels.last_mut(), path.parent(), path.file_name())
                {
                    let child = Child { name: name.into(), is_directory: true, digest: directory.digest };
                    above.entry(parent.to_path_buf()).or_default().push(child);
                }
            }
            directories.extend(sealed);
        }
        Self { directories }
    }

    /// The root digest.
    pub fn root(&self) -> Digest {
        self.directories.get(Path::new("")).map_or([0; 32], |root| root.digest)
    }

    /// Compares with a `newer` tree, descending only into directories whose digests differ.
    pub fn diff(&self, newer: &Self) -> Diff {
        self.diff_counted(newer).0
    }

    /// The difference, and the number of directories that were looked into.
    fn diff_counted(&self, newer: &Self) -> (Diff, usize) {
        let mut diff = Diff::default();
        let mut visited = 0;
        let mut pending = if self.root() == newer.root() { Vec::new() } else { vec![PathBuf::new()] };
        while let Some(path) = pending.pop() {
            visited += 1;
            for (old, new) in pairs(self.children(&path), newer.children(&path)) {
                match (old, new) {
                    (Some(old), Some(new)) if old.digest == new.digest => {}
                    (Some(old), Some(_)) if old.is_directory => pending.push(path.join(&old.name)),
                    (Some(old), Some(_)) => diff.changed.push(path.join(&old.name)),
                    (Some(old), None) => self.list(&path, old, &mut diff.removed),
                    (None, Some(new)) => newer.list(&path, new, &mut diff.added),
                    (None, None) => {}
                }
            }
        }
        for list in [&mut diff.added, &mut diff.changed, &mut diff.removed] {
            list.sort_by(|a, b| path_order(a, b));
        }
        (diff, visited)
    }

    fn children(&self, path: &Path) -> &[Child] {
        self.directories.get(path).map_or(&[], |directory| &directory.children)
    }

    /// Appends every file at or below `child` of the directory at `parent`.
    fn list(&self, parent: &Path, child: &Child, out: &mut Vec<PathBuf>) {
        let path = parent.join(&child.name);
        if !child.is_directory {
            out.push(path);
            return;
        }
        let mut pending = vec![path];
        while let Some(path) = pending.pop() {
            for child in self.children(&path) {
                let list = if child.is_directory { &mut pending } else { &mut *out };
                list.push(path.join(&child.name));
            }
        }
    }
}

impl Directory {
    /// Sorts and hashes. Kind and length come before each name, so no two lists of children have the same input.
    fn seal(mut children: Vec<Child>) -> Self {
        children.sort_by(Child::order);
        let mut hash = Sha256::new();
        for child in &children {
            let name = child.name.as_encoded_bytes();
            hash.update([u8::from(child.is_directory)]);
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update(child.digest);
        }
        Self { digest: hash.finalize().into(), children }
    }
}

/// The files of each directory, directories grouped by depth; a directory without files of its own is there too.
fn children_by_depth(files: &[(PathBuf, Digest)]) -> Vec<BTreeMap<PathBuf, Vec<Child>>> {
    let mut levels = vec![BTreeMap::from([(PathBuf::new(), Vec::new())])];
    for (path, digest) in files {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
        let depth = parent.components().count();
        if levels.len() <= depth {
            levels.resize_with(depth + 1, BTreeMap::new);
        }
        let child = Child { name: name.into(), is_directory: false, digest: *digest };
        levels[depth].entry(parent.to_path_buf()).or_insert_with(Vec::new).push(child);
    }
    levels
}

/// Merges two sorted lists of children into pairs of equal name and kind.
fn pairs<'a>(old: &'a [Child], new: &'a [Child]) -> Vec<(Option<&'a Child>, Option<&'a Child>)> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some(old), Some(new)) => old.order(new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return pairs,
        };
        let old = if order.is_le() { old.next() } else { None };
        let new = if order.is_ge() { new.next() } else { None };
        pairs.push((old, new));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, stamp_s: i64) -> Entry {
        let ns = stamp_s * 1_000_000_000;
        Entry { path: path.into(), size: 3, mtime_ns: ns, ctime_ns: ns, inode: 7 }
    }

    fn known(entry: Entry, scanned_s: i64) -> BTreeMap<PathBuf, Known> {
        let known = Known { digest: [0; 32], scanned_ns: scanned_s * 1_000_000_000, entry };
        BTreeMap::from([(known.entry.path.clone(), known)])
    }

    fn check_unchanged(now: &Entry, known: &BTreeMap<PathBuf, Known>, expected: bool) {
        let plan = plan(std::slice::from_ref(now), known.values().cloned(), &[]);
        let unread =
            |was: &Known| Candidate { index: 0, digest: Some(was.digest), same_stat: was.entry == *now };
        let new = Candidate { index: 0, digest: None, same_stat: false };
        let (unchanged, candidates) = match (expected, known.get(&now.path)) {
            (true, _) => (vec![0], vec![]),
            (false, was) => (vec![], vec![was.map_or(new, unread)]),
        };
        assert_eq!(plan, Plan { unchanged, candidates, removed: vec![] });
    }

    #[test]
    fn an_old_stat_that_is_equal_means_unchanged() {
        let known = known(entry("a", 100), 200);
        check_unchanged(&entry("a", 100), &known, true);
        check_unchanged(&entry("b", 100), &BTreeMap::new(), false);
    }

    #[test]
    fn every_field_of_the_stat_counts() {
        let known = known(entry("a", 100), 200);
        check_unchanged(&Entry { size: 4, ..entry("a", 100) }, &known, false);
        check_unchanged(&Entry { mtime_ns: 1, ..entry("a", 100) }, &known, false);
        check_unchanged(&Entry { ctime_ns: 1, ..entry("a", 100) }, &known, false);
        check_unchanged(&Entry { inode: 8, ..entry("a", 100) }, &known, false);
    }

    #[test]
    fn a_stamp_close_to_the_scan_is_racy() {
        check_unchanged(&entry("a", 198), &known(entry("a", 198), 200), false);
        check_unchanged(&entry("a", 197), &known(entry("a", 197), 200), true);
        check_unchanged(&entry("a", 4_000_000_000), &known(entry("a", 4_000_000_000), 200), false);
        let young_ctime = Entry { ctime_ns: 199_000_000_000, ..entry("a", 100) };
        check_unchanged(&young_ctime, &known(young_ctime.clone(), 200), false);
        let extreme = Entry { mtime_ns: i64::MAX, ctime_ns: i64::MIN, ..entry("a", 0) };
        check_unchanged(&extreme, &known(extreme.clone(), 0), false);
    }

    #[test]
    fn what_is_gone_is_removed_unless_it_could_not_be_looked_at() {
        let mut all = BTreeMap::new();
        for path in ["gone", "dir/x", "dir-b/x", "kept"] {
            all.extend(known(entry(path, 1), 100));
        }
        let removed =
            |unreadable: &[PathBuf]| plan(&[entry("kept", 1)], all.values().cloned(), unreadable).removed;
        assert_eq!(removed(&[]), ["dir-b/x", "dir/x", "gone"].map(PathBuf::from));
        assert_eq!(removed(&["dir".into()]), ["dir-b/x", "gone"].map(PathBuf::from));
        assert_eq!(removed(&["dir/x".into(), "gone".into()]), ["dir-b/x"].map(PathBuf::from));
        assert!(removed(&["".into()]).is_empty());
    }

    #[test]
    fn what_is_known_may_come_in_any_order() {
        let now: Vec<_> = ["a", "a/b", "c", "d", "e"].map(|path| entry(path, 1)).into();
        let mut all = BTreeMap::new();
        for path in ["a", "b", "c", "e"] {
            all.extend(known(entry(path, if path == "c" { 2 } else { 1 }), 100));
        }
        let sorted = plan(&now, all.values().cloned(), &[]);
        assert_eq!(sorted, plan(&now, all.values().rev().cloned(), &[]));
        assert_eq!((sorted.unchanged, sorted.removed), (vec![0, 4], vec!["b".into()]));
        let candidates: Vec<_> =
            sorted.candidates.iter().map(|one| (one.index, one.digest.is_some())).collect();
        assert_eq!(candidates, [(1, false), (2, true), (3, false)]);
    }

    #[test]
    fn the_root_digest_needs_no_tree() {
        for paths in [&[][..], &["f"], &["a", "a-b/c", "a/b", "a/b/c", "a/b/d", "b/c/d/e", "b/d", "c"]] {
            let files: Vec<_> =
                paths.iter().map(|path| (PathBuf::from(path), [path.len() as u8; 32])).collect();
            assert_eq!(root_digest(files.clone()), Tree::build(&files).root(), "{paths:?}");
        }
    }

    fn files(paths: &[(&str, u8)]) -> Vec<(PathBuf, Digest)> {
        paths.iter().map(|&(path, content)| (path.into(), [content; 32])).collect()
    }

    #[test]
    fn looks_only_into_directories_that_differ() {
        let old = files(&[("a/b/one", 1), ("a/c/two", 2), ("d/e/three", 3), ("d/e/f/four", 4)]);
        let mut new = old.clone();
        new[1].1 = [9; 32];
        let (diff, visited) = Tree::build(&old).diff_counted(&Tree::build(&new));
        assert_eq!(diff, Diff { changed: vec!["a/c/two".into()], ..Diff::default() });
        assert_eq!(visited, 3, "the root, a and a/c");
        assert_eq!(Tree::build(&old).diff_counted(&Tree::build(&old)).1, 0);
    }

    #[test]
    fn a_directory_that_comes_or_goes_is_listed_file_by_file() {
        let old = Tree::build(&files(&[("a/b/one", 1), ("a/two", 2), ("keep", 3)]));
        let new = Tree::build(&files(&[("a", 1), ("keep", 3)]));
        let expected = Diff {
            added: vec!["a".into()],
            changed: vec![],
            removed: vec!["a/b/one".into(), "a/two".into()],
        };
        assert_eq!(old.diff(&new), expected);
    }

    #[test]
    fn a_very_deep_tree_costs_no_stack() {
        let deep: PathBuf = std::iter::repeat_n("d", 2_000).collect();
        let old = Tree::build(&[(deep.join("f"), [1; 32])]);
        let new = Tree::build(&[(deep.join("f"), [2; 32])]);
        assert_eq!(old.diff(&new).changed, vec![deep.join("f")]);
    }
}
