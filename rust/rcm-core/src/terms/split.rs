//! One run to its terms.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::MAX_TERM_BYTES;

/// Runs longer than this are data (encoded blobs, minified code), not names: they give one cut term and no parts.
const MAX_NAME_BYTES: usize = 256;

/// Appends the terms of one run, joined by blanks.
pub(super) fn split(run: &str, out: &mut String) {
    if run.is_ascii() {
        return word(run, out);
    }
    let normal: String = run.nfkc().collect();
    let mut rest = normal.as_str();
    while let Some(first) = rest.chars().next() {
        let kind = Kind::of(first);
        let end = rest.find(|c| Kind::of(c) != kind).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(end);
        match kind {
            Kind::Word => word(head, out),
            Kind::Ideographs => ideographs(head, out),
            Kind::Separator => {}
        }
        rest = tail;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Ideographs,
    Separator,
}

impl Kind {
    /// Scripts written without blanks count as ideographs; Hangul too, whose endings stick to its words.
    fn of(c: char) -> Self {
        match c {
            '_' | 'a'..='z' | 'A'..='Z' | '0'..='9' => Self::Word,
            '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30FF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7AF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{3FFFF}'
                if c.is_alphanumeric() =>
            {
                Self::Ideographs
            }
            _ if c.is_alphanumeric() || is_combining_mark(c) => Self::Word,
            _ => Self::Separator,
        }
    }
}

/// Each character and each pair of neighbours.
fn ideographs(text: &str, out: &mut String) {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        push(&text[at..at + c.len_utf8()], out);
        if let Some((next, d)) = chars.peek() {
            push(&text[at..next + d.len_utf8()], out);
        }
    }
}

/// The whole if there are several parts, then the parts.
fn word(text: &str, out: &mut String) {
    if text.len() > MAX_NAME_BYTES {
        let letters: String = text.chars().filter(|&c| c != '_').take(MAX_TERM_BYTES).collect();
        return push(&letters.to_lowercase(), out);
    }
    let bounds = parts(text);
    if bounds.len() > 1 {
        let whole: String = bounds.iter().map(|&(start, end)| &text[start..end]).collect();
        push(&whole.to_lowercase(), out);
    }
    for (start, end) in bounds {
        push(&stem(&text[start..end].to_lowercase()), out);
    }
}

/// The Snowball stem of an English word, the word itself in other alphabets.
fn stem(lower: &str) -> Cow<'_, str> {
    // The stemmer works on words: a part is either all digits or has none.
    if lower.len() > 2 && lower.len() <= MAX_TERM_BYTES && lower.bytes().all(|byte| byte.is_ascii_lowercase())
    {
        Cow::Owned(Stemmer::create(Algorithm::English).stem(lower).into_owned())
    } else {
        Cow::Borrowed(lower)
    }
}

/// Byte ranges of the camel and snake case parts; digits are parts of their own.
///
/// Cut are `_`, letter to digit and back, lower to upper (`get|User`) and upper to upper + lower (`HTTP|Response`).
fn parts(text: &str) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut previous = '_';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or('_', |&(_, next)| next);
        if c == '_' || is_boundary(previous, c, next) {
            if at > start {
                parts.push((start, at));
            }
            start = if c == '_' { at + 1 } else { at };
        }
        previous = c;
    }
    if text.len() > start {
        parts.push((start, text.len()));
    }
    parts
}

fn is_boundary(previous: char, c: char, next: char) -> bool {
    if is_combining_mark(c) {
        return false;
    }
    previous.is_numeric() != c.is_numeric()
        || (c.is_uppercase() && (previous.is_lowercase() || (previous.is_uppercase() && next.is_lowercase())))
}

/// Appends a term, cut to [`MAX_TERM_BYTES`], after a blank if it is not the first.
fn push(term: &str, out: &mut String) {
    if term.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    let end = (0..=term.len().min(MAX_TERM_BYTES)).rev().find(|&at| term.is_char_boundary(at)).unwrap_or(0);
    out.push_str(&term[..end]);
}
