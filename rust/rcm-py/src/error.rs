//! Errors of the Rust crates to Python exceptions, in one place.

use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use rcm_core::error::Error;
use rcm_vectors::SegmentError;

/// The exception for a stopped run.
pub fn to_py(error: Error) -> PyErr {
    match error {
        Error::Io { path, source } => match source.raw_os_error() {
            Some(code) => {
                let said = source.to_string();
                let reason = said.split(" (os error").next().unwrap_or(&said).to_owned();
                PyOSError::new_err((code, reason, path))
            }
            None => PyOSError::new_err(format!("{}: {source}", path.display())),
        },
        Error::Cancelled => PyKeyboardInterrupt::new_err(()),
        Error::Internal(reason) => PyRuntimeError::new_err(format!("internal error: {reason}")),
        Error::Model { .. } => named("ModelError", &error.to_string()),
    }
}

/// The exception for a vector segment that cannot be written or used.
pub fn segment_to_py(error: SegmentError) -> PyErr {
    match error {
        SegmentError::Io { path, source } => to_py(Error::Io { path, source }),
        damaged => named("IndexDamagedError", &damaged.to_string()),
    }
}

/// An exception class of `rcm.errors`.
fn named(class: &str, message: &str) -> PyErr {
    Python::attach(|py| {
        let made = py
            .import("rcm.errors")
            .and_then(|errors| errors.getattr(class))
            .and_then(|class| class.call1((message,)));
        match made {
            Ok(exception) => PyErr::from_value(exception),
            Err(error) => error,
        }
    })
}
