//! Normalised text to lower-case words, as the normaliser and pre-tokenizer in `tokenizer.json` cut it.

use super::normal::{is_within, nfkc};

/// Longer words are unknown.
pub(super) const MAX_WORD_BYTES: usize = 100;

/// Code points between words, first and last of each range: everything ASCII but `a-z0-9` (capitals are lower-cased
/// before), and punctuation, symbols and spaces beyond.
pub(super) const SEPARATORS: [(u32, u32); 24] = [
    (0x00, 0x2F),
    (0x3A, 0x60),
    (0x7B, 0xA9),
    (0xAB, 0xB4),
    (0xB6, 0xB9),
    (0xBB, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x2000, 0x206F),
    (0x20A0, 0x20CF),
    (0x2190, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x3004),
    (0x3008, 0x3020),
    (0x3030, 0x3030),
    (0xE000, 0xF8FF),
    (0xFE10, 0xFE6F),
    (0xFF00, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xFFE0, 0xFFFF),
    (0x1F000, 0x1FAFF),
    (0xE0000, 0xE0FFF),
];

/// One word: its UTF-8, or [`Word::TooLong`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word<'a> {
    /// At most [`MAX_WORD_BYTES`].
    Bytes(&'a [u8]),
    /// More than [`MAX_WORD_BYTES`].
    TooLong,
}

/// Calls `visit` with each word of `text`, in order.
pub(super) fn each_word(text: &str, mut visit: impl FnMut(Word<'_>)) {
    if text.is_ascii() {
        return each_normal_word(text, &mut visit);
    }
    // Nothing composes, reorders or joins across a line break, so lines can be normalised apart.
    let mut normal = String::new();
    for line in text.split_inclusive('\n') {
        if line.is_ascii() {
            each_normal_word(line, &mut visit);
        } else {
            normal.clear();
            nfkc(line, &mut normal);
            each_normal_word(&normal, &mut visit);
        }
    }
}

/// Cuts text in form NFKC. Only ASCII letters are cut at capitals.
fn each_normal_word(text: &str, visit: &mut impl FnMut(Word<'_>)) {
    let bytes = text.as_bytes();
    let mut word = Buffer::default();
    let mut previous = 0_u8;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => word.push(byte),
            b'A'..=b'Z' => {
                let next_is_lower = bytes.get(at).is_some_and(u8::is_ascii_lowercase);
                let after_lower = previous.is_ascii_lowercase() || previous.is_ascii_digit();
                if after_lower || (previous.is_ascii_uppercase() && next_is_lower) {
                    word.end(visit);
                }
                word.push(byte.to_ascii_lowercase());
            }
            0x80.. => {
                let Some(c) = text[at - 1..].chars().next() else { return };
                at += c.len_utf8() - 1;
                word.push_wide(c, visit);
            }
            _ => word.end(visit),
        }
        previous = byte;
    }
    word.end(visit);
}

/// The word being read.
struct Buffer {
    bytes: [u8; MAX_WORD_BYTES],
    len: usize,
}

impl Default for Buffer {
    fn default() -> Self {
        Self { bytes: [0; MAX_WORD_BYTES], len: 0 }
    }
}

impl Buffer {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
        }
        self.len += 1;
    }

    fn push_wide(&mut self, c: char, visit: &mut impl FnMut(Word<'_>)) {
        for lower in c.to_lowercase() {
            if is_within(&SEPARATORS, lower) {
                self.end(visit);
            } else {
                lower.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| self.push(byte));
            }
        }
    }

    fn end(&mut self, visit: &mut impl FnMut(Word<'_>)) {
        match self.bytes.get(..self.len) {
            Some([]) => {}
            Some(bytes) => visit(Word::Bytes(bytes)),
            None => visit(Word::TooLong),
        }
        self.len = 0;
    }
}
