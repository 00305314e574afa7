//! Limits that keep one file from stopping a run, counted in work and never in time: the same file gives the
//! same tree on a loaded machine.

use std::ops::ControlFlow;

/// Progress callbacks that every file may use; tree-sitter makes one per 100 parser operations, the search for
/// patterns one per 100 nodes.
const BASE_CALLS: usize = 1_000;

/// One more callback for each so many bytes. Over 15 public repositories (13,000 files, 24 languages) parsing used
/// one per 85 to 455 bytes on average and one per 42 in the worst file.
const BYTES_PER_CALL: usize = 16;

/// A number of callbacks that may still be made.
#[derive(Debug)]
pub struct Budget {
    calls_left: usize,
    refused: bool,
}

impl Budget {
    /// The budget of a text of `bytes` bytes.
    pub fn for_text(bytes: usize) -> Self {
        Self { calls_left: BASE_CALLS + bytes / BYTES_PER_CALL, refused: false }
    }

    /// Counts one callback; breaks when none is left.
    pub fn spend(&mut self) -> ControlFlow<()> {
        if self.calls_left == 0 {
            self.refused = true;
            return ControlFlow::Break(());
        }
        self.calls_left -= 1;
        ControlFlow::Continue(())
    }

    /// Whether more was asked for than there was.
    pub fn was_exceeded(&self) -> bool {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends() {
        let mut budget = Budget::for_text(BYTES_PER_CALL * 2);
        let calls = std::iter::from_fn(|| budget.spend().is_continue().then_some(())).count();
        assert_eq!(calls, BASE_CALLS + 2);
        assert!(budget.was_exceeded());
    }
}
