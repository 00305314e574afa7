//! Texts that the parser cannot take: they would overflow a fixed buffer. Told by counting, before the risk is run.

use rustc_hash::FxHashSet;

use super::languages::{Language, ScannerState};

/// Brackets nested deeper than this are not parsed; nodes deeper than this are not searched for definitions.
pub const MAX_DEPTH: u32 = 1_000;

/// A grammar's scanner keeps its state in 1,024 bytes; a level of indentation takes two bytes in Python, beside up
/// to 257 others, and the check for the end is late by one.
const MAX_PYTHON_INDENTS: usize = 300;

/// Levels of YAML blocks, of four bytes each beside ten others, with the same late check. Half of what would fit.
const MAX_YAML_BLOCKS: usize = 120;

/// Bytes of heredoc names, with four for each, that begin on one line of Ruby: the names of all that are open are
/// kept. Less than half of what would fit.
const MAX_HEREDOC_NAMES: usize = 400;

/// Whether the parser can take `text`.
pub fn may_parse(language: &Language, text: &str) -> bool {
    let scanner_can = match language.scanner_state {
        ScannerState::Small => true,
        ScannerState::Indents => distinct_indents(text) <= MAX_PYTHON_INDENTS,
        ScannerState::Blocks => text.lines().all(|line| yaml_blocks(line) <= MAX_YAML_BLOCKS),
        ScannerState::Heredocs => text.lines().all(|line| heredoc_names(line) <= MAX_HEREDOC_NAMES),
    };
    scanner_can && bracket_depth(text) <= MAX_DEPTH
}

/// The deepest nesting of brackets, those in strings and comments included.
fn bracket_depth(text: &str) -> u32 {
    let (mut depth, mut deepest) = (0_u32, 0_u32);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// How many different widths of indentation there are: open blocks have different ones, so no more are open.
fn distinct_indents(text: &str) -> usize {
    let width = |line: &str| -> usize {
        line.bytes().take_while(u8::is_ascii_whitespace).map(|byte| if byte == b'\t' { 8 } else { 1 }).sum()
    };
    text.lines().map(width).collect::<FxHashSet<usize>>().len()
}

/// Blocks that may be open on a line: one or two per column of its indentation, one per indicator on it.
fn yaml_blocks(line: &str) -> usize {
    let indent = line.bytes().take_while(u8::is_ascii_whitespace).count();
    let indicators = line.as_bytes().windows(2).filter(|pair| is_indicator(pair)).count();
    indent + indicators
}

fn is_indicator(pair: &[u8]) -> bool {
    matches!(pair[0], b'-' | b'?' | b':') && pair[1].is_ascii_whitespace()
}

/// Bytes that the scanner keeps for the heredocs that begin on a line; `<<` before a blank is an operator.
fn heredoc_names(line: &str) -> usize {
    let starts = line.split("<<").skip(1);
    starts
        .map(|rest| heredoc_name(rest.trim_start_matches(['~', '-'])))
        .filter(|&name| name > 0)
        .map(|name| name + 4)
        .sum()
}

fn heredoc_name(rest: &str) -> usize {
    match rest.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => rest[1..].find(quote).unwrap_or(rest.len()),
        _ => rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::languages::by_name;

    fn check(language: &str, text: &str, expected: bool) {
        let language = by_name(language).expect("a row of the table");
        assert_eq!(may_parse(language, text), expected, "{}", language.name);
    }

    #[test]
    fn brackets_are_counted_without_underflow() {
        assert_eq!(bracket_depth(")))(("), 2);
        assert_eq!(bracket_depth("f(a[b{c}])"), 3);
        assert_eq!(bracket_depth(""), 0);
        check("json", &"[".repeat(1_000), true);
        check("json", &"[".repeat(1_001), false);
    }

    #[test]
    fn scanners_with_small_buffers_are_spared() {
        let stairs: String = (0..400).map(|n| " ".repeat(n) + "if a:\n").collect();
        check("python", &stairs, false);
        check("python", &stairs[..2_000], true);
        check("rust", &stairs, true);
        check("yaml", &"- ".repeat(200), false);
        check("yaml", &"a:\n  - b: c\n".repeat(500), true);
        check("ruby", &format!("f(<<{})", "A".repeat(1_019)), false);
        check("ruby", &"<<A, ".repeat(100), false);
        check("ruby", &format!("list << \"{}\"", "a".repeat(1_019)), true);
        check("ruby", "f(<<~TEXT)\n  a\nTEXT\n", true);
    }
}
