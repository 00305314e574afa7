//! `process_file`: the one place where read, filter, parse, chunk and terms are put together.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::chunk::{Chunk, chunk};
use crate::filter::{SecretMode, SecretPolicy, Secrets, filter};
use crate::in_flight::InFlight;
use crate::parse::{Degraded, parse};
use crate::read::{Digest, Unread, digest, read};
use crate::skip::SkipReason;
use crate::terms;
use crate::walk::Entry;

/// Busy time per stage, summed over threads.
#[derive(Debug, Default)]
pub struct Timers([AtomicU64; 6]);

impl Timers {
    /// The stages timed, in flow order.
    pub const STAGES: [&'static str; 6] = ["read", "hash", "filter", "parse", "chunk", "terms"];

    fn time<T>(&self, stage: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.0[stage].fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        result
    }

    /// Seconds per stage, in the order of [`Self::STAGES`].
    pub fn seconds(&self) -> [f64; 6] {
        std::array::from_fn(|stage| self.0[stage].load(Ordering::Relaxed) as f64 / 1e9)
    }
}

/// A chunk with its lexical terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermedChunk {
    /// The chunk, without the names that it uses.
    pub chunk: Chunk,
    /// Keys of these names: a tenth of their memory, while chunks wait for the store.
    pub references: Vec<u64>,
    /// Its bag of terms joined by blanks, as the lexical index takes it.
    pub terms: String,
    /// The same bag counted: (term key, count), sorted by key.
    pub bag: Vec<(u32, u16)>,
    /// Terms in the bag.
    pub length: u32,
}

/// One file, ready to be embedded and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Language name.
    pub language: &'static str,
    /// In order of lines.
    pub chunks: Vec<TermedChunk>,
    /// Whether bytes that are not UTF-8 were replaced.
    pub lossy: bool,
    /// Secrets replaced, and those allowed to stay.
    pub secrets: Secrets,
    /// Set when the file could not be wholly parsed.
    pub degraded: Option<Degraded>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// To be embedded and stored.
    Indexed(Document),
    /// Content is what the index already has.
    Unchanged,
    /// Left out, with the reason.
    Skipped(SkipReason),
    /// Vanished since the walk.
    Gone,
    /// Could not be processed; lower case, no full stop.
    Failed(String),
}

/// One file after [`process_file`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processed {
    /// The entry as of the read (as of the walk if nothing was read).
    pub entry: Entry,
    /// SHA-256 of the bytes, if any were read.
    pub digest: Option<Digest>,
    /// Whether the file changed between walk and read.
    pub moved: bool,
    /// The result.
    pub outcome: Outcome,
}

/// Processes one file: read, hash, and unless its digest is `known`, filter, parse, chunk and terms.
///
/// A panic in a stage becomes this file's [`Outcome::Failed`].
pub fn process_file(
    root: &Path,
    entry: &Entry,
    known: Option<&Digest>,
    max_file_bytes: u64,
    secrets: &SecretPolicy,
    in_flight: &InFlight,
    timers: &Timers,
) -> Processed {
    let source = read_file(root, entry, max_file_bytes, timers);
    process_source(entry, source, known, secrets, in_flight, timers)
}

/// What reading a file gave: its bytes and the entry as of then.
pub type Source = Result<(Vec<u8>, Entry), Unread>;

/// The first step of [`process_file`], for whoever reads ahead.
pub fn read_file(root: &Path, entry: &Entry, max_file_bytes: u64, timers: &Timers) -> Source {
    timers.time(0, || read(root, entry, max_file_bytes))
}

/// The other steps of [`process_file`].
pub fn process_source(
    entry: &Entry,
    source: Source,
    known: Option<&Digest>,
    secrets: &SecretPolicy,
    in_flight: &InFlight,
    timers: &Timers,
) -> Processed {
    let (bytes, current) = match source {
        Ok(source) => source,
        Err(unread) => {
            let outcome = match unread {
                Unread::Gone => Outcome::Gone,
                Unread::Skipped(reason) => Outcome::Skipped(reason),
                Unread::Failed(error) => Outcome::Failed(error),
            };
            return Processed { entry: entry.clone(), digest: None, moved: true, outcome };
        }
    };
    let digest = timers.time(1, || digest(&bytes));
    let moved = current != *entry;
    let outcome = if known == Some(&digest) {
        Outcome::Unchanged
    } else if in_flight.has_crashed(&digest) {
        Outcome::Skipped(SkipReason::Crashed)
    } else {
        in_flight.note(&entry.path, &digest);
        survive(|| process_bytes(&entry.path, &bytes, secrets, timers))
    };
    Processed { entry: current, digest: Some(digest), moved, outcome }
}

/// Turns a panic of `work` into the failure of one file, without the report that a panic prints.
fn survive(work: impl FnOnce() -> Outcome) -> Outcome {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !SURVIVES.get() {
                report(panic);
            }
        }));
    });
    SURVIVES.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    SURVIVES.set(false);
    outcome.unwrap_or_else(|panic| Outcome::Failed(panic_text(&*panic)))
}

thread_local! {
    /// Whether a panic on this thread is about to be caught and reported by its file's failure.
    static SURVIVES: Cell<bool> = const { Cell::new(false) };
}

fn process_bytes(path: &Path, bytes: &[u8], policy: &SecretPolicy, timers: &Timers) -> Outcome {
    let text = match timers.time(2, || filter(path, bytes, policy)) {
        Ok(text) => text,
        Err(reason) => return Outcome::Skipped(reason),
    };
    let tree = timers.time(3, || parse(path, &text.text));
    let mut chunks = timers.time(4, || chunk(&text.text, &tree));
    if policy.mode == SecretMode::SkipChunk {
        chunks.retain(|chunk| !holds_secret(chunk, &text.secrets));
        if chunks.is_empty() {
            return Outcome::Skipped(SkipReason::Secrets);
        }
    }
    let chunks = timers.time(5, || chunks.into_iter().map(|chunk| with_terms(path, chunk)).collect());
    Outcome::Indexed(Document {
        language: tree.language,
        chunks,
        lossy: text.lossy,
        secrets: text.secrets,
        degraded: tree.degraded,
    })
}

fn holds_secret(chunk: &Chunk, secrets: &Secrets) -> bool {
    let within = |line, end_line| line <= chunk.end_line && chunk.start_line <= end_line;
    secrets.found.iter().any(|secret| within(secret.line, secret.end_line))
}

fn with_terms(path: &Path, mut chunk: Chunk) -> TermedChunk {
    let (terms, bag, length) = terms::bag_and_document(path, &chunk);
    let references = std::mem::take(&mut chunk.references).iter().map(|name| terms::name_key(name)).collect();
    TermedChunk { chunk, references, terms, bag, length }
}

/// The message of a caught panic.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    format!("internal error: {}", said.unwrap_or("a stage panicked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_failure_of_one_file() {
        let outcome = survive(|| panic!("grammar gave an impossible node"));
        assert_eq!(outcome, Outcome::Failed("internal error: grammar gave an impossible node".into()));
        assert_eq!(survive(|| Outcome::Gone), Outcome::Gone, "the thread works on");
    }
}
