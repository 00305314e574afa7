//! What `.gitattributes` files say of files that no person wrote or that come from elsewhere.
//!
//! Only `linguist-generated` and `linguist-vendored` are read, and only to leave files out: a repository can narrow
//! what is indexed, never widen it.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustc_hash::FxHashMap;

use crate::skip::SkipReason;

use super::{Walked, ignored};

/// The name of an attribute file.
pub(super) const FILE: &str = ".gitattributes";

/// Bytes read of one file; what git itself refuses above 100 MiB is cut far below that.
const MAX_BYTES: u64 = 512 << 10;

/// The attributes that count.
const MARKS: [(&str, SkipReason); 2] =
    [("linguist-generated", SkipReason::Generated), ("linguist-vendored", SkipReason::Vendored)];

/// Moves entries that an attribute file between them and the top of their repository marks to the skipped ones.
pub(super) fn leave_out(root: &Path, walked: &mut Walked) {
    let mut attributes = Attributes::new(root, std::mem::take(&mut walked.attributed));
    if attributes.above.is_empty() && attributes.folders.is_empty() {
        return;
    }
    let entries = std::mem::take(&mut walked.entries);
    for entry in entries {
        match attributes.mark(&entry.path) {
            Some(reason) => walked.skipped.push((entry.path, reason)),
            None => walked.entries.push(entry),
        }
    }
}

/// The attribute files of a tree that have a rule.
struct Attributes<'a> {
    root: &'a Path,
    /// Those of the folders above the root, nearest first.
    above: Vec<[Gitignore; 2]>,
    /// By folder relative to the root.
    folders: FxHashMap<PathBuf, [Gitignore; 2]>,
    /// The folder asked for last, and those of `folders` that count for it, nearest first.
    last: (PathBuf, Vec<PathBuf>),
}

impl<'a> Attributes<'a> {
    /// `candidates` are the folders, relative to the root, that may have an attribute file; the root may anyway.
    fn new(root: &'a Path, candidates: Vec<PathBuf>) -> Self {
        let real = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let top = ignored::enclosing_repository(root).unwrap_or_else(|| real.clone());
        let parents = real.ancestors().skip(1).take_while(|folder| folder.starts_with(&top));
        // Globs are matched below the folder that the walk calls by another name: link and `..` are resolved.
        let above = parents.filter_map(|folder| load(folder, folder)).collect();
        let folders: FxHashMap<_, _> = std::iter::once(PathBuf::new())
            .chain(candidates)
            .filter_map(|folder| {
                let full = root.join(&folder);
                Some((folder, load(&full, &full)?))
            })
            .collect();
        let last = (PathBuf::new(), near(&folders, Path::new("")));
        Self { root, above, folders, last }
    }

    /// Why the file at `path`, relative to the root, is marked; the nearest file that speaks of it decides.
    fn mark(&mut self, path: &Path) -> Option<SkipReason> {
        let parent = path.parent().unwrap_or(Path::new(""));
        // Files come in the order of their paths, those of a folder one after the other.
        if self.last.0 != parent {
            self.last = (parent.to_path_buf(), near(&self.folders, parent));
        }
        if self.last.1.is_empty() && self.above.is_empty() {
            return None;
        }
        let full = self.root.join(path);
        MARKS.iter().enumerate().find_map(|(at, &(_, reason))| {
            let near = self.last.1.iter().filter_map(|folder| self.folders.get(folder));
            let verdict = near
                .chain(&self.above)
                .map(|rules| rules[at].matched(&full, false))
                .find(|verdict| !verdict.is_none());
            verdict.is_some_and(|verdict| verdict.is_ignore()).then_some(reason)
        })
    }
}

/// Those of `folders` that are at or above `folder`, nearest first.
fn near(folders: &FxHashMap<PathBuf, [Gitignore; 2]>, folder: &Path) -> Vec<PathBuf> {
    let above = folder.ancestors().filter(|above| folders.contains_key(*above));
    above.map(Path::to_path_buf).collect()
}

/// The rules of the attribute file in `folder`, one set per mark; none if it has no file or no such rule.
fn load(folder: &Path, matched_below: &Path) -> Option<[Gitignore; 2]> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(folder.join(FILE)).ok()?;
    if !file.metadata().is_ok_and(|stat| stat.is_file()) {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    if !text.contains("linguist-") {
        return None;
    }
    Some(MARKS.map(|(name, _)| {
        let mut rules = GitignoreBuilder::new(matched_below);
        for (pattern, is_set) in text.lines().filter_map(|line| rule(line, name)) {
            let line = if is_set { pattern.to_owned() } else { format!("!{pattern}") };
            // A pattern that is no glob marks nothing.
            let _ = rules.add_line(None, &line);
        }
        rules.build().unwrap_or_else(|_| Gitignore::empty())
    }))
}

/// The pattern of a line and whether it sets or clears the attribute `name`; none if it does neither.
fn rule<'a>(line: &'a str, name: &str) -> Option<(&'a str, bool)> {
    let line = line.trim();
    let (pattern, attributes) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => line.split_once([' ', '\t'])?,
    };
    // Comments, macros, and patterns that git does not allow here.
    if pattern.is_empty() || pattern.starts_with(['#', '!', '[']) {
        return None;
    }
    let mut verdicts = attributes.split_whitespace().filter_map(|attribute| {
        if attribute.strip_prefix(['-', '!']) == Some(name) {
            return Some(false);
        }
        match attribute.strip_prefix(name)? {
            "" | "=true" | "=1" => Some(true),
            "=false" | "=0" => Some(false),
            _ => None,
        }
    });
    Some((pattern, verdicts.next_back()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(&str, bool)>) {
        assert_eq!(rule(line, "linguist-generated"), expected, "{line}");
    }

    #[test]
    fn a_line_sets_or_clears_an_attribute() {
        check("*.pb.go linguist-generated", Some(("*.pb.go", true)));
        check("/gen/** text  linguist-generated=true -diff", Some(("/gen/**", true)));
        check("a\tlinguist-generated=false", Some(("a", false)));
        check("a -linguist-generated", Some(("a", false)));
        check("a linguist-generated !linguist-generated", Some(("a", false)));
        check("\"a b\" linguist-generated", Some(("a b", true)));
    }

    #[test]
    fn other_lines_say_nothing() {
        for line in [
            "",
            "# a linguist-generated",
            "!a linguist-generated",
            "[attr]x linguist-generated",
            "a",
            "a linguist-generated-not",
            "a linguist-vendored",
            "a linguist-generated=perhaps",
            "\"a linguist-generated",
        ] {
            check(line, None);
        }
    }
}
