//! Exact search: the lines of a file that match a pattern, as the file is now and as an index would show it.
//!
//! What is searched is the text that the filter leaves, so no secret is found or shown that an index would not hold.
//! Lines are those of the file, and a match never goes over the end of one.

use std::ops::Range;
use std::path::Path;

use grep_matcher::{LineMatchKind, LineTerminator, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

use crate::filter::{SecretPolicy, filter};
use crate::parse::language_of;
use crate::read::{Unread, read};
use crate::walk::Entry;

/// What a pattern is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PatternOptions {
    /// Plain text, no regular expression.
    pub fixed: bool,
    /// Upper case is lower case.
    pub ignore_case: bool,
    /// A match has no word character before or after it.
    pub word: bool,
}

/// A compiled pattern; several lines of it are alternatives, as grep has it.
#[derive(Debug, Clone)]
pub struct Pattern(RegexMatcher);

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// 1-based.
    pub number: usize,
    /// Whether it matches; else it stands beside one that does.
    pub matched: bool,
    /// The line without its end.
    pub text: String,
    /// What matches, in characters of the line.
    pub spans: Vec<Range<usize>>,
}

/// What is asked of a file.
#[derive(Debug, Clone)]
pub struct Question {
    /// What to look for.
    pub pattern: Pattern,
    /// Lines to show before each that matches.
    pub before: usize,
    /// Lines to show after each that matches.
    pub after: usize,
    /// What is done about secrets.
    pub secrets: SecretPolicy,
    /// Larger files are left out.
    pub max_file_bytes: u64,
}

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Language name.
    pub language: &'static str,
    /// The lines to show, in order; empty if none matches.
    pub lines: Vec<Line>,
}

impl Pattern {
    /// Compiles a pattern in the syntax of the `regex` crate.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn new(pattern: &str, options: PatternOptions) -> Result<Self, String> {
        let alternatives: Vec<&str> = pattern.split('\n').collect();
        RegexMatcherBuilder::new()
            .multi_line(true)
            .line_terminator(Some(b'\n'))
            .fixed_strings(options.fixed)
            .case_insensitive(options.ignore_case)
            .word(options.word)
            .build_many(&alternatives)
            .map(Self)
            .map_err(|error| said(&error.to_string()))
    }

    /// Places of the lines of `text` that match, in order, with what matches on each, in bytes of the line.
    fn lines(&self, text: &str) -> Vec<(Range<usize>, Vec<Range<usize>>)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(near) = self.candidate(&text[at..]) {
            let line = line_around(text, at + near);
            let end = line.end;
            if let Some(spans) = self.spans(&text[line.clone()]) {
                found.push((line, spans));
            }
            if end == text.len() {
                break;
            }
            at = end + 1;
        }
        found
    }

    /// A place on the next line that may match, from the beginning of a line on.
    fn candidate(&self, text: &str) -> Option<usize> {
        if self.0.line_terminator() != Some(LineTerminator::byte(b'\n')) {
            return Some(0); // an anchor to the text's ends: each line is a text of its own
        }
        let found = self.0.find_candidate_line(text.as_bytes()).ok().flatten(); // its error is `NoError`
        found.map(|(LineMatchKind::Confirmed(at) | LineMatchKind::Candidate(at))| at)
    }

    /// What matches on one line, none if nothing does; an empty match is one.
    fn spans(&self, line: &str) -> Option<Vec<Range<usize>>> {
        let mut spans = Vec::new();
        let push = |found: grep_matcher::Match| {
            spans.push(found.start()..found.end());
            true
        };
        self.0.find_iter(line.as_bytes(), push).ok();
        (!spans.is_empty()).then_some(spans)
    }
}

/// The last line of an error of the compiler of expressions, which draws a picture above it.
fn said(error: &str) -> String {
    let last = error.lines().last().unwrap_or(error).trim();
    last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_owned()
}

fn line_around(text: &str, at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |end| at + end);
    start..end
}

/// Reads and filters a file, and looks for the lines that match if it is in one of the `languages` (all, if none given).
///
/// # Errors
/// Why there is nothing to search; a file in another language is no error, it is `None`.
pub fn grep_file(
    root: &Path,
    entry: &Entry,
    languages: Option<&[String]>,
    question: &Question,
) -> Result<Option<Looked>, Unread> {
    let (bytes, _) = read(root, entry, question.max_file_bytes)?;
    let text = filter(&entry.path, &bytes, &question.secrets).map_err(Unread::Skipped)?.text;
    let language = language_of(&entry.path, &text);
    if languages.is_some_and(|wanted| wanted.iter().all(|name| name != language)) {
        return Ok(None);
    }
    Ok(Some(Looked { language, lines: shown(&text, question) }))
}

/// The lines that match and those beside them.
fn shown(text: &str, question: &Question) -> Vec<Line> {
    if text.is_empty() {
        return Vec::new();
    }
    let text = text.strip_suffix('\n').unwrap_or(text); // what is after the last newline is no line
    let matches = question.pattern.lines(text);
    let mut lines: Vec<Line> = Vec::new();
    let (mut counted, mut number) = (0, 1); // the line that begins at `counted` has this number
    for (nth, (place, spans)) in matches.iter().enumerate() {
        number += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..place.start]).count();
        counted = place.start;
        let first_free = lines.last().map_or(1, |line| line.number + 1);
        let before = number.saturating_sub(first_free).min(question.before);
        let mut beside: Vec<Line> = text[..place.start.saturating_sub(1)]
            .rsplit('\n')
            .take(before)
            .zip(1..)
            .map(|(line, back)| context(number - back, line))
            .collect();
        lines.extend(beside.drain(..).rev());
        let line = &text[place.clone()];
        let spans = spans.iter().map(|span| in_characters(line, span)).collect();
        lines.push(Line { number, matched: true, text: line.to_owned(), spans });
        if place.end < text.len() {
            let until = matches.get(nth + 1).map_or(text.len(), |(next, _)| next.start.saturating_sub(1));
            let after = text[place.end + 1..until.max(place.end + 1)].split('\n').take(question.after);
            let between = until > place.end;
            lines.extend(after.zip(1..).filter(|_| between).map(|(line, on)| context(number + on, line)));
        }
    }
    lines
}

