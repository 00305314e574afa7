//! Cuts a run of lines that is too long where a reader would: at blank lines, at little indentation.

use std::ops::Range;

use super::ChunkOptions;
use super::lines::Lines;

/// What a cut that is not at a blank line costs, in columns of indentation: two levels of four.
const NO_BLANK_LINE: usize = 8;

/// What a cut before a closing line, or between a heading and its text, costs: more than any indentation worth having.
const BEFORE_CLOSER: usize = 1_000;

/// Beginnings of lines that end or continue the statement above them.
const CLOSERS: [&str; 10] = [")", "]", "}", "else", "elif", "elsif", "end", "except", "catch", "finally"];

/// Cuts `run` into parts of about the target size; one part if it fits. Blank lines between parts are left out.
pub fn split(lines: &Lines<'_>, run: Range<usize>, options: &ChunkOptions) -> Vec<Range<usize>> {
    let total = lines.chars(&run);
    if total <= options.max_chars {
        return lines.trimmed(run).into_iter().collect();
    }
    // Equal parts, so that no short rest is left over.
    let goal = total / total.div_ceil(options.target_chars.max(1));
    let (least, most) = (goal * 3 / 5, goal * 5 / 4);
    let mut parts = Vec::new();
    let mut start = run.start;
    while start < run.end {
        let end = if lines.chars(&(start..run.end)) <= most {
            run.end
        } else {
            best_cut(lines, start..run.end, least, most)
        };
        parts.extend(lines.trimmed(start..end));
        start = end;
    }
    parts
}

/// The line before which to cut so that the part from the start has between `least` and `most` characters; the
/// cheapest, of equals the last. Where there is none, as many whole lines as fit, but at
/// least one.
fn best_cut(lines: &Lines<'_>, run: Range<usize>, least: usize, most: usize) -> usize {
    let too_long = |at: &usize| lines.chars(&(run.start..*at)) > most;
    let end = (run.start + 1..run.end).find(too_long).unwrap_or(run.end);
    (run.start + 1..end)
        .rev()
        .take_while(|&at| lines.chars(&(run.start..at)) >= least)
        .filter(|&at| !lines.is_blank(at))
        .min_by_key(|&at| cost(lines, at))
        .unwrap_or(end.saturating_sub(1).max(run.start + 1))
}

fn cost(lines: &Lines<'_>, at: usize) -> usize {
    let blank_above = lines.is_blank(at - 1);
    let line = lines.line(at).trim_start();
    let closes = CLOSERS.iter().any(|closer| line.starts_with(closer));
    let below_heading = blank_above && at >= 2 && is_underline(lines.line(at - 2));
    lines.indent(at)
        + if blank_above { 0 } else { NO_BLANK_LINE }
        + if closes || below_heading { BEFORE_CLOSER } else { 0 }
}

/// Whether a line underlines a heading, as in reStructuredText: one punctuation character over and over.
fn is_underline(line: &str) -> bool {
    let line = line.trim_end().as_bytes();
    line.len() >= 3 && line[0].is_ascii_punctuation() && line.iter().all(|byte| *byte == line[0])
}
