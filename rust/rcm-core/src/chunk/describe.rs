//! From groups of pieces to chunks: what each shows, which definitions it names.

use std::cmp::Reverse;
use std::ops::Range;

use rustc_hash::FxHashSet;

use super::lines::Lines;
use super::pack::lines_of;
use super::pieces::{Piece, Shows};
use super::{Chunk, Definition, Part};
use crate::parse::languages::separator;
use crate::parse::{Reference, Symbol, SymbolKind, SyntaxTree};

/// Parts of a qualified name at most; the outermost are left out.
const MAX_QUALIFIERS: usize = 8;

/// A signature is read from at most so many lines.
const SIGNATURE_LINES: usize = 8;

/// And cut after so many characters.
const SIGNATURE_CHARS: usize = 240;

/// A head that is less than one in so many characters of its chunk gives way to the one member beside it.
const SMALL_HEAD: usize = 4;

/// Makes the chunks.
pub fn describe(
    lines: &Lines<'_>,
    tree: &SyntaxTree,
    pieces: &[Piece],
    groups: &[Range<usize>],
) -> Vec<Chunk> {
    let mut by_line: Vec<&Symbol> = tree.symbols.iter().collect();
    by_line.sort_by_key(|symbol| symbol.line);
    let mut runs = runs_of_parts(lines, &tree.symbols).into_iter().peekable();
    let own: FxHashSet<&str> = tree.symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    let mut chunks = Vec::with_capacity(groups.len());
    for group in groups {
        let run = lines_of(pieces, group);
        let (symbol, continued) = shown(lines, &tree.symbols, &pieces[group.clone()]);
        let begun = std::iter::from_fn(|| runs.next_if(|(_, lines)| lines.start < run.end)).collect();
        chunks.push(Chunk {
            start_line: run.start + 1,
            end_line: run.end,
            text: lines.joined(run.clone()),
            symbol: symbol.map(|symbol| qualified(tree, symbol)).unwrap_or_default(),
            parts: parts(tree, begun, symbol, &run),
            kind: symbol.map(|symbol| tree.symbols[symbol].kind),
            signature: symbol
                .filter(|_| continued)
                .map(|symbol| signature(lines, &tree.symbols[symbol]))
                .unwrap_or_default(),
            definitions: definitions(&by_line, &run),
            references: references(&tree.references, &own, &run),
        });
    }
    chunks
}

/// The symbol that a chunk of these pieces shows, and whether its beginning is in an earlier chunk.
fn shown(lines: &Lines<'_>, symbols: &[Symbol], pieces: &[Piece]) -> (Option<usize>, bool) {
    let wholes = || pieces.iter().filter_map(|piece| main_definition(symbols, piece));
    let heads = pieces.iter().take_while(|piece| matches!(piece.shows, Shows::Head(_)));
    if let Some(Piece { shows: Shows::Head(head), .. }) = heads.clone().last() {
        let head_chars: usize = heads.map(|piece| lines.chars(&piece.lines)).sum();
        let all_chars: usize = pieces.iter().map(|piece| lines.chars(&piece.lines)).sum();
        let gives_way = head_chars * SMALL_HEAD < all_chars && wholes().count() == 1;
        return (wholes().next().filter(|_| gives_way).or(Some(*head)), false);
    }
    let first = wholes().find(|&whole| !is_aside(&symbols[whole])).or_else(|| wholes().next());
    match pieces[0].shows {
        Shows::Part(symbol) if first.is_none() || symbols[symbol].kind.is_function() => (Some(symbol), true),
        Shows::Whole(_) if first.is_none() => (pieces[0].parent, pieces[0].parent.is_some()),
        _ => (first, false),
    }
}

/// Whether a definition names a chunk only when there is nothing else in it.
fn is_aside(symbol: &Symbol) -> bool {
    symbol.forward || matches!(symbol.kind, SymbolKind::Constant | SymbolKind::Variable)
}

