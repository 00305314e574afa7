//! The Rust half of rcm: from a directory to chunks, terms and embeddings.
//!
//! The modules stand in the order in which data flows through them:
//!
//! ```text
//! walk -> read -> snapshot -> filter -> parse -> chunk -> terms -> embed
//!         └────────────── process: process_file ──────────┘
//! ```
//!
//! Each stage is a function from one value to the next, and no stage calls another; only
//! [`process::process_file`] composes them, and [`pipeline`] says when; [`look::look`] composes the first three for a
//! file that is known, and [`grep::grep_file`] for an exact search. Nothing here knows Python, an index or a network.

#![forbid(unsafe_code)]

pub mod error;
pub mod skip;

pub mod walk;

pub mod read;
pub mod snapshot;

pub mod filter;

pub mod parse;

pub mod chunk;

pub mod terms;

pub mod embed;

pub mod cancel;
pub mod in_flight;
pub mod look;
pub mod process;

pub mod pipeline;

pub mod grep;
