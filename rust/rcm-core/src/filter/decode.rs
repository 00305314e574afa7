//! Bytes to text: UTF-8 with or without BOM, UTF-16 with BOM, and legacy encodings as far as they are ASCII.

use crate::skip::SkipReason;

/// Where NUL bytes are looked for; git looks at the same 8,000 bytes.
const SNIFFED: usize = 8_000;

/// One byte in ten may be invalid before the file counts as binary.
const INVALID_SHARE: usize = 10;

/// Decodes `bytes`; also says whether anything had to be replaced by U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, bool), SkipReason> {
    let (text, lossy) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => decode_utf8(rest)?,
        // The BOM of UTF-32, little endian, begins like the one of UTF-16.
        [0xFF, 0xFE, 0, 0, ..] => return Err(SkipReason::Binary),
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes)?,
        _ => decode_utf8(bytes)?,
    };
    let text =
        if memchr::memchr(b'\r', text.as_bytes()).is_some() { text.replace("\r\n", "\n") } else { text };
    Ok((text, lossy))
}

fn decode_utf8(bytes: &[u8]) -> Result<(String, bool), SkipReason> {
    if memchr::memchr(0, &bytes[..bytes.len().min(SNIFFED)]).is_some() {
        return Err(SkipReason::Binary);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((text.to_string(), false));
    }
    let invalid: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    if invalid * INVALID_SHARE > bytes.len() && has_control_bytes(bytes) {
        return Err(SkipReason::Binary);
    }
    Ok((String::from_utf8_lossy(bytes).into_owned(), true))
}

/// Tells data from text in Shift-JIS, EUC or KOI8, where most bytes are no UTF-8 but none is a control byte.
fn has_control_bytes(bytes: &[u8]) -> bool {
    bytes.iter().any(|&byte| byte == 0x7F || byte < b' ' && !b"\t\n\x0c\r\x1b".contains(&byte))
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(String, bool), SkipReason> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut lossy = !rest.is_empty();
    let mut text = String::with_capacity(bytes.len());
    for character in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        lossy |= character.is_err();
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if memchr::memchr(0, &text.as_bytes()[..text.len().min(SNIFFED)]).is_some() {
        return Err(SkipReason::Binary);
    }
    Ok((text, lossy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<(&str, bool), SkipReason>) {
        assert_eq!(decode(bytes), expected.map(|(text, lossy)| (text.to_string(), lossy)));
    }

    fn utf16(bom: [u8; 2], text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        bom.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
    }

    #[test]
    fn utf_8_with_and_without_bom() {
        check("naïve 🦀".as_bytes(), Ok(("naïve 🦀", false)));
        check(b"\xEF\xBB\xBFfn", Ok(("fn", false)));
    }

    #[test]
    fn utf_16_needs_its_bom() {
        check(&utf16([0xFF, 0xFE], "let 🦀", u16::to_le_bytes), Ok(("let 🦀", false)));
        check(&utf16([0xFE, 0xFF], "let 🦀", u16::to_be_bytes), Ok(("let 🦀", false)));
        check(b"\xFF\xFEa\0b", Ok(("a", true)));
        check(b"\xFF\xFE\x00\xD8a\0", Ok(("\u{FFFD}a", true)));
        check(b"a\0b\0", Err(SkipReason::Binary));
        check(b"\xFF\xFE\0\0a\0\0\0", Err(SkipReason::Binary));
    }

    #[test]
    fn data_is_binary() {
        check(b"ELF\0\x01", Err(SkipReason::Binary));
        let data: Vec<u8> = (1..=255).collect();
        check(&data, Err(SkipReason::Binary));
    }

    #[test]
    fn legacy_encodings_keep_their_ascii() {
        check(b"caf\xE9 = 1", Ok(("caf\u{FFFD} = 1", true)));
        let (text, lossy) = decode(b"# \x83\x65\x83\x58\x83\x67\nprint(1)\n").expect("Shift-JIS is text");
        assert!(lossy && text.contains("print(1)"));
    }

    #[test]
    fn line_ends_become_newlines_one_for_one() {
        check(b"a\r\nb\nc\rd\r\r\n", Ok(("a\nb\nc\rd\r\n", false)));
    }
}
