//! From symbols to pieces: the smallest runs of lines that are never cut again.

use std::ops::Range;

use super::ChunkOptions;
use super::lines::Lines;
use super::split::split;
use crate::parse::{Symbol, SymbolKind, SyntaxTree};

/// What a piece shows; numbers are indices into the tree's symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// A whole definition.
    Whole(usize),
    /// The beginning of a definition that did not fit.
    Head(usize),
    /// What stands in a definition that did not fit, between its members or after the first cut.
    Part(usize),
    /// What stands outside all definitions.
    Loose,
}

/// A run of lines, not blank at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The lines.
    pub lines: Range<usize>,
    /// What they show.
    pub shows: Shows,
    /// The definition that was cut around this piece; none at the top of the file.
    pub parent: Option<usize>,
    /// Whether it is the end of a definition whose members come before it.
    pub closes: bool,
}

/// Cuts the text of `tree` into pieces, in order.
pub fn cut(lines: &Lines<'_>, tree: &SyntaxTree, options: &ChunkOptions) -> Vec<Piece> {
    let cutter = Cutter::new(lines, &tree.symbols, options);
    let mut pieces = Vec::new();
    let mut todo = vec![Work::Cut { symbol: None, parent: None, run: lines.all() }];
    while let Some(work) = todo.pop() {
        match work {
            Work::Cut { symbol, parent, run } => {
                todo.extend(cutter.members(symbol, parent, run).into_iter().rev());
            }
            Work::Done(piece) => pieces.push(piece),
        }
    }
    pieces
}

/// A definition is cut into work to do, which is popped in order: definitions may nest as deep as they like.
#[derive(Debug)]
enum Work {
    /// A definition (none: the file) in the definition around it.
    Cut {
        symbol: Option<usize>,
        parent: Option<usize>,
        run: Range<usize>,
    },
    Done(Piece),
}

struct Cutter<'a> {
    lines: &'a Lines<'a>,
    options: &'a ChunkOptions,
    runs: Vec<Range<usize>>,
    top: Vec<usize>,
    members: Vec<Vec<usize>>,
}

impl<'a> Cutter<'a> {
    fn new(lines: &'a Lines<'a>, symbols: &[Symbol], options: &'a ChunkOptions) -> Self {
        let runs: Vec<_> = symbols.iter().map(|symbol| lines.of_bytes(&symbol.span)).collect();
        let (mut top, mut members) = (Vec::new(), vec![Vec::new(); symbols.len()]);
        for (at, symbol) in symbols.iter().enumerate() {
            if is_part_of_line(symbol, &runs[at]) {
                continue;
            }
            match symbol.parent {
                Some(parent) => members[parent].push(at),
                None => top.push(at),
            }
        }
        Self { lines, options, runs, top, members }
    }

    /// The work that `run`, all of `symbol` or of the file, comes to.
    fn members(&self, symbol: Option<usize>, parent: Option<usize>, run: Range<usize>) -> Vec<Work> {
        if let Some(symbol) = symbol
            && self.lines.chars(&run) <= self.options.max_chars
        {
            return self.whole(symbol, parent, run);
        }
        let members = symbol.map_or(&self.top, |symbol| &self.members[symbol]);
        let mut work = Vec::new();
        let mut done = run.start;
        for (member, lines) in self.apart(members, &run) {
            self.between(symbol, done..lines.start, &run, &mut work);
            done = lines.end;
            work.push(Work::Cut { symbol: Some(member), parent: symbol, run: lines });
        }
        self.between(symbol, done..run.end, &run, &mut work);
        work
    }

    fn whole(&self, symbol: usize, parent: Option<usize>, run: Range<usize>) -> Vec<Work> {
        let piece = |lines| Piece { lines, shows: Shows::Whole(symbol), parent, closes: false };
        self.lines.trimmed(run).map(|lines| Work::Done(piece(lines))).into_iter().collect()
    }

    /// The members' runs within `run`; members that share a line are one, called by the first.
    fn apart(&self, members: &[usize], run: &Range<usize>) -> Vec<(usize, Range<usize>)> {
        let mut apart: Vec<(usize, Range<usize>)> = Vec::with_capacity(members.len());
        for &member in members {
            let lines = self.runs[member].start.max(run.start)..self.runs[member].end.min(run.end);
            if lines.is_empty() {
                continue;
            }
            match apart.last_mut() {
                Some((_, last)) if lines.start < last.end => last.end = last.end.max(lines.end),
                _ => apart.push((member, lines)),
            }
        }
        apart
    }

    /// What stands between two members.
    fn between(&self, symbol: Option<usize>, gap: Range<usize>, run: &Range<usize>, work: &mut Vec<Work>) {
        let (first, last) = (gap.start == run.start, gap.end == run.end);
        for (part, lines) in split(self.lines, gap, self.options).into_iter().enumerate() {
            let shows = match symbol {
                None => Shows::Loose,
                Some(symbol) if first && part == 0 => Shows::Head(symbol),
                Some(symbol) => Shows::Part(symbol),
            };
            let closes = symbol.is_some() && last && !first && part == 0;
            work.push(Work::Done(Piece { lines, shows, parent: symbol, closes }));
        }
    }
}

/// Fields and variants on one line are no reason to cut there.
fn is_part_of_line(symbol: &Symbol, run: &Range<usize>) -> bool {
    run.len() == 1 && matches!(symbol.kind, SymbolKind::Field | SymbolKind::Variant)
}
