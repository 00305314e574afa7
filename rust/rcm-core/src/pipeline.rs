//! Schedulers: when the files of a run are processed, by whom and in which blocks.
//!
//! The modes differ in *when* a file is processed, never in *what* is done with it: every mode hands out the
//! same blocks of files, in the order of the walk, so ids and stored bytes cannot depend on the mode.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::Scope;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use rayon::prelude::*;

use crate::cancel::Cancel;
use crate::error::Error;
use crate::filter::SecretPolicy;
use crate::in_flight::InFlight;
use crate::process::{Processed, Source, Timers, process_file, process_source, read_file};
use crate::snapshot::Candidate;
use crate::walk::Walked;

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
        read_file(&job.root, entry, job.max_file_bytes, timers)
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
    use crate::walk::Entry;

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
