//! Faults on purpose: what a test makes happen at a named point of a commit.
//!
//! `RCM_FAULT=point:N:kind` in the environment makes the N-th arrival at `point` (`*`: at any) go wrong: `abort` ends the
//! process at once, `eio` and `enospc` are what a failing or full disk says, `panic` is a bug, `sleep` waits a fifth of a
//! second; `trace` only names each point that is reached, whatever N. The variable is read once; without it a point costs
//! one look at a constant.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The environment variable.
pub const VARIABLE: &str = "RCM_FAULT";

/// Errors of Linux and macOS alike.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Abort,
    Eio,
    Enospc,
    Panic,
    Sleep,
    Trace,
}

#[derive(Debug)]
struct Plan {
    point: String,
    nth: u64,
    kind: Kind,
    arrivals: AtomicU64,
}

impl Plan {
    fn parse(text: &str) -> Option<Self> {
        let (rest, kind) = text.rsplit_once(':')?;
        let (point, nth) = rest.rsplit_once(':')?;
        let kind = match kind {
            "abort" => Kind::Abort,
            "eio" => Kind::Eio,
            "enospc" => Kind::Enospc,
            "panic" => Kind::Panic,
            "sleep" => Kind::Sleep,
            "trace" => Kind::Trace,
            _ => return None,
        };
        Some(Self { point: point.to_owned(), nth: nth.parse().ok()?, kind, arrivals: AtomicU64::new(0) })
    }

    /// Counts an arrival; the fault if it is the one.
    fn arrive(&self, point: &str) -> Option<Kind> {
        let counts = self.point == "*" || self.point == point;
        let is_due = || self.arrivals.fetch_add(1, Ordering::Relaxed) + 1 == self.nth;
        (counts && (self.kind == Kind::Trace || is_due())).then_some(self.kind)
    }
}

fn plan() -> Option<&'static Plan> {
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    PLAN.get_or_init(|| Plan::parse(&std::env::var(VARIABLE).ok()?)).as_ref()
}

/// Says that `point` is reached, and lets happen what the environment asks for there.
///
/// # Errors
/// What a failing or full disk would say.
///
/// # Panics
/// If asked to.
pub fn reach(point: &str) -> io::Result<()> {
    match plan() {
        None => Ok(()),
        Some(plan) => plan.arrive(point).map_or(Ok(()), |kind| happen(point, kind)),
    }
}

fn happen(point: &str, kind: Kind) -> io::Result<()> {
    // A test learns from this line which point it has hit.
    eprintln!("fault: {point}");
    match kind {
        Kind::Abort => std::process::abort(),
        Kind::Eio => Err(io::Error::from_raw_os_error(EIO)),
        Kind::Enospc => Err(io::Error::from_raw_os_error(ENOSPC)),
        Kind::Panic => panic!("fault at {point}"),
        Kind::Sleep => {
            std::thread::sleep(Duration::from_millis(200));
            Ok(())
        }
        Kind::Trace => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_arrival_fails_and_no_other() {
        let plan = Plan::parse("segment-sync:2:eio").unwrap();
        let seen =
            ["segment-sync", "segment-write", "segment-sync", "segment-sync"].map(|at| plan.arrive(at));
        assert_eq!(seen, [None, None, Some(Kind::Eio), None]);
    }

    #[test]
    fn a_star_counts_all_points() {
        let plan = Plan::parse("*:3:enospc").unwrap();
        assert_eq!(["a", "b", "c"].map(|at| plan.arrive(at)), [None, None, Some(Kind::Enospc)]);
    }

    #[test]
    fn a_trace_names_every_arrival() {
        let plan = Plan::parse("*:0:trace").unwrap();
        assert_eq!(["a", "b"].map(|at| plan.arrive(at)), [Some(Kind::Trace); 2]);
    }

    #[test]
    fn what_is_not_understood_is_no_fault() {
        for text in ["", "eio", "a:b", "a:b:eio", "a:1:fire"] {
            assert!(Plan::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_full_disk_is_told_as_the_system_does() {
        assert_eq!(happen("a", Kind::Enospc).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(happen("a", Kind::Eio).unwrap_err().raw_os_error(), Some(5));
    }
}
