//! `process_file`: the one place where read, filter, parse and chunk are put together, and the schedulers around it.
//!
//! The modes differ in *when* a file is processed, never in *what* is done with it: every mode hands out the
//! same blocks of files, in the order of the walk, so ids and stored bytes cannot depend on the mode.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::thread::Scope;
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use rayon::prelude::*;

use crate::cancel::Cancel;
use crate::chunk::{Chunk, chunk};
use crate::error::Error;
use crate::filter::{SecretMode, SecretPolicy, Secrets, filter};
use crate::in_flight::InFlight;
use crate::parse::{Degraded, parse};
use crate::read::{Digest, Unread, digest, read};
use crate::skip::SkipReason;
use crate::snapshot::Candidate;
use crate::terms;
use crate::walk::{Entry, Walked};

/// Stack of a worker thread; grammars written in C recurse over deeply nested input.
const WORKER_STACK_BYTES: usize = 8 << 20;
/// A block ends at this many bytes of source, unless asked for otherwise ...
pub const BLOCK_BYTES: u64 = 4 << 20;
/// ... or at this many files, whichever comes first: bounds memory at a few times [`BLOCK_BYTES`].
const BLOCK_FILES: usize = 512;
/// Blocks that the pipeline mode may be ahead of its consumer.
const PIPELINE_DEPTH: usize = 2;
/// Blocks that wait for the workers with their bytes read, beside the one being read.
const READ_AHEAD: usize = 1;

/// When files are processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One file after the other, on one thread, only when the consumer asks.
    Sequential,
    /// All cores work on the block that the consumer waits for.
    Parallel,
    /// All cores work ahead while the consumer embeds and stores earlier blocks, and one more thread reads ahead of
    /// them: a disk that is waited for keeps no core idle.
    Pipeline,
}

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
    let source = timers.time(0, || read(root, entry, max_file_bytes));
    process_source(entry, source, known, secrets, in_flight, timers)
}

/// What reading a file gave: its bytes and the entry as of then.
type Source = Result<(Vec<u8>, Entry), Unread>;

