//! The schedulers: every mode hands out the same files in the same order, and stops when it is told to.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcm_core::cancel::Cancel;
use rcm_core::filter::SecretPolicy;
use rcm_core::in_flight::InFlight;
use rcm_core::pipeline::{BLOCK_BYTES, Blocks, Job, Mode};
use rcm_core::process::{Outcome, Processed, Timers, process_file};
use rcm_core::read::digest;
use rcm_core::skip::SkipReason;
use rcm_core::snapshot::plan;
use rcm_core::walk::{Entry, WalkOptions, walk};

fn tree(files: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for nth in 0..files {
        let name = format!("m{nth:04}.py");
        fs::write(folder.path().join(name), format!("def made_{nth}():\n    return {nth}\n")).unwrap();
    }
    fs::write(folder.path().join("image.bin"), b"\0\x01").unwrap();
    folder
}

fn entries(root: &Path) -> Vec<Entry> {
    walk(root, &WalkOptions::default(), &Cancel::default()).unwrap().entries
}

fn job(root: &Path, mode: Mode, workers: usize) -> Job {
    let walked = walk(root, &WalkOptions::default(), &Cancel::default()).unwrap();
    let files = plan(&walked.entries, [], &[]).candidates;
    Job {
        root: root.to_path_buf(),
        walked: Arc::new(walked),
        files: Arc::new(files),
        max_file_bytes: 1 << 20,
        block_bytes: BLOCK_BYTES,
        secrets: SecretPolicy::default(),
        mode,
        workers,
        in_flight: InFlight::default(),
    }
}

fn run(job: Job) -> Vec<Processed> {
    let blocks = Blocks::start(job).unwrap();
    let mut all = Vec::new();
    loop {
        blocks.ask();
        match blocks.wait(Duration::from_secs(60)).expect("a block within a minute") {
            Some(block) => all.extend(block),
            None => return all,
        }
    }
}

#[test]
fn every_mode_and_worker_count_gives_the_same_files_in_the_order_of_the_walk() {
    let folder = tree(1_200);
    let expected = run(job(folder.path(), Mode::Sequential, 1));
    let paths: Vec<_> = expected.iter().map(|file| file.entry.clone()).collect();
    assert_eq!(paths, entries(folder.path()));
    for mode in [Mode::Sequential, Mode::Parallel, Mode::Pipeline] {
        for workers in [1, 2, 4] {
            assert_eq!(run(job(folder.path(), mode, workers)), expected, "{mode:?} with {workers}");
        }
    }
}

#[test]
fn a_file_is_indexed_unchanged_skipped_or_gone() {
    let folder = tree(1);
    let all = entries(folder.path());
    let process = |entry: &Entry, known| {
        process_file(
            folder.path(),
            entry,
            known,
            1 << 20,
            &SecretPolicy::default(),
            &InFlight::default(),
            &Timers::default(),
        )
    };
    let [image, module] = &all[..] else { panic!("two files: {all:?}") };

    let indexed = process(module, None);
    assert!(matches!(&indexed.outcome, Outcome::Indexed(document) if document.chunks.len() == 1));
    let bytes = fs::read(folder.path().join(&module.path)).unwrap();
    assert_eq!(indexed.digest, Some(digest(&bytes)), "the digest is of the bytes that were parsed");
    assert_eq!(process(module, indexed.digest.as_ref()).outcome, Outcome::Unchanged);
    assert_eq!(process(image, None).outcome, Outcome::Skipped(SkipReason::Binary));

    fs::write(folder.path().join(&module.path), "x = 1\n").unwrap();
    assert!(process(module, None).moved, "it changed between walk and read");
    fs::remove_file(folder.path().join(&module.path)).unwrap();
    assert_eq!(process(module, None).outcome, Outcome::Gone);
}

#[test]
fn a_consumer_that_leaves_ends_the_work() {
    let folder = tree(1_200);
    for mode in [Mode::Sequential, Mode::Parallel, Mode::Pipeline] {
        let blocks = Blocks::start(job(folder.path(), mode, 2)).unwrap();
        blocks.ask();
        assert!(blocks.wait(Duration::from_secs(60)).unwrap().is_some());
        drop(blocks);
    }
}

#[test]
fn stages_are_timed() {
    let folder = tree(50);
    let timers = Timers::default();
    for entry in entries(folder.path()) {
        process_file(
            folder.path(),
            &entry,
            None,
            1 << 20,
            &SecretPolicy::default(),
            &InFlight::default(),
            &timers,
        );
    }
    assert!(timers.seconds().iter().all(|&seconds| seconds > 0.0), "{:?}", timers.seconds());
}
