//! Merges pieces that are too short to be answers by themselves.

use std::ops::Range;

use super::ChunkOptions;
use super::lines::Lines;
use super::pieces::{Piece, Shows};

/// A piece shorter than this part of the target says too little alone: it is merged even over the target.
const TINY_PART: usize = 8;

/// Groups of neighbouring pieces, as ranges of indices into `pieces`; each group becomes a chunk.
pub fn pack(lines: &Lines<'_>, pieces: &[Piece], options: &ChunkOptions) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for at in 0..pieces.len() {
        match groups.last_mut() {
            Some(group) if joins(lines, pieces, group, at, options) => group.end = at + 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

/// The lines of a group, blank lines between its pieces included.
pub fn lines_of(pieces: &[Piece], group: &Range<usize>) -> Range<usize> {
    pieces[group.start].lines.start..pieces[group.end - 1].lines.end
}

fn joins(
    lines: &Lines<'_>,
    pieces: &[Piece],
    group: &Range<usize>,
    at: usize,
    options: &ChunkOptions,
) -> bool {
    let (last, next) = (&pieces[group.end - 1], &pieces[at]);
    let so_far = lines_of(pieces, group);
    let size = lines.chars(&(so_far.start..next.lines.end));
    let tiny = options.target_chars / TINY_PART;
    let is_tiny = |run: &Range<usize>| lines.chars(run) < tiny;
    // A closing bracket alone is no answer; the bound keeps a file of nothing else from becoming one chunk.
    if !lines.has_words(next.lines.clone()) || next.closes && is_tiny(&next.lines) {
        return size <= options.max_chars + options.target_chars;
    }
    let siblings = last.parent == next.parent;
    let enters = matches!(last.shows, Shows::Head(_)) && is_tiny(&so_far);
    size <= options.target_chars && siblings
        || size <= options.max_chars && (enters || siblings && (is_tiny(&so_far) || is_tiny(&next.lines)))
}
