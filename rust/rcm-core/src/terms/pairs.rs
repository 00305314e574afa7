//! Pairs of terms that stand side by side: what a bag of terms does not tell.

use rustc_hash::FxHashSet;

use super::cache::{self, Entry};
use super::key::pair_key;
use super::run;

/// Follows the runs of one text and tells which of their parts are neighbours.
///
/// Neighbours are the parts of a name, and the last part of a word and the first of the next with one blank, hyphen or
/// dot between them: `event_loop`, `EventLoop`, "event loop", `event-loop` and `event.loop` are all one pair. Function
/// words have no neighbours.
#[derive(Default)]
pub(super) struct Neighbours {
    /// Where the last run ended, and the key of its last part.
    last: Option<(usize, u32)>,
}

impl Neighbours {
    /// Calls `visit` with the key of each pair that the run ending at `end` of `text` makes.
    pub(super) fn follow(
        &mut self,
        text: &str,
        run: &str,
        end: usize,
        entry: &Entry,
        mut visit: impl FnMut(u32),
    ) {
        let start = end - run.len();
        let joins = |at: usize| at + 1 == start && matches!(text.as_bytes()[at], b' ' | b'-' | b'.');
        let mut before = self.last.take().filter(|&(at, _)| joins(at)).map(|(_, key)| key);
        for key in entry.parts() {
            if let Some(before) = before {
                visit(pair_key(before, key));
            }
            before = Some(key);
            self.last = Some((end, key));
        }
    }
}

/// The keys of the pairs of a query, each once, in order of first appearance.
pub fn query_pairs(query: &str) -> Vec<u32> {
    let (mut seen, mut found) = (FxHashSet::default(), Vec::new());
    cache::with(|cache| {
        let (mut runs, mut neighbours) = (run::runs(query), Neighbours::default());
        while let Some(run) = runs.next() {
            neighbours.follow(query, run, runs.end(), cache.entry(run), |pair| {
                if seen.insert(pair) {
                    found.push(pair);
                }
            });
        }
    });
    found
}
