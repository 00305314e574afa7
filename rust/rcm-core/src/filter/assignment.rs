//! Secrets without a form of their own: a random value assigned to a name that says secret.

use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// The rule's name in `<secret:...>`.
pub(super) const NAME: &str = "assigned-secret";

/// Words that make a name say secret; a line without one is not looked at.
pub(super) const KEYWORDS: &[&str] = &[
    "passw",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "accesskey",
    "auth_key",
    "authkey",
    "signing_key",
    "signingkey",
    "encryption_key",
    "encryptionkey",
    "private_key",
    "privatekey",
    "credential",
];

/// Shortest value, in bytes.
const SHORTEST: usize = 16;

/// The same of hexadecimal digits: shorter ones are mostly versions of something.
const SHORTEST_HEX: usize = 20;

/// Bits per byte that a value must have: random letters and digits of this length are above, words below.
const MIN_ENTROPY: f64 = 3.5;
/// The same for values of hexadecimal digits only, which cannot have more than 4.
const MIN_ENTROPY_HEX: f64 = 3.0;

/// What stands in values that are no secrets.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "sample",
    "dummy",
    "test",
    "fake",
    "mock",
    "change",
    "your",
    "placeholder",
    "replace",
    "insert",
    "xxx",
    "todo",
    "foobar",
    "foo-bar",
    "foo_bar",
    "12345",
    "abcde",
    "qwert",
    "password",
    "secret",
    "token",
    "redacted",
    "default",
    "localhost",
    "invalid",
    "random",
    "aaaa",
    "0000",
    "...",
];

/// A line with one of these words speaks of sums, versions, form fields and pages of results, which look like secrets.
const SUM_CONTEXTS: &[&str] = &[
    "sha1",
    "sha2",
    "sha3",
    "sha5",
    "sha-",
    "md5",
    "checksum",
    "digest",
    "integrity",
    "commit",
    "revision",
    "fingerprint",
    "hash",
    "etag",
    "uuid",
    "guid",
    "cursor",
    "authenticity",
    "nexttoken",
    "next_token",
    "next-token",
    "pagetoken",
    "page_token",
    "continuation",
    "public_key",
    "publickey",
];

/// Where values are commonly written without quotes.
const UNQUOTED: &[&str] = &["bash", "cfg", "conf", "env", "ini", "properties", "sh", "yaml", "yml", "zsh"];

const NAME_PATTERN: &str = concat!(
    r"[A-Za-z0-9_.\-]{0,60}(?:passw(?:or)?d|passphrase|secret|token|api[_\-]?key|(?:access|auth|signing|encryption|private)",
    r"[_\-]?key|secret[_\-]?key(?:[_\-]?base)?|credentials?)(?:[_\-]?(?:value|prod|production|dev|staging|live|base64|hex|key|[0-9]))?",
);

/// `name = "value"`, also with a type between name and sign, `name: "value"`, `"name" => "value"`, `name="value"`.
fn quoted() -> String {
    format!(
        r#"{NAME_PATTERN}["'`\]]{{0,2}}\s*(?::\s*[A-Za-z_&<>'.]{{1,30}}\s*)?(?:=>|:=|={{1,3}}|!==?|:)\s*(?:[A-Za-z]{{0,4}})["'`]([^"'`\s]{{{SHORTEST},512}})["'`]"#
    )
}

