//! `look`: a file as it is now, beside what the index knows of it: whether an answer about it still holds.
//!
//! Composes read, snapshot and filter as `process_file` does, by the same rules, and parses nothing.

use std::path::Path;

use crate::filter::{SecretPolicy, filter};
use crate::read::{Digest, Root, Unread, digest, read};
use crate::skip::SkipReason;
use crate::snapshot::Known;
use crate::walk::Entry;

/// What a known file is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It holds the bytes that the index was made from.
    Unchanged,
    /// It holds others: their text after the filter, or none if they would not be indexed or cannot be read.
    Changed(Option<String>),
    /// It is gone.
    Gone,
}

/// Looks at files, each by stat where that proves something, else by content; in the order given.
pub fn look(root: &Path, files: &[Known], max_bytes: u64, policy: &SecretPolicy) -> Vec<Seen> {
    let top = Root::open(root);
    let look = |known: &Known| {
        let now = match top.as_ref().map_err(Clone::clone).and_then(|top| top.stat(&known.entry.path)) {
            Ok(now) => now,
            Err(unread) => return unseen(&unread),
        };
        if known.still_holds(&now) {
            return Seen::Unchanged;
        }
        match read(root, &now, max_bytes) {
            Ok((bytes, _)) if digest(&bytes) == known.digest => Seen::Unchanged,
            Ok((bytes, _)) => Seen::Changed(filter(&now.path, &bytes, policy).ok().map(|text| text.text)),
            Err(unread) => unseen(&unread),
        }
    };
    files.iter().map(look).collect()
}

fn unseen(unread: &Unread) -> Seen {
    if *unread == Unread::Gone { Seen::Gone } else { Seen::Changed(None) }
}

/// The text of a file as it would be indexed now, the digest of its bytes, and their stat.
///
/// # Errors
/// Why there is none, as a file is left out or as it fails.
pub fn read_text(
    root: &Path,
    path: &Path,
    max_bytes: u64,
    policy: &SecretPolicy,
) -> Result<(String, Digest, Entry), Unread> {
    let entry = Root::open(root)?.stat(path)?;
    if crate::walk::is_sensitive(path) {
        return Err(Unread::Skipped(SkipReason::SensitiveName));
    }
    let (bytes, entry) = read(root, &entry, max_bytes)?;
    let text = filter(path, &bytes, policy).map_err(Unread::Skipped)?;
    Ok((text.text, digest(&bytes), entry))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const LATER: i64 = i64::MAX;

    fn known(root: &Path, path: &str, content: &[u8], scanned_ns: i64) -> Known {
        fs::write(root.join(path), content).expect("write");
        let entry = Root::open(root).expect("root").stat(Path::new(path)).expect("stat");
        Known { entry, digest: digest(content), scanned_ns }
    }

    fn check(root: &Path, known: &Known, expected: &Seen) {
        let seen = look(root, std::slice::from_ref(known), 1 << 20, &SecretPolicy::default());
        assert_eq!(seen, std::slice::from_ref(expected));
    }

    #[test]
    fn a_stat_that_proves_something_is_believed_and_no_other() {
        let root = tempfile::tempdir().expect("temporary folder");
        let settled = known(root.path(), "a", b"one\n", LATER);
        check(root.path(), &settled, &Seen::Unchanged);
        let lying = Known { digest: [0; 32], ..settled.clone() };
        check(root.path(), &lying, &Seen::Unchanged);
        let racy = Known { scanned_ns: 0, ..lying };
        check(root.path(), &racy, &Seen::Changed(Some("one\n".into())));
        check(root.path(), &Known { scanned_ns: 0, ..settled }, &Seen::Unchanged);
    }

    #[test]
    fn other_content_is_seen_by_what_it_says() {
        let root = tempfile::tempdir().expect("temporary folder");
        let was = known(root.path(), "a", b"one\n", LATER);
        fs::write(root.path().join("a"), "two\r\n").expect("write");
        check(root.path(), &was, &Seen::Changed(Some("two\n".into())));
        fs::write(root.path().join("a"), [0, 1, 2]).expect("write");
        check(root.path(), &was, &Seen::Changed(None));
        fs::remove_file(root.path().join("a")).expect("remove");
        check(root.path(), &was, &Seen::Gone);
    }

    #[test]
    fn nothing_is_looked_at_through_a_link() {
        let (root, outside) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        fs::create_dir(root.path().join("in")).expect("folder");
        let was = known(root.path(), "in/a", b"one\n", LATER);
        fs::rename(root.path().join("in"), outside.path().join("in")).expect("rename");
        symlink(outside.path().join("in"), root.path().join("in")).expect("link");
        check(root.path(), &was, &Seen::Changed(None));
        let policy = SecretPolicy::default();
        assert!(read_text(root.path(), Path::new("in/a"), 99, &policy).is_err());
    }

    #[test]
    fn a_text_comes_with_what_it_was_made_from_and_without_secrets() {
        let root = tempfile::tempdir().expect("temporary folder");
        let content = ["password = \"", "hunter2-9fK2xQ7LmZ\"\n"].concat();
        fs::write(root.path().join("a.py"), &content).expect("write");
        let policy = SecretPolicy::default();
        let (text, of, _) = read_text(root.path(), Path::new("a.py"), 99, &policy).expect("text");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(of, digest(content.as_bytes()));
        fs::write(root.path().join(".env"), "A=1\n").expect("write");
        let refused = read_text(root.path(), Path::new(".env"), 99, &policy);
        assert_eq!(refused, Err(Unread::Skipped(SkipReason::SensitiveName)));
    }
}
