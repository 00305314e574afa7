//! What stands before a definition and belongs to it: doc comments, attributes, decorators.

use std::ops::Range;

use super::languages::Language;

/// Nodes that may belong to a definition after them.
#[derive(Debug, Default, Clone)]
pub struct Leading {
    /// Comments, doc comments or not.
    pub comments: Vec<Range<usize>>,
    /// Attributes, decorators, type signatures.
    pub attributes: Vec<Range<usize>>,
}

/// Where a definition begins with all that belongs to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Attached {
    /// First byte.
    pub start: usize,
    /// From the first to the last comment attached.
    pub doc: Option<Range<usize>>,
}

impl Leading {
    /// The same, each list by position.
    pub fn sorted(&self) -> Self {
        let mut sorted = self.clone();
        sorted.comments.sort_by_key(|node| node.end);
        sorted.attributes.sort_by_key(|node| node.end);
        sorted
    }
}

/// Walks back from `start` over comments and attributes that follow one another without a blank line.
///
/// A comment belongs only if it begins its line and is indented like the definition: what is at the end of
/// another line, or deeper, is about something else.
pub fn attach(language: &Language, text: &str, start: usize, leading: &Leading) -> Attached {
    let indent = line_indent(text, start);
    let mut attached = Attached { start, doc: None };
    loop {
        let comment = last_before(text, attached.start, &leading.comments);
        let attribute = last_before(text, attached.start, &leading.attributes);
        if let Some(node) = attribute.filter(|node| line_indent(text, node.start) == indent) {
            attached.start = node.start;
        } else if let Some(node) = comment.filter(|node| documents(language, text, node, indent)) {
            let end = attached.doc.map_or(node.start + text[node.clone()].trim_end().len(), |doc| doc.end);
            attached = Attached { start: node.start, doc: Some(node.start..end) };
        } else {
            return attached;
        }
    }
}

/// The 0-based column of the first character that is not blank on the line of byte `at`.
pub fn line_indent(text: &str, at: usize) -> usize {
    let line = &text[line_start(text, at)..];
    line.chars().take_while(|c| c.is_whitespace() && *c != '\n').count()
}

fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |line_end| line_end + 1)
}

/// The last node that ends before `start` with nothing but blanks and at most one line break between.
fn last_before<'a>(text: &str, start: usize, nodes: &'a [Range<usize>]) -> Option<&'a Range<usize>> {
    let node = &nodes[..nodes.partition_point(|node| node.end <= start)].last()?;
    if node.start >= start {
        return None;
    }
    // Some grammars count the line break as part of the comment.
    let end = node.start + text[(*node).clone()].trim_end().len();
    let between = &text[end..start];
    let adjacent = between.len() <= 1_000
        && between.chars().all(char::is_whitespace)
        && memchr::memchr_iter(b'\n', between.as_bytes()).count() <= 1;
    adjacent.then_some(*node)
}

fn documents(language: &Language, text: &str, node: &Range<usize>, indent: usize) -> bool {
    let before = &text[line_start(text, node.start)..node.start];
    before.chars().all(char::is_whitespace)
        && before.chars().count() == indent
        && !language.inner_comments.iter().any(|inner| text[node.clone()].starts_with(inner))
}
