//! Models of the two protocols between threads and processes, run under ten thousand random schedules each.
//!
//! *Commit*: a writer prepares rows, switches the control document, applies, sweeps; it may die between any two steps,
//! and another goes on. Rebuilds move a pointer from one generation to the next. Readers take the steps of
//! `rcm/store/reader.py` without any lock. What must hold: a reader sees exactly the state of one switched epoch, never
//! an older one than it saw before, and needs no more attempts than it has.
//!
//! *Blocks*: the producer and consumer of `pipeline.rs`. What must hold: every block once, in order, never more ahead
//! than the depth allows, and both sides end whoever goes first.

use std::collections::{BTreeMap, BTreeSet};

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::mpsc::{channel, sync_channel};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

const SCHEDULES: usize = 10_000;
const COMMITS: u64 = 3;
const KEYS: u64 = 2;
/// As many as `open_reader` makes.
const ATTEMPTS: usize = 5;

/// Number of a file in `vec/`; never used twice.
type SegmentName = u64;
/// Stands for the hash of a change: another try at the same epoch has another one.
type Hash = u64;

#[derive(Clone, Debug)]
struct Row {
    key: u64,
    hash: Hash,
    segment: SegmentName,
    since: u64,
    until: Option<u64>,
}

impl Row {
    fn holds_at(&self, epoch: u64) -> bool {
        self.since <= epoch && self.until.is_none_or(|until| until > epoch)
    }
}

/// The SQLite side; each use of it is one transaction.
#[derive(Default)]
struct Table {
    applied: u64,
    prepared: Option<(u64, Hash)>,
    rows: Vec<Row>,
}

/// One generation on disk; every field changes in one step, as the real parts do.
#[derive(Default)]
struct Generation {
    table: Mutex<Table>,
    control: Mutex<(u64, Hash)>,
    segments: Mutex<BTreeSet<SegmentName>>,
    /// Every switch that ever happened: what readers are judged by.
    switched: Mutex<BTreeMap<u64, Hash>>,
}

struct Disk {
    lock: Mutex<()>,
    current: Mutex<usize>,
    generations: Mutex<BTreeMap<usize, Arc<Generation>>>,
    names: Mutex<u64>,
    /// A wrong order, to see that the model notices: apply comes before the switch.
    is_wrong: bool,
}

impl Disk {
    fn new(is_wrong: bool) -> Self {
        let first = BTreeMap::from([(1, Arc::new(Generation::default()))]);
        let (current, generations) = (Mutex::new(1), Mutex::new(first));
        Self { lock: Mutex::new(()), current, generations, names: Mutex::new(0), is_wrong }
    }

    fn fresh_name(&self) -> u64 {
        let mut names = self.names.lock().expect("names");
        *names += 1;
        *names
    }

    fn generation(&self, number: usize) -> Option<Arc<Generation>> {
        self.generations.lock().expect("generations").get(&number).cloned()
    }
}

/// The writer died here.
struct Died;

/// Dies now and then, so that each step is the last one of some run.
fn live(may_die: bool) -> Result<(), Died> {
    if may_die && thread_rng().gen_range(0..12) == 0 { Err(Died) } else { Ok(()) }
}

/// Settles what an earlier writer left, then commits up to `COMMITS`.
fn write(disk: &Disk, at: &Generation, may_die: bool) -> Result<(), Died> {
    settle(at);
    sweep(at);
    loop {
        let epoch = at.table.lock().expect("table").applied + 1;
        if epoch > COMMITS {
            return Ok(());
        }
        live(may_die)?;
        let (hash, segment) = (disk.fresh_name(), disk.fresh_name());
        at.segments.lock().expect("segments").insert(segment);
        live(may_die)?;
        prepare(at, epoch, hash, segment);
        live(may_die)?;
        if disk.is_wrong {
            apply(at, epoch);
        }
        live(may_die)?;
        {
            let mut control = at.control.lock().expect("control");
            at.switched.lock().expect("history").insert(epoch, hash);
            *control = (epoch, hash);
        }
        live(may_die)?;
        apply(at, epoch);
        live(may_die)?;
        sweep(at);
    }
}

fn prepare(at: &Generation, epoch: u64, hash: Hash, segment: SegmentName) {
    let mut table = at.table.lock().expect("table");
    let key = epoch % KEYS;
    for row in table.rows.iter_mut().filter(|row| row.key == key && row.until.is_none()) {
        row.until = Some(epoch);
    }
    table.rows.push(Row { key, hash, segment, since: epoch, until: None });
    table.prepared = Some((epoch, hash));
}

fn apply(at: &Generation, epoch: u64) {
    let mut table = at.table.lock().expect("table");
    table.rows.retain(|row| row.until.is_none_or(|until| until > epoch));
    table.applied = epoch;
    table.prepared = None;
}

fn settle(at: &Generation) {
    let (epoch, hash) = *at.control.lock().expect("control");
    let (applied, prepared) = {
        let table = at.table.lock().expect("table");
        (table.applied, table.prepared)
    };
    if epoch == applied + 1 && prepared == Some((epoch, hash)) {
        apply(at, epoch);
    } else {
        assert_eq!(epoch, applied, "the two sides cannot belong together");
        let mut table = at.table.lock().expect("table");
        table.rows.retain(|row| row.since <= epoch);
        for row in table.rows.iter_mut().filter(|row| row.until.is_some_and(|until| until > epoch)) {
            row.until = None;
        }
        table.prepared = None;
    }
}

fn sweep(at: &Generation) {
    let table = at.table.lock().expect("table");
    let needed: BTreeSet<SegmentName> = table.rows.iter().map(|row| row.segment).collect();
    drop(table);
    at.segments.lock().expect("segments").retain(|name| needed.contains(name));
}

