//! `tokenizer.json`: is it our kind of tokenizer, and which vocabulary has it?

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::words::{MAX_WORD_BYTES, SEPARATORS};

/// A vocabulary as it stands in the file.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// The bytes of all tokens, one after another.
    pub bytes: Vec<u8>,
    /// Where each token's bytes stand, and its id; `None` where it has a character that stands for no byte.
    pub places: Vec<(Option<Range<usize>>, u32)>,
}

/// Id 0, the token of words that are too long.
pub(super) const UNKNOWN: &str = "[UNK]";

/// All of `tokenizer.json` except the vocabulary, as the model training writes it.
pub(super) fn expected() -> Value {
    let ranges = SEPARATORS.map(|(first, last)| format!(r"\x{{{first:04X}}}-\x{{{last:04X}}}")).concat();
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFKC"},
            {
                "type": "Replace",
                "pattern": {"Regex": "(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"},
                "content": " ",
            },
            {"type": "Lowercase"},
        ]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {
                "type": "Split",
                "pattern": {"Regex": format!("[{ranges}]+")},
                "behavior": "Removed",
                "invert": false,
            },
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
        ]},
        "post_processor": null,
        "decoder": null,
        "model": {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": "",
            "max_input_chars_per_word": MAX_WORD_BYTES,
        },
    })
}

/// Reads the vocabulary out of the bytes of a `tokenizer.json`, or says what differs from our kind of tokenizer.
pub(super) fn read(json: &[u8]) -> Result<Tokens, String> {
    let mut file = serde_json::Deserializer::from_slice(json);
    let mut tokens = None;
    let found = Object { inner: Some("model"), tokens: &mut tokens }
        .deserialize(&mut file)
        .and_then(|found| file.end().map(|()| found))
        .map_err(|error| format!("not a tokenizer: {error}"))?;
    if let Some(difference) = difference("", &found, &expected()) {
        return Err(format!("another kind of tokenizer: {difference}"));
    }
    tokens.ok_or_else(|| "another kind of tokenizer: model.vocab is missing".to_owned())
}

/// The first place where two values differ, and both values there.
fn difference(place: &str, found: &Value, expected: &Value) -> Option<String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let mut keys = expected.keys().chain(found.keys());
            keys.find_map(|key| {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                match (found.get(key), expected.get(key)) {
                    (Some(found), Some(expected)) => difference(&place, found, expected),
                    (None, _) => Some(format!("{place} is missing")),
                    (Some(_), None) => Some(format!("{place} is not known")),
                }
            })
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            let mut pairs = found.iter().zip(expected).enumerate();
            pairs.find_map(|(at, (found, expected))| difference(&format!("{place}[{at}]"), found, expected))
        }
        _ if found == expected => None,
        _ => Some(format!("{place} is {}, not {expected}", shortened(&found.to_string()))),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 80 { text.to_owned() } else { text.chars().take(80).chain(['…']).collect() }
}

/// An object as a [`Value`] without its vocabulary: that goes to `tokens`, past any map of 30,000 entries.
struct Object<'t> {
    /// The member to descend into; `None` inside the model, where `vocab` is.
    inner: Option<&'static str>,
    tokens: &'t mut Option<Tokens>,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) || (self.inner.is_none() && key == "vocab" && self.tokens.is_some())
            {
                return Err(A::Error::custom(format!("{key} occurs twice")));
            }
            if Some(key.as_str()) == self.inner {
                let model = members.next_value_seed(Object { inner: None, tokens: self.tokens })?;
                object.insert(key, model);
            } else if self.inner.is_none() && key == "vocab" {
                *self.tokens = Some(members.next_value_seed(Vocab)?);
            } else {
                object.insert(key, members.next_value()?);
            }
        }
        Ok(Value::Object(object))
    }
}

/// The vocabulary: token to id.
struct Vocab;

impl<'de> DeserializeSeed<'de> for Vocab {
    type Value = Tokens;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Tokens, D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Vocab {
    type Value = Tokens;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a vocabulary object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tokens, A::Error> {
        let mut tokens = Tokens::default();
        while let Some((place, is_unknown)) = members.next_key_seed(Token(&mut tokens.bytes))? {
            let id = members.next_value()?;
            if is_unknown != (id == 0) {
                let token = if is_unknown { UNKNOWN } else { "another token" };
                return Err(A::Error::custom(format!("id {id} for {token}: 0 is the id of {UNKNOWN}")));
            }
            tokens.places.push((place, id));
        }
        Ok(tokens)
    }
}

/// One token: its bytes go to the end of all. Gives their place, and whether it is [`UNKNOWN`].
struct Token<'b>(&'b mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Token<'_> {
    type Value = (Option<Range<usize>>, bool);

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_str(self)
    }
}

impl Visitor<'_> for Token<'_> {
    type Value = (Option<Range<usize>>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_str<E: serde::de::Error>(self, token: &str) -> Result<Self::Value, E> {
        let start = self.0.len();
        let is_known = token.chars().all(|c| byte_of(c).inspect(|&byte| self.0.push(byte)).is_some());
        if !is_known {
            self.0.truncate(start);
        }
        Ok((is_known.then_some(start..self.0.len()), token == UNKNOWN))
    }
}

/// The byte that a character of the byte-level alphabet stands for (the GPT-2 table): printable Latin-1 stands for itself,
/// U+0100 and up for the other bytes in order.
pub(super) fn byte_of(c: char) -> Option<u8> {
    let is_itself = |byte: u8| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    match u32::from(c) {
        code @ 0..=0xFF => Some(code as u8).filter(|&byte| is_itself(byte)),
        code @ 0x100..=0x120 => Some((code - 0x100) as u8),
        code @ 0x121..=0x142 => Some((code - 0x121 + 0x7F) as u8),
        0x143 => Some(0xAD),
        _ => None,
    }
}