/// The definition a piece shows whole, unless it is only a part of another one.
fn main_definition(symbols: &[Symbol], piece: &Piece) -> Option<usize> {
    match piece.shows {
        Shows::Whole(symbol) if !matches!(symbols[symbol].kind, SymbolKind::Field | SymbolKind::Variant) => {
            Some(symbol)
        }
        _ => None,
    }
}

/// Qualified name of a symbol, joined as its language does; very deep ones lose their outermost parts.
pub fn qualified(tree: &SyntaxTree, symbol: usize) -> String {
    let around = |at: &usize| tree.symbols[*at].parent;
    let mut names: Vec<&str> = std::iter::successors(Some(symbol), around)
        .take(MAX_QUALIFIERS)
        .map(|at| tree.symbols[at].name.as_str())
        .collect();
    names.reverse();
    names.join(separator(tree.language))
}

/// The line of the name, and the lines after it until the brackets opened there are closed.
fn signature(lines: &Lines<'_>, symbol: &Symbol) -> String {
    let first = symbol.line - 1;
    let last = (first + SIGNATURE_LINES).min(lines.all().end);
    let mut depth = 0_i32;
    let mut signature = String::new();
    for at in first..last {
        let line = lines.line(at).trim();
        if !signature.is_empty() {
            signature.push(' ');
        }
        signature.push_str(line);
        depth += line.matches(['(', '[']).count() as i32 - line.matches([')', ']']).count() as i32;
        if depth <= 0 || signature.len() > SIGNATURE_CHARS {
            break;
        }
    }
    let signature = signature.trim_end_matches(|c: char| c == '{' || c.is_whitespace());
    signature.chars().take(SIGNATURE_CHARS).collect()
}

/// Where the definitions lie that a result may be called by, by their first lines, outer ones first.
fn runs_of_parts(lines: &Lines<'_>, symbols: &[Symbol]) -> Vec<(usize, Range<usize>)> {
    let is_part = |kind| !matches!(kind, SymbolKind::Field | SymbolKind::Variant | SymbolKind::Key);
    let mut runs: Vec<_> = (0..symbols.len())
        .filter(|&at| is_part(symbols[at].kind))
        .map(|at| (at, lines.of_bytes(&symbols[at].span)))
        .collect();
    runs.sort_by_key(|(at, lines)| (lines.start, Reverse(lines.end), *at));
    runs
}

/// The parts of a chunk with the lines of `run`, of all that begin there.
fn parts(
    tree: &SyntaxTree,
    begun: Vec<(usize, Range<usize>)>,
    shown: Option<usize>,
    run: &Range<usize>,
) -> Vec<Part> {
    if begun.iter().all(|(at, _)| shown == Some(*at)) {
        return Vec::new();
    }
    let part = |(at, lines): (usize, Range<usize>)| Part {
        start_line: lines.start + 1,
        end_line: lines.end.min(run.end),
        symbol: qualified(tree, at),
        kind: tree.symbols[at].kind,
    };
    begun.into_iter().map(part).collect()
}

/// The symbols whose names stand on the lines of `run`.
fn definitions(by_line: &[&Symbol], run: &Range<usize>) -> Vec<Definition> {
    let first = by_line.partition_point(|symbol| symbol.line <= run.start);
    by_line[first..]
        .iter()
        .take_while(|symbol| symbol.line <= run.end)
        .map(|symbol| Definition {
            name: symbol.name.clone(),
            kind: symbol.kind,
            line: symbol.line,
            indent: symbol.indent,
            forward: symbol.forward,
        })
        .collect()
}

/// The names used on the lines of `run` that are not the file's `own`.
fn references(all: &[Reference], own: &FxHashSet<&str>, run: &Range<usize>) -> Vec<String> {
    let first = all.partition_point(|reference| reference.line <= run.start);
    let names = all[first..].iter().take_while(|reference| reference.line <= run.end).map(|used| &used.name);
    let mut found: Vec<String> = names.filter(|name| !own.contains(name.as_str())).cloned().collect();
    found.sort_unstable();
    found.dedup();
    found
}
