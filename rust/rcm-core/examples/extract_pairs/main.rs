//! Training pairs from source trees: prints one JSON object a line for every text that describes a piece of code.
//!
//! ```text
//! cargo run --release -p rcm-core --example extract_pairs -- FOLDER... > pairs.jsonl
//! ```
//!
//! Each FOLDER is one source, named by its last component. Seven kinds of pairs: `doc` (doc comment, definition
//! without it), `name` (name of an undocumented definition, definition), `test` (title, test body), `comment`
//! (comment, the block after it), `section` (heading, section of a document), `file` (what a file says about itself,
//! its first definitions) and `change` (line of a changelog, the definition that it names). Files are visited in path
//! order, so the same trees give the same bytes.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rcm_core::parse::{Symbol, SymbolKind, SyntaxTree, parse};
use serde_json::json;

mod changelog;
mod prose;

use changelog::Changelog;
use prose::{clean_comment, file_comment, is_sentence, line_comment};

/// Lines of context kept before and after a definition, about what a chunk adds to it.
const CONTEXT_LINES: usize = 14;
/// Bytes kept of one definition: about 400 tokens.
const MAX_CODE_BYTES: usize = 2_000;
/// Names kept in the symbol field, as many as the index keeps for a chunk.
const MAX_SYMBOLS: usize = 12;
/// A line longer than this marks a minified or generated file.
const MAX_LINE_BYTES: usize = 1_000;
/// Lines of the block that a comment is paired with.
const BLOCK_LINES: usize = 12;
/// File names that say nothing about the content; their folder does.
const PLAIN_STEMS: [&str; 10] =
    ["index", "mod", "init", "__init__", "main", "lib", "package", "package-info", "root", "Package"];

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for folder in std::env::args_os().skip(1).map(PathBuf::from) {
        let source = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let paths = files(&folder)?;
        let mut changelog = Changelog::read(&paths);
        for path in paths {
            let Ok(text) = String::from_utf8(std::fs::read(&path)?) else { continue };
            if text.lines().any(|line| line.len() > MAX_LINE_BYTES) {
                continue;
            }
            let relative = path.strip_prefix(&folder).unwrap_or(&path);
            File::new(&source, relative, &text).write_pairs(&mut changelog, &mut out)?;
        }
    }
    out.flush()
}

/// All regular files below `folder`, sorted.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() => open.push(entry.path()),
                kind if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

/// One parsed file and where its lines begin.
struct File<'a> {
    source: &'a str,
    path: &'a Path,
    text: &'a str,
    tree: SyntaxTree,
    /// Byte offset of each line, then the length of the text.
    lines: Vec<usize>,
}

impl<'a> File<'a> {
    fn new(source: &'a str, path: &'a Path, text: &'a str) -> Self {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        lines.push(text.len());
        Self { source, path, text, tree: parse(path, text), lines }
    }

    fn write_pairs(&self, changelog: &mut Changelog, out: &mut impl Write) -> io::Result<()> {
        if self.tree.language == "text" {
            return Ok(());
        }
        for (at, symbol) in self.tree.symbols.iter().enumerate() {
            if let Some((kind, query)) = self.query(at, symbol) {
                self.write_definition(out, kind, &query, symbol)?;
            }
            if is_definition(symbol.kind) && !symbol.forward && !is_test(symbol) {
                for query in changelog.take(&symbol.name) {
                    self.write_definition(out, "change", &query, symbol)?;
                }
            }
        }
        self.write_file(out)?;
        self.write_comments(out)
    }

    /// What the file says about itself, with its beginning and the names of its first definitions.
    fn write_file(&self, out: &mut impl Write) -> io::Result<()> {
        let Some((query, end)) = file_comment(self.tree.language, self.text) else { return Ok(()) };
        let rest = cut(self.text[end..].trim_start(), MAX_CODE_BYTES);
        let documents_definition =
            self.tree.symbols.iter().any(|symbol| symbol.doc.as_ref().is_some_and(|doc| doc.start < end));
        if documents_definition || rest.lines().nth(4).is_none() {
            return Ok(());
        }
        self.write_pair(out, "file", &query, rest, "", "", &(0..self.text.len()))
    }

    /// What a person might type to find `symbol`, and the kind of pair that makes.
    fn query(&self, at: usize, symbol: &Symbol) -> Option<(&'static str, String)> {
        if symbol.forward || symbol.name.len() < 2 {
            return None;
        }
        let parent = symbol.parent.map(|outer| self.tree.symbols[outer].name.as_str()).unwrap_or_default();
        if symbol.kind == SymbolKind::Section {
            return Some(("section", format!("{parent} {}", symbol.name).trim().to_owned()));
        }
        if is_test(symbol) {
            return Some(("test", symbol.name.trim_matches(['"', '\'', '`']).to_owned()));
        }
        let doc = symbol.doc.clone().map(|doc| clean_comment(&self.text[doc])).unwrap_or_default();
        if is_sentence(&doc) {
            return Some(("doc", doc));
        }
        let long_enough = self.text[symbol.body.clone()].lines().nth(2).is_some();
        if !is_definition(symbol.kind) || !long_enough {
            return None;
        }
        let scoped = at.is_multiple_of(2) && !parent.is_empty();
        Some(("name", if scoped { format!("{parent} {}", symbol.name) } else { symbol.name.clone() }))
    }

