//! Text to runs: what may be a word, before it is split.

/// A maximal run of word bytes: an ASCII identifier, ASCII digits, or a run with characters beyond ASCII.
///
/// The last kind may still hold punctuation (every non-ASCII byte counts as a word byte here).
pub(super) fn runs(text: &str) -> Runs<'_> {
    Runs { text, at: 0 }
}

/// Iterator over [`runs`].
pub(super) struct Runs<'a> {
    text: &'a str,
    at: usize,
}

const OTHER: u8 = 0;
const DIGIT: u8 = 1;
const LETTER: u8 = 2;
const WIDE: u8 = 3;

/// Byte to class; the underscore is a letter, every byte of a non-ASCII character is wide.
const CLASS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => LETTER,
            0x80.. => WIDE,
            _ => OTHER,
        };
        byte += 1;
    }
    table
};

impl Runs<'_> {
    /// Where the last run that was given ends.
    pub(super) fn end(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Runs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let start = self.at + bytes[self.at..].iter().position(|&byte| CLASS[byte as usize] != OTHER)?;
        let mut end = start;
        let mut letter_at = None;
        let mut wide = false;
        while let Some(&byte) = bytes.get(end) {
            match CLASS[byte as usize] {
                OTHER => break,
                LETTER if letter_at.is_none() => letter_at = Some(end),
                WIDE => wide = true,
                _ => {}
            }
            end += 1;
        }
        if !wide && let Some(letter_at) = letter_at.filter(|&at| at > start) {
            // `2nd`: an identifier starts at its first letter, the digits before it are a number.
            end = letter_at;
        }
        self.at = end;
        self.text.get(start..end)
    }
}
