//! What a value of a secret's form must show besides, so that placeholders stay.

use super::assignment::{entropy, is_placeholder};

/// Bits per byte below which a value of the right form is a placeholder such as a row of `x`.
const ROW: f64 = 2.5;

/// Hosts at which a password in a URL protects nothing.
const LOCAL_HOSTS: [&str; 6] = ["localhost", "127.0.0.1", "0.0.0.0", "example.", "host.docker", "test."];

/// How passwords in manuals begin.
const MANUAL_PASSWORDS: [&str; 5] = ["pass", "p4ss", "p@ss", "pwd", "mypw"];

/// `pass` in base64, by its place in the group of three: basic credentials of manuals.
const ENCODED_PASSWORDS: [&str; 3] = ["cGFzc", "Bhc3", "wYXNz"];

/// The extra condition of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// More than a row of one or two characters.
    NoRow,
    /// The same, and letters as mixed as only a random value has them: for a short prefix that words may begin with.
    RandomForm,
    /// More than a row, and not the vendor's own `...EXAMPLE`.
    NoExample,
    /// As random as a key without a prefix has to be.
    RandomKey,
    /// A digit, some entropy, no placeholder.
    Credential,
    /// A password in a URL to a host that is not this one.
    Password,
}

impl Proof {
    /// Whether `value`, with `rest` of the line behind it, is more than a placeholder.
    pub(super) fn holds(self, value: &[u8], rest: &[u8]) -> bool {
        let digit = value.iter().any(u8::is_ascii_digit);
        let example = memchr::memmem::find(value, b"EXAMPLE").is_some();
        match self {
            Self::NoRow => entropy(value) >= ROW,
            Self::RandomForm => is_mixed(value) && entropy(value) >= if digit { 3.0 } else { 4.0 },
            Self::NoExample => !example && entropy(value) >= ROW,
            Self::RandomKey => digit && !example && entropy(value) >= 4.0,
            Self::Credential => {
                let manual = ENCODED_PASSWORDS
                    .iter()
                    .any(|word| memchr::memmem::find(value, word.as_bytes()).is_some());
                digit && entropy(value) >= 3.0 && !manual && !is_placeholder(value)
            }
            Self::Password => is_password(value, digit) && !is_local(rest),
        }
    }
}

fn is_password(value: &[u8], digit: bool) -> bool {
    let lower = value.to_ascii_lowercase();
    let manual = MANUAL_PASSWORDS.iter().any(|start| lower.starts_with(start.as_bytes()));
    (digit || is_mixed(value) || value.len() >= 16) && !manual && !is_placeholder(value)
}

fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase)
}

/// Whether the URL goes on, behind its `@`, with a host of [`LOCAL_HOSTS`].
fn is_local(rest: &[u8]) -> bool {
    let host = rest.strip_prefix(b"@").unwrap_or(rest).to_ascii_lowercase();
    LOCAL_HOSTS.iter().any(|local| host.starts_with(local.as_bytes()))
}