    fn write_definition(
        &self,
        out: &mut impl Write,
        kind: &str,
        query: &str,
        symbol: &Symbol,
    ) -> io::Result<()> {
        let code = cut(&without(self.text, &symbol.body, symbol.doc.as_ref()), MAX_CODE_BYTES).to_owned();
        if code.trim().len() < 20 {
            return Ok(());
        }
        let (before, after) = self.context(&symbol.span);
        self.write_pair(out, kind, query, &code, before, after, &symbol.span)
    }

    #[allow(clippy::too_many_arguments)] // one line of output has this many fields
    fn write_pair(
        &self,
        out: &mut impl Write,
        kind: &str,
        query: &str,
        code: &str,
        before: &str,
        after: &str,
        span: &Range<usize>,
    ) -> io::Result<()> {
        let pair = json!({
            "language": self.tree.language,
            "source": self.source,
            "path": self.path.to_string_lossy(),
            "stem": stem(self.path),
            "kind": kind,
            "query": query,
            "code": code,
            "before": before,
            "after": after,
            "symbols": self.symbols_within(span),
        });
        writeln!(out, "{pair}")
    }

    /// The lines around `span`.
    fn context(&self, span: &Range<usize>) -> (&'a str, &'a str) {
        let first = self.line_of(span.start);
        let last = self.line_of(span.end.saturating_sub(1)) + 1;
        let above = self.lines[first.saturating_sub(CONTEXT_LINES)]..self.lines[first];
        let end = self.lines.len() - 1;
        let below = self.lines[last.min(end)]..self.lines[(last + CONTEXT_LINES).min(end)];
        (&self.text[above], &self.text[below])
    }

    fn line_of(&self, byte: usize) -> usize {
        self.lines.partition_point(|&start| start <= byte).saturating_sub(1).min(self.lines.len() - 2)
    }

    /// Distinct names of the definitions that begin inside `span`, in order.
    fn symbols_within(&self, span: &Range<usize>) -> Vec<&str> {
        let mut seen = HashSet::new();
        let inside = self.tree.symbols.iter().filter(|symbol| span.contains(&symbol.body.start));
        inside
            .map(|symbol| symbol.name.as_str())
            .filter(|name| seen.insert(*name))
            .take(MAX_SYMBOLS)
            .collect()
    }

    /// Comments inside definitions, each with the lines that follow it.
    fn write_comments(&self, out: &mut impl Write) -> io::Result<()> {
        let Some(mark) = line_comment(self.tree.language) else { return Ok(()) };
        let rows: Vec<&str> = self.text.lines().collect();
        let documents: Vec<_> = self.tree.symbols.iter().filter_map(|symbol| symbol.doc.clone()).collect();
        let mut at = 0;
        while at < rows.len() {
            let first = at;
            while at < rows.len() && rows[at].trim_start().starts_with(mark) {
                at += 1;
            }
            if at == first {
                at += 1;
                continue;
            }
            let is_doc = documents
                .iter()
                .any(|doc| doc.contains(&self.lines[first].saturating_add(indent(rows[first]))));
            let block = rows[at..].iter().take_while(|row| !row.trim().is_empty()).take(BLOCK_LINES).count();
            let query = clean_comment(&rows[first..at].join("\n"));
            if is_doc || indent(rows[first]) == 0 || block < 2 || !is_sentence(&query) {
                continue;
            }
            let span = self.lines[first]..self.lines[(at + block).min(self.lines.len() - 1)];
            let code = rows[at..at + block].join("\n");
            let (before, after) = self.context(&span);
            self.write_pair(out, "comment", &query, cut(&code, MAX_CODE_BYTES), before, after, &span)?;
        }
        Ok(())
    }
}

fn is_test(symbol: &Symbol) -> bool {
    symbol.kind == SymbolKind::Test
        || (is_definition(symbol.kind)
            && (symbol.name.starts_with("test_") || symbol.name.starts_with("Test"))
            && matches!(symbol.kind, SymbolKind::Function | SymbolKind::Method))
}

fn is_definition(kind: SymbolKind) -> bool {
    use SymbolKind::{Constant, Field, Implementation, Key, Section, Variable, Variant};
    !matches!(kind, Constant | Field | Implementation | Key | Section | Variable | Variant)
}

/// `text[body]` without the doc comment that may lie in it.
fn without(text: &str, body: &Range<usize>, doc: Option<&Range<usize>>) -> String {
    match doc {
        Some(doc) if body.start <= doc.start && doc.end <= body.end => {
            [&text[body.start..doc.start], &text[doc.end..body.end]].concat()
        }
        _ => text[body.clone()].to_owned(),
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The file name without its suffix, or the folder's name where that says nothing.
fn stem(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().and_then(Path::file_name);
    match folder {
        Some(folder) if PLAIN_STEMS.contains(&name.as_str()) => folder.to_string_lossy().into_owned(),
        _ => name,
    }
}
