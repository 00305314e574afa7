//! The doorway out of the interpreter: long work runs without its lock, and Ctrl-C is looked at every 20 ms.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};
use pyo3::prelude::*;
use rcm_core::error::Error;
use rcm_core::process::panic_text;

use crate::error::to_py;

/// How long a wait may last before signals are looked at; Ctrl-C must act within 100 ms.
pub const POLL: Duration = Duration::from_millis(20);

/// Runs short `work` without the interpreter lock; a panic becomes an ordinary exception.
pub fn detached<T: Send>(py: Python<'_>, work: impl Send + FnOnce() -> Result<T, Error>) -> PyResult<T> {
    py.detach(|| guarded(work)).map_err(to_py)
}

/// Runs short `work` with errors of its own without the interpreter lock; a panic becomes an ordinary exception.
pub fn unlocked<T: Send>(py: Python<'_>, work: impl Send + FnOnce() -> T) -> PyResult<T> {
    detached(py, || Ok(work()))
}

/// Runs long `work` on a thread of its own while this one waits and looks at signals.
///
/// When a signal handler raises, the exception is returned at once; the thread is told by `cancel` and ends alone.
pub fn interruptible<T: Send + 'static>(
    py: Python<'_>,
    cancel: &rcm_core::cancel::Cancel,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    let (sender, receiver) = bounded(1);
    std::thread::Builder::new()
        .name("rcm-work".into())
        .spawn(move || {
            // The receiver is gone when a signal ended the wait; nobody needs the result then.
            let _ = sender.send(guarded(work));
        })
        .map_err(|error| to_py(Error::Internal(error.to_string())))?;
    loop {
        match py.detach(|| receiver.recv_timeout(POLL)) {
            Ok(result) => return result.map_err(to_py),
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| cancel.cancel())?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(to_py(Error::Internal("a worker thread ended without a result".into())));
            }
        }
    }
}

/// Runs `work`; a panic becomes an error.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Error::Internal(panic_text(&*panic))))
}
