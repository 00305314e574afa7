//! The terms of a query.

use super::{cache, run};

/// Words that say how a question is asked, not what is looked for.
const FUNCTION_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "been", "by", "can", "did", "do", "does", "done", "for",
    "from", "has", "have", "how", "i", "in", "into", "is", "it", "its", "me", "of", "on", "or", "should",
    "that", "the", "their", "them", "these", "they", "this", "those", "to", "used", "using", "was", "we",
    "were", "what", "when", "where", "which", "who", "why", "with", "you",
];

/// Bytes of the longest of them.
const LONGEST: usize = 6;

/// The terms of a query, each once, in order of first appearance.
///
/// Function words are dropped before splitting (so `isEmpty` keeps its `is`), unless nothing is left.
pub fn query_terms(query: &str) -> Vec<String> {
    let said = unique_terms(run::runs(query).filter(|run| !is_function_word(run)));
    if said.is_empty() { unique_terms(run::runs(query)) } else { said }
}

/// Whether a run is one of [`FUNCTION_WORDS`].
pub(super) fn is_function_word(run: &str) -> bool {
    run.len() <= LONGEST && FUNCTION_WORDS.iter().any(|word| word.eq_ignore_ascii_case(run))
}

fn unique_terms<'a>(runs: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut terms = Vec::new();
    cache::with(|cache| {
        for run in runs {
            for term in cache.entry(run).terms() {
                if seen.insert(term.to_owned()) {
                    terms.push(term.to_owned());
                }
            }
        }
    });
    terms
}
