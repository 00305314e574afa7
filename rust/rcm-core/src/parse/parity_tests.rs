//! Patterns match what tree-sitter's own queries do, over the golden files, this repository's Rust, and the tree that
//! `RCM_TEST_TREE` names, if any.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use tree_sitter::{Parser, Query, QueryCursor, StreamingIterator as _, Tree};

use super::budget::Budget;
use super::languages::Language;
use super::{detect, guard, matching, query};

/// Files that are compared; above this tree-sitter may drop matches for want of room.
const MAX_BYTES: usize = 1 << 20;

/// Where a grammar puts several children of a node into one field outside a repetition: `a, b = 1, 2` in Go, `a.b` of
/// an import in Scala. tree-sitter gives up on the field at the first of them that does not match, or after one match.
const MORE_THAN_ONE_IN_A_FIELD: [&str; 2] = ["go", "scala"];

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    pattern: usize,
    captures: Vec<(String, usize, usize)>,
}

impl Found {
    fn new<'a>(pattern: usize, captures: impl Iterator<Item = (&'a str, Range<usize>)>) -> Self {
        let mut captures: Vec<_> =
            captures.map(|(name, bytes)| (name.to_owned(), bytes.start, bytes.end)).collect();
        captures.sort();
        Self { pattern, captures }
    }
}

fn matches_of_tree_sitter(query: &Query, text: &str, tree: &Tree) -> BTreeSet<Found> {
    let name = |index: u32| query.capture_names()[index as usize];
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(query, tree.root_node(), text.as_bytes());
    let mut found = BTreeSet::new();
    while let Some(one) = matches.next() {
        let captures = one.captures().iter().map(|capture| (name(capture.index), capture.node.byte_range()));
        found.insert(Found::new(one.pattern_index, captures));
    }
    found
}

fn matches_of_patterns(language: &'static Language, text: &str, tree: &Tree) -> BTreeSet<Found> {
    let patterns = &query::compiled(language).patterns;
    let mut found = BTreeSet::new();
    let mut budget = Budget::for_text(text.len());
    matching::each_match(patterns, text, tree.root_node(), &mut budget, &mut |pattern, captures| {
        let captures =
            captures.iter().map(|&(capture, node)| (&*patterns.captures[capture], node.byte_range()));
        found.insert(Found::new(pattern, captures));
    });
    assert!(!budget.was_exceeded());
    found
}

#[test]
fn patterns_match_what_the_queries_of_tree_sitter_do() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::var_os("RCM_TEST_TREE").map(PathBuf::from);
    let mut queries = FxHashMap::default();
    let (mut n_files, mut n_matches, mut differences) = (0, 0, Vec::new());
    for root in [here.join("tests/golden"), here.join("..")].into_iter().chain(given) {
        for entry in ignore::WalkBuilder::new(root).standard_filters(false).build().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            let Some(language) = detect::detect(entry.path(), &text) else { continue };
            if text.len() > MAX_BYTES || !guard::may_parse(language, &text) {
                continue;
            }
            let source = language.masked(&text);
            let mut parser = Parser::new();
            parser.set_language(&language.grammar.into()).expect("a grammar");
            let tree = parser.parse(&*source, None).expect("a tree");
            let query = queries.entry(language.name).or_insert_with(|| {
                Query::new(&language.grammar.into(), &query::source(language)).expect("a query")
            });
            let theirs = matches_of_tree_sitter(query, &text, &tree);
            let ours = matches_of_patterns(language, &text, &tree);
            n_files += 1;
            n_matches += ours.len();
            let missed: Vec<_> = theirs.difference(&ours).take(2).collect();
            let invented: Vec<_> = ours.difference(&theirs).take(2).collect();
            if !missed.is_empty()
                || (!invented.is_empty() && !MORE_THAN_ONE_IN_A_FIELD.contains(&language.name))
            {
                differences
                    .push(format!("{}: missed {missed:?}, invented {invented:?}", entry.path().display()));
            }
        }
    }
    println!("{n_files} files, {n_matches} matches, {} files differ", differences.len());
    assert!(differences.is_empty(), "{:#?}", &differences[..differences.len().min(20)]);
    assert!(queries.len() > 24 && n_files > 60, "{n_files} files in {} languages", queries.len());
}
