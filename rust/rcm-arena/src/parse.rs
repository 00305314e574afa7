//! One text to what is read from its tree.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::ControlFlow;

use tree_sitter::{Language, Node, ParseOptions, ParseState, Parser};

use crate::hooks::Lease;

/// Parses `text` and lets `read` look at the tree; none if `go_on` broke the parse off.
///
/// `go_on` is called every 100 operations of the parser.
pub fn parse<R>(
    language: &Language,
    text: &str,
    mut go_on: impl FnMut() -> ControlFlow<()>,
    read: impl for<'tree> FnOnce(Node<'tree>) -> R,
) -> Option<R> {
    // SAFETY: the parser is dropped here and the tree forgotten; the root is lent to `read` for no longer than that, and
    // nothing that it gives of the tree can outlive its lifetime. What `go_on` and `read` allocate is not of the arena.
    let lease = unsafe { Lease::new() };
    let bytes = text.as_bytes();
    let (parser, tree) = lease.within(|| {
        let mut parser = Parser::new();
        parser.set_language(language).expect("grammars are of versions that this parser reads");
        let mut progress = |_: &ParseState| lease.outside(&mut go_on);
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree =
            parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options));
        (parser, tree)
    });
    let tree = ManuallyDrop::new(tree);
    let result = tree.as_ref().map(|tree| read(tree.root_node()));
    drop(parser);
    drop(lease);
    result
}