fn context(number: usize, line: &str) -> Line {
    Line { number, matched: false, text: line.to_owned(), spans: Vec::new() }
}

fn in_characters(line: &str, span: &Range<usize>) -> Range<usize> {
    // Bytes that begin a character: a pattern of bytes may end within one.
    let before = |at: usize| line.as_bytes()[..at].iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    before(span.start)..before(span.end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn question(pattern: &str, options: PatternOptions, before: usize, after: usize) -> Question {
        let pattern = Pattern::new(pattern, options).expect("a pattern");
        Question { pattern, before, after, secrets: SecretPolicy::default(), max_file_bytes: 1 << 20 }
    }

    fn check(pattern: &str, options: PatternOptions, text: &str, expected: &[usize]) {
        let found = shown(text, &question(pattern, options, 0, 0));
        let numbers: Vec<usize> = found.iter().map(|line| line.number).collect();
        assert_eq!(numbers, expected, "{pattern:?} in {text:?}");
    }

    #[test]
    fn lines_match_as_grep_would_say() {
        let plain = PatternOptions::default();
        check("b", plain, "abc\nx\nb", &[1, 3]);
        check("b", plain, "abc\nx\nb\n", &[1, 3]);
        check("^b$", plain, "abc\nb\nb", &[2, 3]);
        check("a\nx", plain, "abc\nx\nb", &[1, 2]);
        check(r"c\s+x", plain, "abc\nx\nc x", &[3]);
        check("[^y]+", plain, "a\ny\nb", &[1, 3]);
        check(r"\Ax", plain, "abc\nx\nb", &[2]);
        check(r"b\z", plain, "b\nab\nbc", &[1, 2]);
        check("^$", plain, "a\n\nb\n", &[2]);
        check("^", plain, "\n\n", &[1, 2]);
        check("$", plain, "a\n\n", &[1, 2]);
        check("^$", plain, "", &[]);
        check("", plain, "a\n\nb\n", &[1, 2, 3]);
        check("nothing", plain, "a\nb", &[]);
        check("A.C", PatternOptions { fixed: true, ..plain }, "abc\nA.C\na.c", &[2]);
        check("a.c", PatternOptions { fixed: true, ignore_case: true, ..plain }, "abc\nA.C\na.c", &[2, 3]);
        check("get", PatternOptions { word: true, ..plain }, "get()\nforget\nget_name\n-get-", &[1, 4]);
        check("é", PatternOptions { ignore_case: true, ..plain }, "CAFÉ\ncafe", &[1]);
    }

    #[test]
    fn lines_beside_matches_come_once() {
        let numbers = |before, after| -> Vec<(usize, bool)> {
            let found = shown(
                "1\n2\nx3\n4\n5\n6x\nx7\n8\n9",
                &question("x", PatternOptions::default(), before, after),
            );
            assert!(found.iter().all(|line| line.text.contains(&line.number.to_string())));
            found.iter().map(|line| (line.number, line.matched)).collect()
        };
        assert_eq!(numbers(0, 0), [(3, true), (6, true), (7, true)]);
        assert_eq!(numbers(1, 0), [(2, false), (3, true), (5, false), (6, true), (7, true)]);
        assert_eq!(numbers(0, 1), [(3, true), (4, false), (6, true), (7, true), (8, false)]);
        let all: Vec<usize> = numbers(9, 9).iter().map(|line| line.0).collect();
        assert_eq!(all, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn spans_count_characters() {
        let found = shown("äöü x ä\n", &question("[xä]", PatternOptions::default(), 0, 0));
        assert_eq!(found[0].spans, [0..1, 4..5, 6..7]);
    }

    #[test]
    fn what_is_no_pattern_is_told_in_one_line() {
        for pattern in ["(", "a{2", "[z-a]", r"\p{Nonsense}", "a\\n", "(?=x)"] {
            let said = Pattern::new(pattern, PatternOptions::default()).expect_err(pattern);
            assert!(!said.contains('\n') && !said.is_empty(), "{said}");
        }
    }

    proptest! {
        #[test]
        fn the_fast_way_finds_what_every_line_tried_alone_does(
            text in "[abx \n]{0,60}",
            pattern in r"(\^|\\b|a|b|x|\.|\[\^a\]|\\s|a\*|\(a\|b\)|x\+|\$){1,4}",
            (before, after) in (0_usize..3, 0_usize..3),
        ) {
            let Ok(slow) = Regex::new(&pattern) else { return Ok(()) };
            let lines: Vec<&str> = text.split_terminator('\n').collect();
            let is_match = |number: usize| slow.is_match(lines[number]);
            let near = |number: usize| {
                (number.saturating_sub(after)..=number + before).any(|at| at < lines.len() && is_match(at))
            };
            let expected: Vec<(usize, bool, &str)> = (0..lines.len())
                .filter(|&number| near(number))
                .map(|number| (number + 1, is_match(number), lines[number]))
                .collect();
            let found = shown(&text, &question(&pattern, PatternOptions::default(), before, after));
            let found: Vec<_> = found.iter().map(|line| (line.number, line.matched, &*line.text)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
