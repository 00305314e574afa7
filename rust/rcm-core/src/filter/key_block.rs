//! Private keys in PEM and PGP armour, and `PuTTY`'s form.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// The rule's name in `<secret:...>`.
pub(super) const NAME: &str = "private-key";

/// What a line must hold to begin a block, in any case.
pub(super) const KEYWORDS: &[&str] = &["private key"];

/// A file is a key when its block begins this early, bytes.
const HEAD: usize = 4_096;

/// No key is longer, bytes (RSA with 16,384 bits takes 12,500).
const LONGEST: usize = 16_384;

static BEGIN: LazyLock<Regex> =
    LazyLock::new(|| compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----"));
static END: LazyLock<Regex> =
    LazyLock::new(|| compile(r"-----END (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----"));
/// A run of base64; `\n` written as an escape does not belong to it.
static RUN: LazyLock<Regex> = LazyLock::new(|| compile(r"(?:\\[nrt])|([A-Za-z0-9+/]{4,}={0,2})"));

fn compile(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).unicode(false).build().expect("a constant pattern is valid")
}

/// Whether `text` is a private key and little else: a source file with a key in it is redacted instead.
pub(super) fn is_key_file(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.starts_with(b"PuTTY-User-Key-File-") {
        return true;
    }
    let head = &bytes[..bytes.len().min(HEAD)];
    if memchr::memmem::find(head, b"PRIVATE KEY").is_none() {
        return false;
    }
    let Some(begin) = BEGIN.find(head) else { return false };
    let Some(end) = END.find_at(bytes, begin.end()) else { return false };
    let block = end.end() - begin.start();
    block * 2 > text.trim().len() && !self::block(bytes, begin.start()..begin.end()).values.is_empty()
}

/// A key block.
pub(super) struct Block {
    /// The base64 of the key, as ranges of the text.
    pub(super) values: Vec<Range<usize>>,
    /// Where the search for more of it ended.
    pub(super) end: usize,
}

/// The key block that begins on the line at `line` of `text`; without values where there is none.
///
/// Values are only runs that can be nothing else: on a line with at least 40 characters of base64 in one run, or the
/// single run of a line that follows such a one.
pub(super) fn block(text: &[u8], line: Range<usize>) -> Block {
    let Some(begin) = BEGIN.find(&text[line.clone()]) else {
        return Block { values: Vec::new(), end: line.start };
    };
    let body = line.start + begin.end();
    let limit = text.len().min(body + LONGEST);
    let closing = END.find(&text[body..limit]).map(|end| body + end.start());
    let mut values: Vec<Range<usize>> = Vec::new();
    let mut at = body;
    for line in text[body..closing.unwrap_or(limit)].split_inclusive(|&byte| byte == b'\n') {
        let runs: Vec<&[u8]> =
            RUN.captures_iter(line).filter_map(|run| Some(run.get(1)?.as_bytes())).collect();
        let tail = !values.is_empty() && runs.len() == 1;
        if tail || runs.iter().any(|run| is_key_data(run)) {
            let found =
                RUN.captures_iter(line).filter_map(|run| run.get(1)).filter(|run| tail || run.len() >= 20);
            values.extend(found.map(|run| at + run.start()..at + run.end()));
        } else if closing.is_none() && !values.is_empty() {
            // Without an end the key stops where base64 does.
            break;
        }
        at += line.len();
    }
    Block { values, end: at }
}

fn is_key_data(run: &[u8]) -> bool {
    run.len() >= 40
        && run.iter().any(u8::is_ascii_uppercase)
        && run.iter().any(u8::is_ascii_lowercase)
        && run.iter().any(u8::is_ascii_digit)
}
