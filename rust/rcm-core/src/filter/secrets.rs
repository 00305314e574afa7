//! Replaces secrets in text by the name of the rule that found them.
//!
//! One pass of an Aho-Corasick automaton over the text finds the rules' keywords; only on a line with a keyword is a
//! rule's regular expression tried. That is what makes a hundred rules as cheap as one.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::overlap::{Finding, resolve};
use super::rules::{Confidence, Detector, RULES, RULES_VERSION};
use super::{Fingerprint, Secret, SecretPolicy, Secrets, assignment, key_block};

/// On a line with one of these nothing is redacted.
const ALLOW: [&[u8]; 2] = [b"rcm:allow", b"gitleaks:allow"];

struct Scanner {
    keywords: AhoCorasick,
    /// Index into [`RULES`], one per keyword of the automaton.
    rules: Vec<usize>,
}

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let words = RULES.iter().enumerate();
    let (words, rules): (Vec<&str>, Vec<usize>) =
        words.flat_map(|(at, rule)| rule.keywords.iter().map(move |word| (*word, at))).unzip();
    let keywords = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .expect("a few hundred short words fit an automaton");
    Scanner { keywords, rules }
});

/// The expression of the rule at `at`, compiled when its keyword is first met: most runs need few of them.
fn expression(at: usize, pattern: &str) -> &'static Regex {
    static EXPRESSIONS: [OnceLock<Regex>; RULES.len()] = [const { OnceLock::new() }; RULES.len()];
    EXPRESSIONS[at].get_or_init(|| {
        RegexBuilder::new(pattern).unicode(false).build().expect("a constant pattern is valid")
    })
}

/// Identifies what is redacted and how: version and digest of all rules. Part of an index's identity.
pub fn rules_identity() -> String {
    let mut table = assignment::identity();
    for rule in RULES {
        // Proofs are code: what they look for is in `RULES_VERSION`.
        let _ = writeln!(table, "{}\0{:?}\0{:?}", rule.name, rule.keywords, rule.detector);
    }
    let digest = crate::read::digest(table.as_bytes());
    digest[..8].iter().fold(format!("{RULES_VERSION}-"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Replaces every secret of `text` that is not allowed by `<secret:RULE>`; no line is added or lost.
pub(super) fn redact(path: &Path, text: String, policy: &SecretPolicy) -> (String, Secrets) {
    let findings = find(path, text.as_bytes());
    if findings.is_empty() {
        return (text, Secrets::default());
    }
    let mut secrets = Secrets::default();
    let mut replaced: Vec<(Range<usize>, &str)> = Vec::with_capacity(findings.len());
    for group in grouped(&text, findings) {
        let ranges = group.findings.iter().map(|finding| finding.range.clone());
        let values = ranges.clone().map(|range| &text.as_bytes()[range]);
        let rule = group.findings[0].rule;
        let fingerprint = Fingerprint::of(rule.name, path, values);
        let (line, end_line) = (group.line, group.end_line);
        let secret = Secret { rule: rule.name, confidence: rule.confidence, line, end_line, fingerprint };
        if group.findings.iter().all(|finding| finding.marked) || policy.allowed.contains(&fingerprint) {
            secrets.allowed.push(secret);
        } else {
            secrets.found.push(secret);
            replaced.extend(ranges.map(|range| (range, rule.name)));
        }
    }
    replaced.sort_by_key(|(range, _)| range.start);
    (replace(&text, &replaced), secrets)
}

/// A private key file as the one secret that it is.
pub(super) fn key_file(path: &Path, text: &str, policy: &SecretPolicy) -> Secrets {
    let fingerprint = Fingerprint::of(key_block::NAME, path, [text.as_bytes()]);
    let end_line = text.trim_end().lines().count().max(1);
    let key = Secret { rule: key_block::NAME, confidence: Confidence::High, line: 1, end_line, fingerprint };
    let mut secrets = Secrets::default();
    if policy.allowed.contains(&fingerprint) { &mut secrets.allowed } else { &mut secrets.found }.push(key);
    secrets
}

/// The findings that make up one secret.
struct Group {
    findings: Vec<Finding>,
    line: usize,
    end_line: usize,
}

/// Puts findings of one group together and counts lines; in order of place.
fn grouped(text: &str, findings: Vec<Finding>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::with_capacity(findings.len());
    let mut places: HashMap<usize, usize> = HashMap::new();
    let (mut counted, mut line) = (0, 1);
    for finding in findings {
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..finding.range.start]).count();
        counted = finding.range.start;
        let place = *places.entry(finding.group).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group { findings: Vec::new(), line, end_line: line });
        }
        groups[place].end_line = line;
        groups[place].findings.push(finding);
    }
    groups
}

