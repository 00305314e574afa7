//! Files as they are now, for answers that say how fresh they are.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rcm_core::look::Seen;
use rcm_core::read::Unread;

use crate::detached::unlocked;
use crate::secrets::policy;
use crate::walk::{KnownRow, known_file};

/// Text, why there is none, digest, and (size, mtime, ctime, inode) of a file.
type TextRow<'py> = (Option<String>, String, Option<Bound<'py, PyBytes>>, Option<(u64, i64, i64, u64)>);

/// Whether each file is as known: (`"fresh"`, none), (`"changed"`, its text now if it has one) or (`"deleted"`, none).
#[pyfunction]
#[pyo3(signature = (root, known, *, max_file_bytes = 1 << 20, secrets = "redact", allowed = Vec::new()))]
pub fn look(
    py: Python<'_>,
    root: PathBuf,
    known: Vec<KnownRow>,
    max_file_bytes: u64,
    secrets: &str,
    allowed: Vec<String>,
) -> PyResult<Vec<(&'static str, Option<String>)>> {
    let policy = policy(secrets, &allowed)?;
    unlocked(py, move || {
        let known: Vec<_> = known.into_iter().map(known_file).collect();
        let seen = rcm_core::look::look(&root, &known, max_file_bytes, &policy);
        let told = seen.into_iter().map(|seen| match seen {
            Seen::Unchanged => ("fresh", None),
            Seen::Changed(text) => ("changed", text),
            Seen::Gone => ("deleted", None),
        });
        told.collect()
    })
}

/// The text of one file as it would be indexed now; without one, why: `"gone"`, a reason to skip it, or an error.
#[pyfunction]
#[pyo3(signature = (root, path, *, max_file_bytes = 1 << 20, secrets = "redact", allowed = Vec::new()))]
pub fn read_text<'py>(
    py: Python<'py>,
    root: PathBuf,
    path: PathBuf,
    max_file_bytes: u64,
    secrets: &str,
    allowed: Vec<String>,
) -> PyResult<TextRow<'py>> {
    let policy = policy(secrets, &allowed)?;
    let read = unlocked(py, move || rcm_core::look::read_text(&root, &path, max_file_bytes, &policy))?;
    Ok(match read {
        Ok((text, digest, entry)) => {
            let stat = (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode);
            (Some(text), String::new(), Some(PyBytes::new(py, &digest)), Some(stat))
        }
        Err(Unread::Gone) => (None, "gone".into(), None, None),
        Err(Unread::Skipped(reason)) => (None, reason.as_str().into(), None, None),
        Err(Unread::Failed(error)) => (None, error, None, None),
    })
}
