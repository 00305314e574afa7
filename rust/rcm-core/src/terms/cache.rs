//! Terms of the runs seen lately, per thread: source code repeats its words, and stemming is the dear part.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::key::term_key;
use super::query::is_function_word;
use super::split::split;

/// Runs remembered per thread: about 8 MiB at most. A full cache is emptied, which costs less than keeping an order.
const CAPACITY: usize = 32_768;

/// Longer runs are rarely seen twice.
const MAX_RUN_BYTES: usize = 64;

/// The terms of one run.
#[derive(Default)]
pub(super) struct Entry {
    joined: Box<str>,
    /// Key and end in `joined` of each term.
    terms: Box<[(u32, u32)]>,
    /// Where in `terms` the parts of one name begin, after its whole; the end if it is no name or a function word.
    parts_at: usize,
}

impl Entry {
    fn new(run: &str) -> Self {
        let mut joined = String::with_capacity(run.len() * 2);
        split(run, &mut joined);
        let mut end = 0;
        let mut key_and_end = |term: &str| {
            end += term.len() + 1;
            (term_key(term), end as u32 - 1)
        };
        let terms: Box<[_]> = joined.split_terminator(' ').map(&mut key_and_end).collect();
        let is_name = terms.len() < 2 || run.is_ascii();
        let parts_at =
            if is_name && !is_function_word(run) { usize::from(terms.len() > 1) } else { terms.len() };
        Self { joined: joined.into_boxed_str(), terms, parts_at }
    }

    /// The terms, in order.
    pub(super) fn terms(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().scan(0, |start, &(_, end)| {
            let term = self.joined.get(*start..end as usize);
            *start = end as usize + 1;
            term
        })
    }

    /// The keys of the parts of a name, first to last: all terms but its whole. None of a function word, and of a run that is
    /// no one name.
    pub(super) fn parts(&self) -> impl Iterator<Item = u32> {
        self.keys().skip(self.parts_at)
    }

    /// The terms, joined by blanks; empty if there is none.
    pub(super) fn joined(&self) -> &str {
        &self.joined
    }

    /// The key of each term, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u32> {
        self.terms.iter().map(|&(key, _)| key)
    }
}

/// Run to terms.
#[derive(Default)]
pub(super) struct Cache {
    index: FxHashMap<Box<str>, u32>,
    entries: Vec<Entry>,
    long: Entry,
}

impl Cache {
    /// The terms of `run`.
    pub(super) fn entry(&mut self, run: &str) -> &Entry {
        if run.len() > MAX_RUN_BYTES {
            self.long = Entry::new(run);
            return &self.long;
        }
        let at = match self.index.get(run) {
            Some(&at) => at,
            None => self.insert(run),
        };
        &self.entries[at as usize]
    }

    fn insert(&mut self, run: &str) -> u32 {
        if self.entries.len() >= CAPACITY {
            self.entries.clear();
            self.index.clear();
        }
        let at = self.entries.len() as u32;
        self.entries.push(Entry::new(run));
        self.index.insert(run.into(), at);
        at
    }
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// Runs `work` with this thread's cache.
pub(super) fn with<T>(work: impl FnOnce(&mut Cache) -> T) -> T {
    // Taken out, not borrowed: `work` may call back into this module.
    let mut cache = CACHE.take();
    let result = work(&mut cache);
    CACHE.set(cache);
    result
}
