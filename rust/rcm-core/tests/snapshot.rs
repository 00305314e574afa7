//! Properties of the Merkle tree, against the obvious set operations.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use rcm_core::read::Digest;
use rcm_core::snapshot::{Diff, Tree, root_digest};
use rcm_core::walk::path_order;

type Files = BTreeMap<PathBuf, Digest>;

/// Few names and contents, so that two sets overlap and names are prefixes of each other.
fn files() -> impl Strategy<Value = Files> {
    let path = prop::collection::vec(prop::sample::select(vec!["a", "b", "a-", "ab", "é"]), 1..5);
    let content = (0_u8..3).prop_map(|byte| [byte; 32]);
    prop::collection::btree_map(path.prop_map(|parts| parts.iter().collect()), content, 0..25)
}

fn tree(files: &Files) -> Tree {
    Tree::build(&files.iter().map(|(path, digest)| (path.clone(), *digest)).collect::<Vec<_>>())
}

fn naive(old: &Files, new: &Files) -> Diff {
    let sorted = |mut paths: Vec<PathBuf>| {
        paths.sort_by(|a, b| path_order(a, b));
        paths
    };
    let missing =
        |from: &Files, of: &Files| of.keys().filter(|path| !from.contains_key(*path)).cloned().collect();
    let changed = old.iter().filter(|(path, digest)| new.get(*path).is_some_and(|other| other != *digest));
    Diff {
        added: sorted(missing(old, new)),
        changed: sorted(changed.map(|(path, _)| path.clone()).collect()),
        removed: sorted(missing(new, old)),
    }
}

proptest! {
    #[test]
    fn roots_are_equal_iff_the_sets_are(a in files(), b in files()) {
        prop_assert_eq!(tree(&a).root() == tree(&b).root(), a == b);
    }

    #[test]
    fn one_edit_changes_the_root(a in files(), index in any::<prop::sample::Index>(), remove in any::<bool>()) {
        prop_assume!(!a.is_empty());
        let path = index.get(&a.keys().cloned().collect::<Vec<_>>()).clone();
        let mut b = a.clone();
        if remove { b.remove(&path); } else { b.insert(path, [7; 32]); }
        prop_assert_ne!(tree(&a).root(), tree(&b).root());
        prop_assert_eq!(tree(&a).diff(&tree(&b)), naive(&a, &b));
    }

    #[test]
    fn diff_is_the_set_difference(a in files(), b in files()) {
        prop_assert_eq!(tree(&a).diff(&tree(&b)), naive(&a, &b));
    }

    #[test]
    fn the_order_of_the_files_does_not_matter(a in files()) {
        let reversed: Vec<_> = a.iter().rev().map(|(path, digest)| (path.clone(), *digest)).collect();
        prop_assert_eq!(tree(&a), Tree::build(&reversed));
    }

    #[test]
    fn the_root_digest_is_that_of_the_tree(a in files()) {
        let mut sorted: Vec<_> = a.iter().map(|(path, digest)| (path.clone(), *digest)).collect();
        sorted.sort_by(|a, b| path_order(&a.0, &b.0));
        prop_assert_eq!(root_digest(sorted), tree(&a).root());
    }
}
