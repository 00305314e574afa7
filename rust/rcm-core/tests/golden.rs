//! What the parser and the chunker make of one file per language, compared with a dump kept beside it.
//!
//! `RCM_GOLDEN=rewrite cargo test --test golden` writes the dumps anew; read the difference before committing it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rcm_core::chunk::{ChunkOptions, chunk_with};
use rcm_core::parse::languages::{LANGUAGES, Language, separator};
use rcm_core::parse::{Reference, SyntaxTree, parse, parse_as, references};

/// Small chunks, so that inputs of a hundred lines show where cuts fall.
const OPTIONS: ChunkOptions = ChunkOptions { target_chars: 600, max_chars: 900 };

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The one input file of a language.
fn input(language: &Language) -> Option<PathBuf> {
    let files = fs::read_dir(folder().join(language.name)).ok()?;
    let mut inputs: Vec<PathBuf> = files
        .map(|file| file.expect("a readable folder").path())
        .filter(|path| path.file_stem().is_some_and(|stem| stem == "input"))
        .collect();
    assert!(inputs.len() < 2, "{}: several inputs", language.name);
    inputs.pop()
}

fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

/// First and last line of a span, without line breaks at its end.
fn lines_of(text: &str, span: std::ops::Range<usize>) -> String {
    let end = span.start + text[span.clone()].trim_end().len();
    format!("{}-{}", line_of(text, span.start), line_of(text, end))
}

fn qualified(tree: &SyntaxTree, at: usize) -> String {
    let symbol = &tree.symbols[at];
    match symbol.parent {
        Some(parent) => {
            format!("{}{}{}", qualified(tree, parent), separator(tree.language), symbol.name)
        }
        None => symbol.name.clone(),
    }
}

fn depth(tree: &SyntaxTree, at: usize) -> usize {
    tree.symbols[at].parent.map_or(0, |parent| depth(tree, parent) + 1)
}

fn dump(text: &str, tree: &SyntaxTree, uses: &[Reference]) -> String {
    let mut out = String::from("symbols (kind, qualified name, lines with doc and attributes)\n");
    for (at, symbol) in tree.symbols.iter().enumerate() {
        let indent = "  ".repeat(depth(tree, at) + 1);
        let kind = symbol.kind.as_str();
        let lines = lines_of(text, symbol.span.clone());
        let forward = if symbol.forward { " forward" } else { "" };
        let doc = symbol.doc.clone().map(|doc| format!(" doc {}", lines_of(text, doc))).unwrap_or_default();
        writeln!(out, "{indent}{kind} {} {lines}{forward}{doc}", qualified(tree, at)).expect("a string");
    }
    out.push_str("\nreferences\n");
    let names: BTreeSet<&str> = uses.iter().map(|reference| reference.name.as_str()).collect();
    for name in names {
        let lines: Vec<String> = uses
            .iter()
            .filter(|reference| reference.name == name)
            .map(|reference| reference.line.to_string())
            .collect();
        writeln!(out, "  {name} {}", lines.join(" ")).expect("a string");
    }
    writeln!(out, "\nchunks (of about {} characters)", OPTIONS.target_chars).expect("a string");
    for chunk in chunk_with(text, tree, &OPTIONS) {
        let kind = chunk.kind.map_or("-", rcm_core::parse::SymbolKind::as_str);
        let defined: Vec<&str> =
            chunk.definitions.iter().map(|definition| definition.name.as_str()).collect();
        let (first, last) = (chunk.start_line, chunk.end_line);
        writeln!(out, "  {first}-{last} {kind} {} [{}]", chunk.symbol, defined.join(", ")).expect("a string");
    }
    out
}

/// The first line that differs, with its number.
fn difference(expected: &str, actual: &str) -> String {
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    match lines.find(|(_, (expected, actual))| expected != actual) {
        Some((at, (expected, actual))) => {
            format!("line {}: expected `{expected}`, got `{actual}`", at + 1)
        }
        None => format!("{} lines expected, got {}", expected.lines().count(), actual.lines().count()),
    }
}

#[test]
fn every_language_gives_its_golden_dump() {
    let rewrite = std::env::var("RCM_GOLDEN").is_ok_and(|value| value == "rewrite");
    let mut failures = Vec::new();
    for language in &LANGUAGES {
        let input = input(language).unwrap_or_else(|| panic!("{}: no input", language.name));
        let text = fs::read_to_string(&input).expect("a readable input");
        let actual = dump(&text, &parse(&input, &text), &references(&input, &text));
        let expected = input.with_file_name("expected.txt");
        if rewrite {
            fs::write(&expected, actual).expect("a writable folder");
            continue;
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if expected != actual {
            failures.push(format!("{}: {}", language.name, difference(&expected, &actual)));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_language_has_a_golden_input_and_no_folder_is_left_over() {
    let named: BTreeSet<String> = LANGUAGES.iter().map(|language| language.name.to_owned()).collect();
    let found: BTreeSet<String> = fs::read_dir(folder())
        .expect("the golden folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(named, found);
    for language in &LANGUAGES {
        let input = input(language).unwrap_or_else(|| panic!("{}: no input", language.name));
        let text = fs::read_to_string(&input).expect("a readable input");
        assert_eq!(parse(&input, &text).language, language.name, "the input's extension says otherwise");
        assert!(input.with_file_name("expected.txt").exists(), "{}: no expected.txt", language.name);
    }
}

#[test]
fn every_query_compiles_and_finds_its_definitions_in_a_broken_file() {
    for language in &LANGUAGES {
        let text = fs::read_to_string(input(language).expect("an input")).expect("a readable input");
        assert!(parse_as(language, "").symbols.is_empty(), "{}", language.name);
        // Cut in the middle of a line: a tree with errors still has the definitions before them.
        let mut middle = text.len() / 2;
        while !text.is_char_boundary(middle) {
            middle += 1;
        }
        let tree = parse_as(language, &text[..middle]);
        assert!(!tree.symbols.is_empty(), "{}", language.name);
        assert!(tree.symbols.iter().all(|symbol| symbol.span.end <= middle), "{}", language.name);
    }
}

#[test]
fn symbols_of_every_language_are_well_formed() {
    for language in &LANGUAGES {
        let text = fs::read_to_string(input(language).expect("an input")).expect("a readable input");
        let tree = parse_as(language, &text);
        for (at, symbol) in tree.symbols.iter().enumerate() {
            let what = format!("{} {}", language.name, qualified(&tree, at));
            assert!(symbol.span.start <= symbol.body.start && symbol.body.end <= symbol.span.end, "{what}");
            let line = text.lines().nth(symbol.line - 1).expect("a line of the file");
            let part = symbol.name.split_whitespace().next().expect("a name");
            assert!(line.contains(part), "{what}: `{part}` not in `{line}`");
            if let Some(parent) = symbol.parent {
                let around = &tree.symbols[parent].span;
                assert!(parent < at && around.start <= symbol.span.start, "{what}");
                assert!(symbol.span.end <= around.end, "{what}");
            }
        }
    }
}
