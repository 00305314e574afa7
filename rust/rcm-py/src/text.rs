//! Terms, keys and the identity of the stages for Python.

use std::path::PathBuf;

use pyo3::prelude::*;
use rcm_core::parse::SymbolKind;
use rcm_core::parse::languages::Class;
use rcm_core::terms::NamedLines;

/// The terms of a text, in order.
#[pyfunction]
pub fn terms(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    rcm_core::terms::terms(text, &mut out);
    out
}

/// The keys of the pairs of terms that stand side by side in a query.
#[pyfunction]
pub fn query_pairs(query: &str) -> Vec<u32> {
    rcm_core::terms::query_pairs(query)
}

/// The terms of a query, function words dropped.
#[pyfunction]
pub fn query_terms(query: &str) -> Vec<String> {
    rcm_core::terms::query_terms(query)
}

/// The terms of `runs` within `most` edits of `term`, itself left out: (position of the run, term, whether it is the
/// run's first term).
#[pyfunction]
pub fn terms_near(term: &str, most: usize, runs: Vec<String>) -> Vec<(usize, String, bool)> {
    rcm_core::terms::terms_near(term, most, runs.iter().map(String::as_str))
}

/// How many edits lie between two words, a swap of neighbours being one; above `most` any more.
#[pyfunction]
pub fn edits(one: &str, other: &str, most: usize) -> usize {
    rcm_core::terms::edits(one, other, most)
}

/// How many words in a row a text shares with each of `texts` at most.
#[pyfunction]
pub fn longest_runs(text: &str, texts: Vec<String>) -> Vec<usize> {
    rcm_core::terms::longest_runs(text, texts.iter().map(String::as_str))
}

/// Where one of `stems` stands in each line of a text, as (start, end) within the line; none unless all is ASCII.
#[pyfunction]
pub fn stems_in(text: &str, stems: Vec<String>, most_chars: usize) -> Option<Vec<Vec<(usize, usize)>>> {
    rcm_core::terms::stems_in(text, stems.iter().map(String::as_str), most_chars)
}

/// The run of at most `size` lines that says most, as (first, end), from the query's words in each, whether it is blank and
/// which one defines the chunk's symbol.
#[pyfunction]
pub fn best_run(
    words: Vec<Vec<String>>,
    is_blank: Vec<bool>,
    definition: Option<usize>,
    size: usize,
) -> (usize, usize) {
    let run = rcm_core::terms::best_run(&words, &is_blank, definition, size);
    (run.start, run.end)
}

/// Which of the definitions in a text, each (first line, line after the last, name) with lines from 0 on, has most of the
/// weighted terms, given by their keys, for its length; none if none has any. `form` is BM25's (k1, b).
#[pyfunction]
pub fn best_part(
    text: &str,
    weights: Vec<(u32, f64)>,
    parts: Vec<(usize, usize, String)>,
    form: (f64, f64),
) -> Option<usize> {
    let parts: Vec<_> =
        parts.iter().map(|(start, end, name)| NamedLines { lines: *start..*end, name }).collect();
    rcm_core::terms::best_part(text, &weights, &parts, form)
}

/// The part of a path that names its topic.
#[pyfunction]
pub fn effective_stem(path: PathBuf) -> String {
    rcm_core::terms::effective_stem(&path)
}

/// The 32-bit key of a term.
#[pyfunction]
pub fn term_key(term: &str) -> u32 {
    rcm_core::terms::term_key(term)
}

/// The 64-bit key of a defined name.
#[pyfunction]
pub fn name_key(name: &str) -> u64 {
    rcm_core::terms::name_key(name)
}

/// Names of all languages with a grammar.
#[pyfunction]
pub fn languages() -> Vec<&'static str> {
    rcm_core::parse::language_names()
}

/// What files of a language are mostly for: `"code"`, `"docs"` or `"config"`.
#[pyfunction]
pub fn language_class(language: &str) -> &'static str {
    match rcm_core::parse::languages::class(language) {
        Class::Code => "code",
        Class::Docs => "docs",
        Class::Config => "config",
    }
}

/// Names of symbol kinds; the position is the number kept in vector segments.
#[pyfunction]
pub fn kinds() -> Vec<&'static str> {
    SymbolKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// What the stored index depends on, by stage: any difference asks for a rebuild.
#[pyfunction]
pub fn identity() -> Vec<(&'static str, String)> {
    vec![
        ("grammars", rcm_core::parse::identity()),
        ("chunker", rcm_core::chunk::VERSION.to_string()),
        ("terms", rcm_core::terms::VERSION.to_string()),
        ("fields", format!("{}-{:?}", rcm_core::embed::VERSION, rcm_core::embed::FIELD_WEIGHTS)),
        ("secret_rules", rcm_core::filter::rules_identity()),
        ("segments", rcm_vectors::FORMAT_VERSION.to_string()),
    ]
}
