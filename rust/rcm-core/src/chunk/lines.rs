//! The lines of a text with their sizes, so that the size of any run of lines is one subtraction.

use std::ops::Range;

/// The lines of a text. Runs of lines are half-open ranges of 0-based line numbers.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    texts: Vec<&'a str>,
    /// Byte at which each line begins.
    starts: Vec<usize>,
    /// Characters before each line, line breaks counted, and after the last.
    chars_before: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Splits `text` as [`str::lines`] does.
    pub fn new(text: &'a str) -> Self {
        let texts: Vec<&str> = text.lines().collect();
        let origin = text.as_ptr() as usize;
        let starts = texts.iter().map(|line| line.as_ptr() as usize - origin).collect();
        let mut chars_before = Vec::with_capacity(texts.len() + 1);
        let mut chars = 0;
        chars_before.push(chars);
        for line in &texts {
            chars += line.chars().count() + 1;
            chars_before.push(chars);
        }
        Self { text, texts, starts, chars_before }
    }

    /// All lines.
    pub fn all(&self) -> Range<usize> {
        0..self.texts.len()
    }

    /// One line, without its line break.
    pub fn line(&self, at: usize) -> &'a str {
        self.texts[at]
    }

    /// Characters in a run, line breaks counted.
    pub fn chars(&self, run: &Range<usize>) -> usize {
        self.chars_before[run.end] - self.chars_before[run.start]
    }

    /// Whether a line has nothing on it.
    pub fn is_blank(&self, at: usize) -> bool {
        self.texts[at].trim().is_empty()
    }

    /// Blank characters at the beginning of a line.
    pub fn indent(&self, at: usize) -> usize {
        self.texts[at].chars().take_while(|c| c.is_whitespace()).count()
    }

    /// Whether a run has a letter or digit in it.
    pub fn has_words(&self, run: Range<usize>) -> bool {
        self.texts[run].iter().any(|line| line.chars().any(char::is_alphanumeric))
    }

    /// The run of lines that `bytes` touches, blanks at its end left out.
    pub fn of_bytes(&self, bytes: &Range<usize>) -> Range<usize> {
        let end = bytes.start + self.text[bytes.clone()].trim_end().len();
        let first = self.line_of(bytes.start);
        first..(self.line_of(end.saturating_sub(1)) + 1).max(first)
    }

    /// Without the blank lines at both ends; none if nothing is left.
    pub fn trimmed(&self, run: Range<usize>) -> Option<Range<usize>> {
        let start = run.clone().find(|&line| !self.is_blank(line))?;
        let end = run.rev().find(|&line| !self.is_blank(line))? + 1;
        Some(start..end)
    }

    /// The lines of a run joined by line feeds.
    pub fn joined(&self, run: Range<usize>) -> String {
        self.texts[run].join("\n")
    }

    fn line_of(&self, byte: usize) -> usize {
        self.starts.partition_point(|&start| start <= byte).saturating_sub(1)
    }
}
