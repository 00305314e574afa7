//! From query matches to symbols and references.

use std::cmp::Reverse;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use tree_sitter::Node;

use super::budget::Budget;
use super::languages::Language;
use super::leading::{self, Leading, line_indent};
use super::matching::{self, Capture};
use super::names;
use super::query::{self, Role};
use super::{Reference, Symbol, SymbolKind};

/// Names longer than this many characters are cut: headings and test titles can be whole paragraphs.
const MAX_NAME_CHARS: usize = 200;

/// What the query found, in the order in which it found it.
#[derive(Debug, Default)]
pub struct Captured {
    definitions: Vec<Definition>,
    references: Vec<Name>,
    leading: Leading,
    wrappers: Vec<Range<usize>>,
}

/// A node with the source line it begins on.
#[derive(Debug, Clone)]
struct Name {
    id: usize,
    bytes: Range<usize>,
    row: usize,
}

#[derive(Debug, Clone)]
struct Definition {
    pattern: usize,
    node: Name,
    name: Name,
    kind: SymbolKind,
    forward: bool,
    doc: Option<Range<usize>>,
}

impl Name {
    fn of(node: Node<'_>) -> Self {
        Self { id: node.id(), bytes: node.byte_range(), row: node.start_position().row }
    }
}

/// Runs the query of `language` over the tree within `budget`, down to [`MAX_DEPTH`].
pub fn capture(language: &'static Language, text: &str, root: Node<'_>, budget: &mut Budget) -> Captured {
    let compiled = query::compiled(language);
    let mut captured = Captured::default();
    let mut add = |pattern: usize, captures: &[Capture<'_>]| captured.add(&compiled.roles, pattern, captures);
    matching::each_match(&compiled.patterns, text, root, budget, &mut add);
    captured
}

impl Captured {
    fn add(&mut self, roles: &[Role], pattern: usize, captures: &[Capture<'_>]) {
        let (mut definition, mut name, mut doc, mut forward) = (None, None, None, false);
        for &(capture, node) in captures {
            match roles[capture] {
                Role::Definition(kind, declared) => {
                    definition = Some((node, kind));
                    forward |= declared;
                }
                Role::Name => name = name.or(Some(node)),
                Role::Doc => doc = doc.or(Some(node.byte_range())),
                Role::Forward => forward = true,
                Role::Reference => self.references.push(Name::of(node)),
                Role::Comment => self.leading.comments.push(node.byte_range()),
                Role::Attribute => self.leading.attributes.push(node.byte_range()),
                Role::Wrapper => self.wrappers.push(node.byte_range()),
                Role::Unused => {}
            }
        }
        if let (Some((node, kind)), Some(name)) = (definition, name) {
            let (node, name) = (Name::of(node), Name::of(name));
            self.definitions.push(Definition { pattern, node, name, kind, forward, doc });
        }
    }
}

/// The symbols, in order of `span.start`, outer before inner.
pub fn symbols(language: &Language, text: &str, captured: &Captured) -> Vec<Symbol> {
    let definitions = distinct(&captured.definitions);
    let grown = grow_to_wrappers(text, &definitions, &captured.wrappers);
    let leading = captured.leading.sorted();
    let mut symbols: Vec<Symbol> = definitions
        .into_iter()
        .zip(grown)
        .map(|(definition, grown)| symbol(language, text, definition, &grown, &leading))
        .filter(|symbol| !symbol.name.is_empty())
        .collect();
    symbols.sort_by_key(|symbol| (symbol.span.start, Reverse(symbol.span.end), symbol.line));
    if language.locals {
        names::drop_locals(&mut symbols);
    }
    if language.clauses {
        symbols = names::join_clauses(text, symbols);
    }
    nest(&mut symbols);
    symbols
}

/// The references, in order, without the names of definitions.
pub fn references(text: &str, captured: &Captured) -> Vec<Reference> {
    let mut seen: FxHashSet<usize> =
        captured.definitions.iter().map(|definition| definition.name.id).collect();
    let mut names: Vec<&Name> = captured.references.iter().filter(|name| seen.insert(name.id)).collect();
    names.sort_by_key(|name| name.bytes.start);
    names
        .into_iter()
        .map(|name| Reference { name: clean_name(&text[name.bytes.clone()]), line: name.row + 1 })
        .filter(|reference| !reference.name.is_empty())
        .collect()
}

/// One definition per name, one pattern per node: the first pattern in the file wins. In order of position.
fn distinct(definitions: &[Definition]) -> Vec<&Definition> {
    let mut by_pattern: Vec<&Definition> = definitions.iter().collect();
    by_pattern.sort_by_key(|definition| (definition.pattern, definition.node.bytes.start));
    let mut pattern_of_node = FxHashMap::default();
    let mut names = FxHashSet::default();
    by_pattern.retain(|definition| {
        let first = *pattern_of_node.entry(definition.node.id).or_insert(definition.pattern);
        first == definition.pattern && names.insert(definition.name.id)
    });
    by_pattern.sort_by_key(|definition| (definition.node.bytes.start, Reverse(definition.node.bytes.end)));
    by_pattern
}

/// For each definition its range, or that of the wrappers around it when it is the first and last thing in them.
fn grow_to_wrappers(text: &str, definitions: &[&Definition], wrappers: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut wrappers: Vec<&Range<usize>> = wrappers.iter().collect();
    wrappers.sort_by_key(|wrapper| (wrapper.start, Reverse(wrapper.end)));
    let mut wrappers = wrappers.into_iter().peekable();
    // Wrappers that are open at the definition at hand and have no definition in them yet, outermost first.
    let mut open: Vec<&Range<usize>> = Vec::new();
    let mut grown = Vec::with_capacity(definitions.len());
    for definition in definitions {
        let own = &definition.node.bytes;
        while let Some(wrapper) = wrappers.next_if(|wrapper| wrapper.start <= own.start) {
            open.push(wrapper);
        }
        let mut range = own.clone();
        while let Some(wrapper) = open.pop() {
            let encloses = wrapper.start <= range.start && wrapper.end >= range.end;
            if encloses && !has_words(&text[range.end..wrapper.end]) {
                range = wrapper.clone();
            } else if wrapper.end > own.start {
                break;
            }
        }
        open.clear();
        grown.push(range);
    }
    grown
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn symbol(
    language: &Language,
    text: &str,
    definition: &Definition,
    grown: &Range<usize>,
    leading: &Leading,
) -> Symbol {
    let attached = leading::attach(language, text, grown.start, leading);
    Symbol {
        name: names::bare(language, definition.kind, &clean_name(&text[definition.name.bytes.clone()])),
        kind: definition.kind,
        parent: None,
        span: attached.start..grown.end,
        body: definition.node.bytes.clone(),
        doc: definition.doc.clone().or(attached.doc),
        line: definition.name.row + 1,
        indent: line_indent(text, definition.node.bytes.start),
        forward: definition.forward,
    }
}

/// The first line of a name, without quotes around it.
fn clean_name(raw: &str) -> String {
    let line = raw.trim().lines().next().unwrap_or_default().trim();
    let bare = ['"', '\'', '`']
        .into_iter()
        .find_map(|quote| line.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(line);
    bare.chars().take(MAX_NAME_CHARS).collect()
}

/// Sets parents, clips spans that overlap a later one, and turns functions inside types into methods.
fn nest(symbols: &mut [Symbol]) {
    let mut open: Vec<usize> = Vec::new();
    for at in 0..symbols.len() {
        let span = symbols[at].span.clone();
        while let Some(&last) = open.last() {
            let around = &mut symbols[last];
            if around.span.end >= span.end && around.span != span {
                break;
            }
            if around.span.end > span.start && around.span != span {
                around.span.end = span.start;
                around.body.end = around.body.end.min(span.start).max(around.body.start);
            }
            open.pop();
        }
        let parent = open.last().copied();
        let in_type = parent.is_some_and(|parent| symbols[parent].kind.is_type());
        let symbol = &mut symbols[at];
        symbol.parent = parent;
        if in_type && symbol.kind == SymbolKind::Function {
            symbol.kind = SymbolKind::Method;
        }
        open.push(at);
    }
}
