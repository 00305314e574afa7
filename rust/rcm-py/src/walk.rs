//! Walk and change detection for Python.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rayon::prelude::*;
use rcm_core::cancel::Cancel;
use rcm_core::read::{Digest, digest, read};
use rcm_core::snapshot::{Known, Plan, Tree, plan};
use rcm_core::walk::{Entry, WalkOptions, Walked};

use crate::detached::{detached, interruptible};

/// Path, size, mtime, ctime, inode, digest and time of the scan of a file the index knows.
pub type KnownRow = (PathBuf, u64, i64, i64, u64, Digest, i64);

/// Everything one walk found.
#[pyclass(name = "Walked", module = "rcm._rcm", frozen)]
pub struct PyWalked {
    pub walked: Arc<Walked>,
    pub root: PathBuf,
}

#[pymethods]
impl PyWalked {
    fn __len__(&self) -> usize {
        self.walked.entries.len()
    }

    #[getter]
    fn paths(&self) -> Vec<OsString> {
        names(self.walked.entries.iter().map(|entry| &*entry.path))
    }

    #[getter]
    fn skipped(&self) -> Vec<(OsString, &'static str)> {
        self.walked.skipped.iter().map(|(path, reason)| (path.into(), reason.as_str())).collect()
    }

    #[getter]
    fn failures(&self) -> Vec<(OsString, String)> {
        let failures = self.walked.failures.iter();
        failures.map(|failure| (failure.path.clone().into(), failure.error.clone())).collect()
    }

    #[getter]
    fn warning(&self) -> Option<String> {
        self.walked.warning.clone()
    }

    /// Compares with what the index knows.
    fn plan(&self, py: Python<'_>, known: Vec<KnownRow>) -> PyResult<PyPlan> {
        let walked = Arc::clone(&self.walked);
        let root = self.root.clone();
        detached(py, move || {
            let known: BTreeMap<PathBuf, Known> = known.into_iter().map(known_file).collect();
            let plan = plan(&walked.entries, &known, &walked.unreadable);
            let candidates = plan.candidates.iter().map(|&index| {
                let entry = walked.entries[index].clone();
                let digest = known.get(&entry.path).map(|known| known.digest);
                (entry, digest)
            });
            let candidates: Vec<_> = candidates.collect();
            let same = candidates
                .iter()
                .map(|(entry, _)| known.get(&entry.path).is_some_and(|of| of.entry == *entry));
            let same_stat = same.collect();
            Ok(PyPlan { candidates, same_stat, walked: Arc::clone(&walked), plan, root })
        })
    }
}

pub fn known_file((path, size, mtime_ns, ctime_ns, inode, digest, scanned_ns): KnownRow) -> (PathBuf, Known) {
    let entry = Entry { path: path.clone(), size, mtime_ns, ctime_ns, inode };
    (path, Known { entry, digest, scanned_ns })
}

/// A walk compared with the index by stat.
#[pyclass(name = "Plan", module = "rcm._rcm", frozen)]
pub struct PyPlan {
    pub candidates: Vec<(Entry, Option<Digest>)>,
    pub root: PathBuf,
    /// Of each candidate, whether its stat is as known: only the racy rule has it looked at.
    same_stat: Vec<bool>,
    walked: Arc<Walked>,
    plan: Plan,
}

#[pymethods]
impl PyPlan {
    #[getter]
    fn n_unchanged(&self) -> usize {
        self.plan.unchanged.len()
    }

    #[getter]
    fn n_candidates(&self) -> usize {
        self.candidates.len()
    }

    /// (path, size now, latest of mtime and ctime, whether its stat is as known) of each candidate: new, changed,
    /// or only not certain.
    #[getter]
    fn candidates(&self) -> Vec<(OsString, u64, i64, bool)> {
        let row = |((entry, _), same): (&(Entry, Option<Digest>), &bool)| {
            (entry.path.clone().into(), entry.size, entry.mtime_ns.max(entry.ctime_ns), *same)
        };
        self.candidates.iter().zip(&self.same_stat).map(row).collect()
    }

    #[getter]
    fn removed(&self) -> Vec<OsString> {
        names(self.plan.removed.iter().map(PathBuf::as_path))
    }

    #[getter]
    fn unchanged(&self) -> Vec<OsString> {
        names(self.plan.unchanged.iter().map(|&index| &*self.walked.entries[index].path))
    }
}

/// A Merkle tree over directories.
#[pyclass(name = "Tree", module = "rcm._rcm", frozen)]
pub struct PyTree(Tree);

#[pymethods]
impl PyTree {
    #[new]
    fn new(py: Python<'_>, files: Vec<(PathBuf, Digest)>) -> PyResult<Self> {
        detached(py, move || Ok(Self(Tree::build(&files))))
    }

    #[getter]
    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.root())
    }

    /// (added, changed, removed) paths of a newer tree.
    fn diff(&self, newer: &Self) -> (Vec<OsString>, Vec<OsString>, Vec<OsString>) {
        let diff = self.0.diff(&newer.0);
        let [added, changed, removed] =
            [diff.added, diff.changed, diff.removed].map(|paths| names(paths.iter().map(PathBuf::as_path)));
        (added, changed, removed)
    }
}

/// Walks a directory.
#[pyfunction]
#[pyo3(signature = (
    root, *, use_ignore = true, hidden = false, max_file_bytes = 1 << 20, cross_mounts = false, workers = 0
))]
pub fn walk(
    py: Python<'_>,
    root: PathBuf,
    use_ignore: bool,
    hidden: bool,
    max_file_bytes: u64,
    cross_mounts: bool,
    workers: usize,
) -> PyResult<PyWalked> {
    let options = WalkOptions { use_ignore, hidden, max_file_bytes, cross_mounts, threads: workers };
    let cancel = Cancel::default();
    let (stop, start) = (cancel.clone(), root.clone());
    let walked = interruptible(py, &cancel, move || rcm_core::walk::walk(&start, &options, &stop))?;
    Ok(PyWalked { walked: Arc::new(walked), root })
}

/// Reads and hashes the candidates of a plan: (path, digest) of each that could be read.
#[pyfunction]
#[pyo3(signature = (plan, *, max_file_bytes = 1 << 20))]
pub fn hash_files(py: Python<'_>, plan: &PyPlan, max_file_bytes: u64) -> PyResult<Vec<(OsString, Digest)>> {
    let (root, files) = (plan.root.clone(), plan.candidates.clone());
    let cancel = Cancel::default();
    let stop = cancel.clone();
    interruptible(py, &cancel, move || {
        Ok(files
            .par_iter()
            .filter(|_| !stop.is_cancelled())
            .filter_map(|(entry, _)| {
                let (bytes, _) = read(&root, entry, max_file_bytes).ok()?;
                Some((entry.path.clone().into(), digest(&bytes)))
            })
            .collect())
    })
}

/// Paths as Python's `str`, undecodable bytes escaped as its file system encoding does.
fn names<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<OsString> {
    paths.map(|path| path.as_os_str().to_owned()).collect()
}
