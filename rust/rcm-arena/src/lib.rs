//! Parsing with tree-sitter, whose memory is taken from an arena while it parses and given back at once afterwards.
//!
//! A parse makes some hundred thousand small nodes that all live until the tree has been read. Asking the system for each
//! and giving each back was an eighth of a first index.
//!
//! This is the one place where rcm tells tree-sitter how to get memory. Only what it asks for during
//! [`parse`] on the thread that parses is of an arena; everything else, before, after and on other threads, is the
//! system's, so other users of tree-sitter in the process notice nothing.

#![deny(unsafe_code)]

mod arena;
mod hooks;
mod parse;

pub use parse::parse;
