//! Replaces secrets in text by the name of the rule that found them.
//!
//! One pass of an Aho-Corasick automaton over the text finds the rules' keywords; only on a line with a keyword is a
//! rule's regular expression tried. That is what makes some seventy rules as cheap as one.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::rules::{RULES, RULES_VERSION};
use super::{Redaction, assignment, key_block};

/// On a line with one of these nothing is redacted.
const ALLOW: [&[u8]; 2] = [b"rcm:allow", b"gitleaks:allow"];

/// What a keyword leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detector {
    /// Index into [`RULES`].
    Form(usize),
    Assignment,
    KeyBlock,
}

struct Scanner {
    keywords: AhoCorasick,
    /// One per keyword of the automaton.
    detectors: Vec<Detector>,
}

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let forms = RULES.iter().enumerate();
    let forms =
        forms.flat_map(|(at, rule)| rule.keywords.iter().map(move |word| (*word, Detector::Form(at))));
    let names = assignment::KEYWORDS.iter().map(|word| (*word, Detector::Assignment));
    let (words, detectors): (Vec<&str>, Vec<Detector>) =
        forms.chain(names).chain([(key_block::KEYWORD, Detector::KeyBlock)]).unzip();
    let keywords = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .expect("a few hundred short words fit an automaton");
    Scanner { keywords, detectors }
});

/// Compiled when its keyword is first met: most runs need few of them.
fn pattern(at: usize) -> &'static Regex {
    static PATTERNS: [OnceLock<Regex>; RULES.len()] = [const { OnceLock::new() }; RULES.len()];
    PATTERNS[at].get_or_init(|| {
        RegexBuilder::new(RULES[at].pattern).unicode(false).build().expect("a constant pattern is valid")
    })
}

/// Identifies what is redacted and how: version and digest of all rules. Part of an index's identity.
pub fn rules_identity() -> String {
    let mut table = assignment::identity();
    for rule in RULES {
        let _ = writeln!(table, "{}\0{:?}\0{}\0{:?}", rule.name, rule.keywords, rule.pattern, rule.proof);
    }
    let digest = crate::read::digest(table.as_bytes());
    digest[..8].iter().fold(format!("{RULES_VERSION}-"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A value to replace.
struct Finding {
    range: Range<usize>,
    rule: &'static str,
}

/// Replaces every secret of `text` by `<secret:RULE>`; no line is added or lost.
pub(super) fn redact(path: &Path, text: String) -> (String, Vec<Redaction>) {
    let findings = find(path, text.as_bytes());
    if findings.is_empty() {
        return (text, Vec::new());
    }
    let mut redactions = Vec::with_capacity(findings.len());
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut line) = (0, 1);
    for Finding { range, rule } in findings {
        let before = &text[copied..range.start];
        line += memchr::memchr_iter(b'\n', before.as_bytes()).count();
        out.push_str(before);
        out.push_str("<secret:");
        out.push_str(rule);
        out.push('>');
        copied = range.end;
        redactions.push(Redaction { rule, line });
    }
    out.push_str(&text[copied..]);
    (out, redactions)
}

/// All values to replace, in order, none overlapping another.
fn find(path: &Path, text: &[u8]) -> Vec<Finding> {
    let scanner = &*SCANNER;
    let unquoted = assignment::allows_unquoted(path);
    let mut findings = Vec::new();
    let mut line = 0..0;
    let mut tried: Vec<Detector> = Vec::new();
    let mut keys_end = 0;
    for hit in scanner.keywords.find_overlapping_iter(text) {
        if hit.start() >= line.end {
            line = line_around(text, hit.start());
            tried.clear();
        }
        let detector = scanner.detectors[hit.pattern().as_usize()];
        if tried.contains(&detector) {
            continue;
        }
        tried.push(detector);
        if is_allowed(&text[line.clone()]) {
            continue;
        }
        if detector != Detector::KeyBlock {
            detect(detector, &text[line.clone()], line.start, unquoted, &mut findings);
        } else if line.start >= keys_end {
            // Looking on only behind the last block keeps a file full of headers linear.
            let block = key_block::block(text, line.clone());
            keys_end = block.end;
            findings.extend(block.values.into_iter().map(|range| Finding { range, rule: key_block::NAME }));
        }
    }
    without_overlaps(findings)
}

/// The line that holds `at`, with its line break.
fn line_around(text: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end + 1);
    start..end
}

fn is_allowed(line: &[u8]) -> bool {
    ALLOW.iter().any(|word| memchr::memmem::find(line, word).is_some())
}

/// Appends what `detector` finds on `line`, which begins at `start` of the text.
fn detect(detector: Detector, line: &[u8], start: usize, unquoted: bool, findings: &mut Vec<Finding>) {
    let line = line.trim_ascii_end();
    let finding = |value: Range<usize>, rule| Finding { range: value.start + start..value.end + start, rule };
    match detector {
        Detector::Form(at) => {
            let rule = &RULES[at];
            let values = pattern(at).captures_iter(line).filter_map(|found| found.get(1));
            let values = values.filter(|value| rule.proof.holds(value.as_bytes(), &line[value.end()..]));
            findings.extend(values.map(|value| finding(value.range(), rule.name)));
        }
        Detector::Assignment => {
            let values = assignment::find(line, unquoted);
            findings.extend(values.into_iter().map(|value| finding(value, assignment::NAME)));
        }
        Detector::KeyBlock => {}
    }
}

/// Sorts by place; of two that overlap one is left, which covers both.
fn without_overlaps(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.range.start, std::cmp::Reverse(finding.range.end)));
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match kept.last_mut() {
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end);
            }
            _ => kept.push(finding),
        }
    }
    kept
}