fn replace(text: &str, replaced: &[(Range<usize>, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, rule) in replaced {
        out.push_str(&text[copied..range.start]);
        let _ = write!(out, "<secret:{rule}>");
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    out
}

/// All values of secrets, in order, none overlapping another.
fn find(path: &Path, text: &[u8]) -> Vec<Finding> {
    let scanner = &*SCANNER;
    let unquoted = assignment::allows_unquoted(path);
    let mut findings = Vec::new();
    let mut line = 0..0;
    let mut tried: Vec<usize> = Vec::new();
    let mut keys_end = 0;
    let mut group = 0;
    for hit in scanner.keywords.find_overlapping_iter(text) {
        if hit.start() >= line.end {
            line = line_around(text, hit.start());
            tried.clear();
        }
        let at = scanner.rules[hit.pattern().as_usize()];
        if tried.contains(&at) {
            continue;
        }
        tried.push(at);
        let rule = &RULES[at];
        let values = if rule.detector != Detector::KeyBlock {
            detect(at, &text[line.clone()], line.start, unquoted)
        } else if line.start >= keys_end {
            // Looking on only behind the last block keeps a file full of headers linear.
            let block = key_block::block(text, line.clone());
            keys_end = block.end;
            block.values
        } else {
            continue;
        };
        let marked = !values.is_empty() && is_marked(&text[line.clone()]);
        for range in values {
            // The lines of a key are one secret; every other value is one of its own.
            group += usize::from(rule.detector != Detector::KeyBlock);
            findings.push(Finding { range, rule, group, marked });
        }
        group += 1;
    }
    resolve(findings)
}

/// The line that holds `at`, with its line break.
fn line_around(text: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end + 1);
    start..end
}

fn is_marked(line: &[u8]) -> bool {
    ALLOW.iter().any(|word| memchr::memmem::find(line, word).is_some())
}

/// What the rule at `at` finds on `line`, as ranges of the text in which the line begins at `start`.
fn detect(at: usize, line: &[u8], start: usize, unquoted: bool) -> Vec<Range<usize>> {
    let line = line.trim_ascii_end();
    let values: Vec<Range<usize>> = match RULES[at].detector {
        Detector::Form { pattern, proof } => expression(at, pattern)
            .captures_iter(line)
            .filter_map(|found| found.get(1))
            .filter(|value| proof.holds(value.as_bytes(), &line[value.end()..]))
            .map(|value| value.range())
            .collect(),
        Detector::Assignment => assignment::find(line, unquoted),
        Detector::KeyBlock => Vec::new(),
    };
    values.into_iter().map(|value| value.start + start..value.end + start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles_and_has_a_keyword_in_lower_case() {
        for (at, rule) in RULES.iter().enumerate() {
            if let Detector::Form { pattern, .. } = rule.detector {
                assert_eq!(expression(at, pattern).captures_len(), 2, "{}: one group, the value", rule.name);
            }
            assert!(!rule.keywords.is_empty(), "{}", rule.name);
            assert!(rule.keywords.iter().all(|word| !word.bytes().any(|b| b.is_ascii_uppercase())));
        }
    }

    #[test]
    fn names_are_given_once() {
        let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }
}
