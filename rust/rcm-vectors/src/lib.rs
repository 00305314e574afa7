//! Immutable vector segments: written once, checked when opened, scanned by memory map.
//!
//! A segment holds what scoring needs of each chunk: an int8 vector, a bag of terms, the names that it
//! defines and those that it uses. Rows have
//! 64-bit ids, ascending and never reused. [`SegmentBuilder`] writes one file, [`Segment`] opens one, [`Segments`] scores
//! over several with dead rows masked, [`merge`] makes one of many.
//!
//! ```text
//! SegmentBuilder -> file -> Segment -> Segments -> retrieve, definitions, referenced -> Files -> rank
//!                    └──────── merge ────────┘
//! ```
//!
//! A damaged or hostile file gives an error when opened or wrong scores, never a panic or a read out of bounds;
//! [`Segment::verify`] tells whether the bytes are the ones that were written.
#![deny(unsafe_code)]

mod bm25;
mod builder;
mod checksum;
mod error;
pub mod fault;
mod files;
mod format;
mod kernel;
mod links;
mod map;
mod merge;
mod quantize;
mod retrieve;
mod scan;
mod score;
mod segment;
mod segments;
mod write;

pub use bm25::Bm25;
pub use builder::{Row, SegmentBuilder};
pub use checksum::{Checksum, HEAD_BYTES};
pub use error::SegmentError;
pub use files::{FileScore, Files, Shares, best_within};
pub use format::FORMAT_VERSION;
pub use links::{Links, reference_key};
pub use merge::merge;
pub use retrieve::{Wanted, above_floor, after_best, scale_cosines};
pub use scan::Nearest;
pub use score::{PARTS, Rules, Scored, Traits};
pub use segment::{Expected, Segment};
pub use segments::{Definition, Segments};
pub use write::SegmentInfo;