fn process_source(
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

/// The files of one run.
#[derive(Debug)]
pub struct Job {
    /// Absolute path of the indexed root.
    pub root: PathBuf,
    /// What the walk found.
    pub walked: Arc<Walked>,
    /// Files of the walk to process, in the order in which they come out.
    pub files: Arc<Vec<Candidate>>,
    /// Size cap in bytes.
    pub max_file_bytes: u64,
    /// What is done about secrets.
    pub secrets: SecretPolicy,
    /// When to process them.
    pub mode: Mode,
    /// Bytes of source at which a block ends; what comes out is the same.
    pub block_bytes: u64,
    /// Worker threads (1 in sequential mode, whatever is asked for).
    pub workers: usize,
    /// Where files are noted before they are parsed, and which ones are not to be.
    pub in_flight: InFlight,
}

/// A running [`Job`]: hands out blocks of processed files in order.
///
/// Dropping it cancels the rest; its thread ends after the file in hand.
#[derive(Debug)]
pub struct Blocks {
    asked: Sender<()>,
    done: Receiver<Vec<Processed>>,
    cancel: Cancel,
    timers: Arc<Timers>,
}

impl Blocks {
    /// Starts the thread that processes blocks on demand (or ahead, in pipeline mode).
    ///
    /// # Errors
    /// [`Error::Internal`] if no thread can be started.
    pub fn start(job: Job) -> Result<Self, Error> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(if job.mode == Mode::Sequential { 1 } else { job.workers.max(1) })
            .stack_size(WORKER_STACK_BYTES)
            .thread_name(|index| format!("rcm-worker-{index}"))
            .build()
            .map_err(|error| Error::Internal(error.to_string()))?;
        let (asked, requests) = unbounded();
        let (results, done) = bounded(PIPELINE_DEPTH);
        let (cancel, timers) = (Cancel::default(), Arc::new(Timers::default()));
        if job.mode == Mode::Pipeline {
            for _ in 0..PIPELINE_DEPTH {
                asked.send(()).map_err(|error| Error::Internal(error.to_string()))?;
            }
        }
        let (stop, clock) = (cancel.clone(), Arc::clone(&timers));
        std::thread::Builder::new()
            .name("rcm-blocks".into())
            .spawn(move || {
                let ranges = blocks(&job);
                std::thread::scope(|scope| {
                    let ahead = read_ahead(scope, &job, &ranges, &stop, &clock);
                    for range in &ranges {
                        if requests.recv().is_err() || stop.is_cancelled() {
                            return;
                        }
                        // Without a reader the workers read themselves.
                        let sources = ahead.as_ref().and_then(|ahead| ahead.recv().ok());
                        let block = process_block(&job, range, sources, &pool, &stop, &clock);
                        if stop.is_cancelled() || results.send(block).is_err() {
                            return;
                        }
                    }
                });
            })
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { asked, done, cancel, timers })
    }

    /// Asks for one more block. Each call must be followed by [`Self::wait`] until it gives that block.
    pub fn ask(&self) {
        // A closed channel means that the job is over, which `wait` reports.
        let _ = self.asked.send(());
    }

    /// Waits up to `timeout` for a block: `Ok(Some)` a block, `Ok(None)` the end, `Err(())` not yet.
    #[allow(clippy::result_unit_err)]
    pub fn wait(&self, timeout: std::time::Duration) -> Result<Option<Vec<Processed>>, ()> {
        match self.done.recv_timeout(timeout) {
            Ok(block) => Ok(Some(block)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(()),
        }
    }

    /// Busy time per stage so far.
    pub fn timers(&self) -> &Timers {
        &self.timers
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Starts the thread that reads blocks ahead of the workers, one block at a time; only the pipeline mode has one.
fn read_ahead<'scope>(
    scope: &'scope Scope<'scope, '_>,
    job: &'scope Job,
    ranges: &'scope [Range<usize>],
    cancel: &'scope Cancel,
    timers: &'scope Timers,
) -> Option<Receiver<Vec<Source>>> {
    if job.mode != Mode::Pipeline {
        return None;
    }
    let (results, blocks) = bounded(READ_AHEAD);
    let read = move |file: &Candidate| {
        let entry = &job.walked.entries[file.index];
        timers.time(0, || read(&job.root, entry, job.max_file_bytes))
    };
    let work = move || {
        for range in ranges {
            let files = job.files[range.clone()].iter().take_while(|_| !cancel.is_cancelled());
            let sources: Vec<_> = files.map(read).collect();
            if sources.len() < range.len() || results.send(sources).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("rcm-reader".into()).spawn_scoped(scope, work).ok()?;
    Some(blocks)
}

fn process_block(
    job: &Job,
    range: &Range<usize>,
    sources: Option<Vec<Source>>,
    pool: &rayon::ThreadPool,
    cancel: &Cancel,
    timers: &Timers,
) -> Vec<Processed> {
    let process = |file: &Candidate, source: Option<Source>| {
        let (entry, known) = (&job.walked.entries[file.index], file.digest.as_ref());
        let (secrets, in_flight) = (&job.secrets, &job.in_flight);
        match source {
            None => process_file(&job.root, entry, known, job.max_file_bytes, secrets, in_flight, timers),
            Some(source) => process_source(entry, source, known, secrets, in_flight, timers),
        }
    };
    let files = &job.files[range.clone()];
    let goes_on = || !cancel.is_cancelled();
    pool.install(|| match (job.mode, sources) {
        (Mode::Sequential, _) => {
            files.iter().take_while(|_| goes_on()).map(|file| process(file, None)).collect()
        }
        (Mode::Parallel | Mode::Pipeline, None) => {
            let files = files.par_iter().with_max_len(1).filter(|_| goes_on());
            files.map(|file| process(file, None)).collect()
        }
        (Mode::Parallel | Mode::Pipeline, Some(sources)) => {
            let files = files.par_iter().zip(sources).with_max_len(1).filter(|_| goes_on());
            files.map(|(file, source)| process(file, Some(source))).collect()
        }
    })
}

/// Cuts the files into blocks by bytes and count; the same in every mode.
fn blocks(job: &Job) -> Vec<Range<usize>> {
    let (mut ranges, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (at, file) in job.files.iter().enumerate() {
        bytes += job.walked.entries[file.index].size;
        if bytes >= job.block_bytes || at + 1 - start >= BLOCK_FILES {
            ranges.push(start..at + 1);
            (start, bytes) = (at + 1, 0);
        }
    }
    if start < job.files.len() {
        ranges.push(start..job.files.len());
    }
    ranges
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

    #[test]
    fn blocks_cover_every_file_once_and_end_by_bytes_or_count() {
        let cut = |sizes: &[u64], block_bytes| {
            let entry =
                |&size: &u64| Entry { path: PathBuf::new(), size, mtime_ns: 0, ctime_ns: 0, inode: 0 };
            let entries: Vec<_> = sizes.iter().map(entry).collect();
            let file = |index| Candidate { index, digest: None, same_stat: false };
            let files = (0..entries.len()).map(file).collect();
            let mut walked = Walked::default();
            walked.entries = entries;
            blocks(&Job {
                root: PathBuf::new(),
                files: Arc::new(files),
                walked: Arc::new(walked),
                max_file_bytes: 0,
                secrets: SecretPolicy::default(),
                mode: Mode::Sequential,
                block_bytes,
                workers: 1,
                in_flight: InFlight::default(),
            })
        };
        let small = [1; BLOCK_FILES + 1];
        assert_eq!(cut(&small, BLOCK_BYTES), [0..BLOCK_FILES, BLOCK_FILES..BLOCK_FILES + 1]);
        assert_eq!(cut(&[BLOCK_BYTES, 1, BLOCK_BYTES], BLOCK_BYTES), [0..1, 1..3]);
        assert_eq!(cut(&small, 256).len(), 3);
        assert!(cut(&[], 1).is_empty());
    }
}
