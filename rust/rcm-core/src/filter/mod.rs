//! Stage 3, filter: bytes to text worth parsing. Binary, packed and generated files are skipped; secrets are redacted.
//!
//! In this order: bytes are decoded ([`SkipReason::Binary`], [`SkipReason::Empty`]), a notebook becomes the code in it, the shape and the header of the
//! text are judged ([`SkipReason::Minified`], [`SkipReason::Generated`], [`SkipReason::PrivateKey`]), and what is left
//! loses its secrets. Line numbers stay those of the file throughout: `\r\n` becomes `\n`, a lone `\r` stays, and a
//! replaced value never holds a line break.

mod assignment;
mod decode;
mod generated;
mod key_block;
mod notebook;
mod overlap;
mod policy;
mod proof;
mod rules;
mod secrets;
mod shape;

use std::path::Path;

use crate::skip::SkipReason;

pub use policy::{Fingerprint, SecretMode, SecretPolicy};
pub use rules::{Confidence, RULES_VERSION, rules};
pub use secrets::rules_identity;

/// A secret that was found; the value itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Name of the rule that matched.
    pub rule: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
    /// 1-based line.
    pub line: usize,
    /// Its last line; more than `line` for a key block only.
    pub end_line: usize,
    /// Tells it from others.
    pub fingerprint: Fingerprint,
}

/// The secrets of one text, in order of line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Those that must go no further.
    pub found: Vec<Secret>,
    /// Those that stay: marked on their line, or allowed by fingerprint.
    pub allowed: Vec<Secret>,
}

/// Text of one file after the filter: valid UTF-8, no BOM, secrets replaced by `<secret:RULE>`, line count unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// The text; lines end in `\n`, never `\r\n`.
    pub text: String,
    /// Whether bytes that are not UTF-8 were replaced.
    pub lossy: bool,
    /// The secrets replaced and those allowed.
    pub secrets: Secrets,
}

/// Decides whether the bytes of the file at `path` are worth parsing, and deals with its secrets as `policy` says.
///
/// # Errors
/// The reason to leave the file out.
pub fn filter(path: &Path, bytes: &[u8], policy: &SecretPolicy) -> Result<Text, SkipReason> {
    let (text, lossy) = written_by_people(path, bytes)?;
    if key_block::is_key_file(&text) {
        return Err(SkipReason::PrivateKey);
    }
    if policy.mode == SecretMode::Off {
        return Ok(Text { text, lossy, secrets: Secrets::default() });
    }
    let (text, secrets) = secrets::redact(path, text, policy);
    if policy.mode == SecretMode::SkipFile && !secrets.found.is_empty() {
        return Err(SkipReason::Secrets);
    }
    Ok(Text { text, lossy, secrets })
}

/// The secrets of a file that the filter would look at; a private key file is one secret.
///
/// # Errors
/// The reason why the file is not looked at.
pub fn find_secrets(path: &Path, bytes: &[u8], policy: &SecretPolicy) -> Result<Secrets, SkipReason> {
    let (text, _) = written_by_people(path, bytes)?;
    if key_block::is_key_file(&text) {
        return Ok(secrets::key_file(path, &text, policy));
    }
    Ok(secrets::redact(path, text, policy).1)
}

/// The text of a file that a person wrote, and whether bytes that are not UTF-8 were replaced.
fn written_by_people(path: &Path, bytes: &[u8]) -> Result<(String, bool), SkipReason> {
    let (mut text, lossy) = decode::decode(bytes)?;
    if notebook::is_notebook(path)
        && let Some(cells) = notebook::cells(&text)
    {
        text = cells;
    }
    if text.trim().is_empty() {
        return Err(SkipReason::Empty);
    }
    if shape::is_minified(path, &text) {
        return Err(SkipReason::Minified);
    }
    if generated::is_generated(path, &text) {
        return Err(SkipReason::Generated);
    }
    Ok((text, lossy))
}
