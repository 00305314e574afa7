//! Stage 3, filter: bytes to text worth parsing. Binary, packed and generated files are skipped; secrets are redacted.
//!
//! In this order: bytes are decoded ([`SkipReason::Binary`], [`SkipReason::Empty`]), the shape and the header of the
//! text are judged ([`SkipReason::Minified`], [`SkipReason::Generated`], [`SkipReason::PrivateKey`]), and what is left
//! loses its secrets. Line numbers stay those of the file throughout: `\r\n` becomes `\n`, a lone `\r` stays, and a
//! replaced value never holds a line break.

mod assignment;
mod decode;
mod generated;
mod key_block;
mod proof;
mod rules;
mod secrets;
mod shape;

use std::path::Path;

use crate::skip::SkipReason;

pub use rules::RULES_VERSION;
pub use secrets::rules_identity;

/// A secret that was replaced; the value itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// Name of the rule that matched.
    pub rule: &'static str,
    /// 1-based line.
    pub line: usize,
}

/// Text of one file after the filter: valid UTF-8, no BOM, secrets replaced by `<secret:RULE>`, line count unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// The text; lines end in `\n`, never `\r\n`.
    pub text: String,
    /// Whether bytes that are not UTF-8 were replaced.
    pub lossy: bool,
    /// Secrets replaced, in order of line.
    pub redactions: Vec<Redaction>,
}

/// Decides whether the bytes of the file at `path` are worth parsing.
///
/// # Errors
/// The reason to leave the file out.
pub fn filter(path: &Path, bytes: &[u8]) -> Result<Text, SkipReason> {
    let (text, lossy) = decode::decode(bytes)?;
    if text.trim().is_empty() {
        return Err(SkipReason::Empty);
    }
    if shape::is_minified(path, &text) {
        return Err(SkipReason::Minified);
    }
    if generated::is_generated(path, &text) {
        return Err(SkipReason::Generated);
    }
    if key_block::is_key_file(&text) {
        return Err(SkipReason::PrivateKey);
    }
    let (text, redactions) = secrets::redact(path, text);
    Ok(Text { text, lossy, redactions })
}