/// Builds the next generation beside the present one, moves the pointer, drops what it replaced piece by piece.
fn rebuild(disk: &Disk) -> Result<(), Died> {
    let old = *disk.current.lock().expect("pointer");
    let made = Arc::new(Generation::default());
    disk.generations.lock().expect("generations").insert(old + 1, Arc::clone(&made));
    write(disk, &made, false)?;
    *disk.current.lock().expect("pointer") = old + 1;
    if let Some(gone) = disk.generation(old) {
        gone.segments.lock().expect("segments").clear();
        disk.generations.lock().expect("generations").remove(&old);
    }
    Ok(())
}

/// One try of `_open_once`: generation and epoch that were opened; none if a writer moved on meanwhile.
fn open_once(disk: &Disk) -> Option<(usize, u64)> {
    let number = *disk.current.lock().expect("pointer");
    let at = disk.generation(number)?;
    let (epoch, _) = *at.control.lock().expect("control");
    let rows: Vec<Row> = {
        let table = at.table.lock().expect("table");
        if epoch != table.applied && epoch != table.applied + 1 {
            return None;
        }
        table.rows.iter().filter(|row| row.holds_at(epoch)).cloned().collect()
    };
    for row in &rows {
        if !at.segments.lock().expect("segments").contains(&row.segment) {
            return None;
        }
    }
    let switched = at.switched.lock().expect("history");
    for key in 0..KEYS {
        let last = (1..=epoch).rev().find(|epoch| epoch % KEYS == key);
        let expected: Vec<Hash> = last.map(|epoch| switched[&epoch]).into_iter().collect();
        let seen: Vec<Hash> = rows.iter().filter(|row| row.key == key).map(|row| row.hash).collect();
        assert_eq!(seen, expected, "key {key} at epoch {epoch} of generation {number}");
    }
    Some((number, epoch))
}

fn read(disk: &Disk) {
    let mut last = None;
    for _ in 0..3 {
        let seen = (0..ATTEMPTS).find_map(|_| open_once(disk));
        assert_ne!(seen, None, "a writer moves on fewer times than a reader tries");
        assert!(seen >= last, "{seen:?} after {last:?}");
        last = seen;
    }
}

fn commit_model(is_wrong: bool) {
    let disk = Arc::new(Disk::new(is_wrong));
    let writers: Vec<_> = (0..2)
        .map(|nth| {
            let disk = Arc::clone(&disk);
            thread::spawn(move || {
                let _lock = disk.lock.lock().expect("the writer's lock");
                let number = *disk.current.lock().expect("pointer");
                let at = disk.generation(number).expect("the current generation");
                let done = write(&disk, &at, true);
                if nth == 1 && done.is_ok() {
                    // Death within a rebuild leaves the pointer alone, which is what the next writer starts from.
                    let _ = rebuild(&disk);
                }
            })
        })
        .collect();
    let reader = {
        let disk = Arc::clone(&disk);
        thread::spawn(move || read(&disk))
    };
    for writer in writers {
        writer.join().expect("a writer");
    }
    reader.join().expect("the reader");
    let number = *disk.current.lock().expect("pointer");
    let at = disk.generation(number).expect("the current generation");
    assert!(write(&disk, &at, false).is_ok(), "whoever died, the next writer comes to the end");
    assert_eq!(open_once(&disk), Some((number, COMMITS)));
}

#[test]
fn a_reader_sees_one_switched_epoch_whoever_dies_when() {
    shuttle::check_random(|| commit_model(false), SCHEDULES);
}

/// In which of the assertions it ends depends on the schedules: a reader sees rows of an epoch that was never switched
/// to, finds the two sides apart as often as it tries, or the next writer does.
#[test]
#[should_panic(expected = "assertion")]
fn the_model_finds_an_apply_before_the_switch() {
    shuttle::check_random(|| commit_model(true), SCHEDULES);
}

const BLOCKS: usize = 5;
/// `PIPELINE_DEPTH` of `pipeline.rs`.
const DEPTH: usize = 2;

/// `Blocks::start` and its consumer, with the work left out.
fn blocks_model(is_pipeline: bool, consumer_leaves_after: usize) {
    let (ask, requests) = channel();
    let (results, done) = sync_channel(DEPTH);
    let made = Arc::new(Mutex::new(0_usize));
    if is_pipeline {
        for _ in 0..DEPTH {
            ask.send(()).expect("the producer has not begun");
        }
    }
    let counter = Arc::clone(&made);
    let producer = thread::spawn(move || {
        for block in 0..BLOCKS {
            if requests.recv().is_err() {
                return;
            }
            *counter.lock().expect("counter") += 1;
            if results.send(block).is_err() {
                return;
            }
        }
    });
    for expected in 0..consumer_leaves_after {
        // A closed channel means that the job is over.
        let _ = ask.send(());
        let received = done.recv();
        let ahead = *made.lock().expect("counter") - expected.min(BLOCKS);
        assert!(ahead <= if is_pipeline { DEPTH + 1 } else { 1 }, "{ahead} ahead");
        let Ok(block) = received else {
            assert_eq!(expected, BLOCKS, "all of them, then the end");
            break;
        };
        assert_eq!(block, expected);
    }
    drop((ask, done));
    producer.join().expect("the producer ends");
}

#[test]
fn blocks_come_once_in_order_and_both_sides_end() {
    for is_pipeline in [false, true] {
        for leaves in [0, 2, BLOCKS + 1] {
            shuttle::check_random(move || blocks_model(is_pipeline, leaves), SCHEDULES / 5);
        }
    }
}
