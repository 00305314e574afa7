//! What is to become of secrets, and which of them may stay: chosen by the user, never by the indexed tree.

use std::collections::BTreeSet;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// What is done about secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecretMode {
    /// Each value is replaced by `<secret:RULE>`; its line and chunk stay.
    #[default]
    Redact,
    /// The same, and chunks that held a value are left out.
    SkipChunk,
    /// Files that hold a value are left out.
    SkipFile,
    /// Nothing is looked for. Private key files are left out all the same.
    Off,
}

impl SecretMode {
    /// All modes with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("redact", Self::Redact),
        ("skip-chunk", Self::SkipChunk),
        ("skip-file", Self::SkipFile),
        ("off", Self::Off),
    ];

    /// The mode called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, mode)| mode)
    }
}

/// What is done about secrets, and which are allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretPolicy {
    /// What is done.
    pub mode: SecretMode,
    /// Secrets that are not touched.
    pub allowed: BTreeSet<Fingerprint>,
}

/// Eight hexadecimal digits that tell one secret at one place from others and do not give its value away.
///
/// The start of a SHA-256 over rule, path and value: the same value in another file, or found by another rule, has
/// another one, so an allowed value is allowed where it was looked at and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 4]);

impl Fingerprint {
    /// The fingerprint of `parts` (several for a value over several lines) found by `rule` in the file at `path`.
    pub(super) fn of<'a>(rule: &'a str, path: &'a Path, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        let salt = ["rcm-secret-1".as_bytes(), rule.as_bytes(), path.as_os_str().as_encoded_bytes()];
        for part in salt.into_iter().chain(parts) {
            hash.update(part);
            hash.update([0]);
        }
        let digest = hash.finalize();
        Self(std::array::from_fn(|at| digest[at]))
    }

    /// Reads eight hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| digits)?;
        Some(Self(number.to_be_bytes()))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:08x}", u32::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_as_it_is_written() {
        let made = Fingerprint::of("rule", Path::new("a"), [&b"value"[..]]);
        assert_eq!(Fingerprint::parse(&made.to_string()), Some(made));
        assert_eq!(made.to_string().len(), 8);
        for wrong in ["", "0123456", "012345678", "+1234567", "0123456g", "é23456"] {
            assert_eq!(Fingerprint::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rule_path_and_value_each_change_it() {
        let of = |rule, path, value: &'static str| Fingerprint::of(rule, Path::new(path), [value.as_bytes()]);
        let base = of("r", "p", "v");
        for other in [of("s", "p", "v"), of("r", "q", "v"), of("r", "p", "w"), of("rp", "", "v")] {
            assert_ne!(other, base);
        }
        assert_ne!(
            Fingerprint::of("r", Path::new("p"), [&b"a"[..], b"bc"]),
            Fingerprint::of("r", Path::new("p"), [&b"ab"[..], b"c"])
        );
    }

    #[test]
    fn modes_have_names() {
        assert_eq!(SecretMode::named("skip-file"), Some(SecretMode::SkipFile));
        assert_eq!(SecretMode::named("OFF"), None);
    }
}