/// `<name>value</name>`, `<add key="name" value="value"/>`.
fn markup() -> String {
    format!(r#"{NAME_PATTERN}(?:["']\s+value\s*=\s*["']|>\s*)([^"'`<>\s]{{{SHORTEST},512}})\s*(?:["']|</)"#)
}

/// `name=value` or `name: value` that fill a line.
fn bare() -> String {
    format!(
        r"^\s*(?:export\s+|ENV\s+|ARG\s+|-\s+)?{NAME_PATTERN}\s*[=:]\s*([A-Za-z0-9_+/=.~!@#^&*\-]{{{SHORTEST},512}})\s*$"
    )
}

static QUOTED: LazyLock<Regex> = LazyLock::new(|| compile(&quoted()));
static MARKUP: LazyLock<Regex> = LazyLock::new(|| compile(&markup()));
static BARE: LazyLock<Regex> = LazyLock::new(|| compile(&bare()));

fn compile(pattern: &str) -> Regex {
    RegexBuilder::new(pattern)
        .unicode(false)
        .case_insensitive(true)
        .build()
        .expect("a constant pattern is valid")
}

/// The patterns and word lists, for the identity of the rules.
pub(super) fn identity() -> String {
    format!(
        "{NAME}{}{}{}{KEYWORDS:?}{PLACEHOLDERS:?}{SUM_CONTEXTS:?}{UNQUOTED:?}",
        quoted(),
        markup(),
        bare()
    )
}

/// Whether values without quotes count in the file at `path`.
pub(super) fn allows_unquoted(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    UNQUOTED.contains(&extension) || name.starts_with(".env") || name.starts_with("dockerfile")
}

/// The values on `line` that look like secrets, as ranges within the line.
pub(super) fn find(line: &[u8], unquoted: bool) -> Vec<Range<usize>> {
    if line.len() < SHORTEST {
        return Vec::new();
    }
    let quoted = memchr::memchr3(b'"', b'\'', b'`', line).is_some();
    let markup = memchr::memchr(b'<', line).is_some();
    let patterns = [(quoted, &QUOTED), (markup, &MARKUP), (unquoted && !quoted, &BARE)];
    let patterns = patterns.into_iter().filter(|(applies, _)| *applies);
    let values =
        patterns.flat_map(|(_, pattern)| pattern.captures_iter(line)).filter_map(|found| found.get(1));
    values.filter(|value| is_secret(value.as_bytes(), line)).map(|value| value.range()).collect()
}

fn is_secret(value: &[u8], line: &[u8]) -> bool {
    let hex = value.iter().all(u8::is_ascii_hexdigit);
    let (shortest, enough) = if hex { (SHORTEST_HEX, MIN_ENTROPY_HEX) } else { (SHORTEST, MIN_ENTROPY) };
    value.len() >= shortest
        && is_opaque(value)
        && entropy(value) >= enough
        && !is_placeholder(value)
        && !is_uuid(value)
        && {
            let line = line.to_ascii_lowercase();
            !SUM_CONTEXTS.iter().any(|word| memchr::memmem::find(&line, word.as_bytes()).is_some())
        }
}

/// Whether `value` holds one of the words that people write where a secret belongs.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
}

/// Letters and digits mixed, no template, path, URL or call, and not made of words.
fn is_opaque(value: &[u8]) -> bool {
    let letters = value.iter().any(u8::is_ascii_alphabetic);
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let code = value.iter().any(|byte| b"${}()<>[]\\%|;,?".contains(byte)) || !value.is_ascii();
    let place =
        value.starts_with(b"/") || value.starts_with(b".") || memchr::memmem::find(value, b"://").is_some();
    letters && digits >= 2 && !code && !place && !made_of_words(value)
}

/// Whether at least two in three letters stand in what can be words: four letters or more, some of them vowels.
fn made_of_words(value: &[u8]) -> bool {
    let capitals = !value.iter().any(u8::is_ascii_lowercase);
    let joined = |a: &u8, b: &u8| {
        a.is_ascii_alphabetic() && (b.is_ascii_lowercase() || capitals && b.is_ascii_uppercase())
    };
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let in_words: usize = value.chunk_by(joined).filter(|run| is_wordlike(run)).map(<[u8]>::len).sum();
    in_words * 3 >= letters * 2
}

/// A quarter to two thirds of a word's letters are vowels; of random letters it is a fifth.
fn is_wordlike(run: &[u8]) -> bool {
    let vowels = run.iter().filter(|byte| b"aeiouyAEIOUY".contains(byte)).count();
    run.len() >= 4 && vowels * 4 >= run.len() && vowels * 3 <= run.len() * 2
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Shannon entropy of the bytes, bits per byte.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let total = value.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / total)
        .map(|share| -share * share.log2())
        .sum()
}
