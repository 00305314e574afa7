//! Lines of a changelog that name code: what people say about a definition when they change it.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use crate::prose::is_sentence;

/// File stems, in lower case, of documents that list changes.
const STEMS: [&str; 6] = ["changelog", "changes", "history", "news", "releases", "release_notes"];
/// Lines kept of one name: a much-changed function is not worth more.
const LINES_PER_NAME: usize = 3;
/// Shorter names are words.
const SHORTEST_NAME: usize = 4;

/// The changelogs of one source: each name in code marks, and the lines that have it.
#[derive(Default)]
pub struct Changelog {
    lines: HashMap<String, Vec<String>>,
}

impl Changelog {
    /// Reads the changelogs among `paths`.
    pub fn read(paths: &[PathBuf]) -> Self {
        let mut read = Self::default();
        for path in paths {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
            let listed = STEMS.iter().any(|each| stem.starts_with(each));
            if let (true, Ok(text)) = (listed, fs::read_to_string(path)) {
                text.lines().for_each(|line| read.add(line));
            }
        }
        read
    }

    fn add(&mut self, line: &str) {
        let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        for (at, code) in quoted.iter().enumerate() {
            let Some(name) = last_name(code) else { continue };
            let query = if at.is_multiple_of(2) { line.replace(code, " ") } else { line.to_owned() };
            let query = plain(&query);
            let lines = self.lines.entry(name.to_owned()).or_default();
            if lines.len() < LINES_PER_NAME && is_sentence(&query) {
                lines.push(query);
            }
        }
    }

    /// The lines about `name`, handed out once: to the first definition of that name.
    pub fn take(&mut self, name: &str) -> Vec<String> {
        self.lines.remove(name).unwrap_or_default()
    }
}

/// The name that a piece of code ends with, as in `Type::method()`; none for what is no name.
fn last_name(code: &str) -> Option<&str> {
    let code = code.split(['(', '<', '!', '{']).next().unwrap_or_default();
    let name = code.rsplit(['.', ':', '#', '/']).next().unwrap_or_default().trim();
    let plain = name.chars().all(|each| each.is_alphanumeric() || each == '_');
    (plain && name.len() >= SHORTEST_NAME).then_some(name)
}

/// A line of Markdown without its marks, links and issue numbers.
fn plain(line: &str) -> String {
    let words = line.trim().trim_start_matches(['*', '-', '+', ' ']).split_whitespace();
    let said =
        words.filter(|word| !word.contains("://") && !word.trim_start_matches(['(', '[']).starts_with('#'));
    said.collect::<Vec<_>>().join(" ").replace(['`', '*', '[', ']'], " ").trim().to_owned()
}
