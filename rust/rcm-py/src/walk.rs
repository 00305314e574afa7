//! Walk and change detection for Python.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rayon::prelude::*;
use rcm_core::cancel::Cancel;
use rcm_core::read::{Digest, digest, read};
use rcm_core::snapshot::{Candidate, Known, Plan, Tree, plan, root_digest};
use rcm_core::walk::{Entry, WalkOptions, Walked};

use crate::detached::{detached, interruptible};

/// Path, size, mtime, ctime, inode, digest and time of the scan of a file the index knows.
pub type KnownRow = (Place, u64, i64, i64, Inode, Digest, i64);

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

    /// Compares with what the index knows: rows of any iterable, none of which is kept.
    fn plan(&self, known: &Bound<'_, PyAny>) -> PyResult<PyPlan> {
        let walked = &self.walked;
        let plan = each(known, |rows| {
            let rows = rows.map(|row: KnownRow| known_file(row));
            plan(&walked.entries, rows, &walked.unreadable)
        })?;
        let Plan { unchanged, candidates, removed } = plan;
        Ok(PyPlan {
            walked: Arc::clone(walked),
            root: self.root.clone(),
            candidates: Arc::new(candidates),
            unchanged,
            removed,
        })
    }
}

/// Gives `work` the items of a Python iterable one by one, up to the first that fails; its error is the result then.
fn each<T, R>(items: &Bound<'_, PyAny>, work: impl FnOnce(&mut dyn Iterator<Item = T>) -> R) -> PyResult<R>
where
    T: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr>,
{
    let mut failed = None;
    let mut taken = items.try_iter()?.map_while(|item| {
        let item = item.and_then(|item| item.extract());
        item.map_err(|error| failed = Some(error)).ok()
    });
    let result = work(&mut taken);
    drop(taken);
    failed.map_or(Ok(result), Err)
}

/// A path as Python's `str`, or as the bytes that the file system has.
pub struct Place(PathBuf);

impl<'py> FromPyObject<'_, 'py> for Place {
    type Error = PyErr;

    fn extract(path: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match path.cast::<PyBytes>() {
            Ok(bytes) => Ok(Self(OsString::from_vec(bytes.as_bytes().to_vec()).into())),
            Err(_) => Ok(Self(path.extract()?)),
        }
    }
}

/// An inode number; SQLite keeps those above `i64::MAX` as negative ones.
pub struct Inode(u64);

impl<'py> FromPyObject<'_, 'py> for Inode {
    type Error = PyErr;

    fn extract(number: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match number.extract::<i64>() {
            Ok(signed) => Ok(Self(signed as u64)),
            Err(_) => Ok(Self(number.extract()?)),
        }
    }
}

pub fn known_file((path, size, mtime_ns, ctime_ns, inode, digest, scanned_ns): KnownRow) -> Known {
    Known { entry: Entry { path: path.0, size, mtime_ns, ctime_ns, inode: inode.0 }, digest, scanned_ns }
}

/// A walk compared with the index by stat.
#[pyclass(name = "Plan", module = "rcm._rcm", frozen)]
pub struct PyPlan {
    pub walked: Arc<Walked>,
    pub candidates: Arc<Vec<Candidate>>,
    pub root: PathBuf,
    unchanged: Vec<usize>,
    removed: Vec<PathBuf>,
}

#[pymethods]
impl PyPlan {
    #[getter]
    fn n_unchanged(&self) -> usize {
        self.unchanged.len()
    }

    #[getter]
    fn n_candidates(&self) -> usize {
        self.candidates.len()
    }

    /// (path, size now, latest of mtime and ctime, whether its stat is as known) of each candidate: new, changed,
    /// or only not certain.
    #[getter]
    fn candidates(&self) -> Vec<(OsString, u64, i64, bool)> {
        let row = |file: &Candidate| {
            let entry = &self.walked.entries[file.index];
            (entry.path.clone().into(), entry.size, entry.mtime_ns.max(entry.ctime_ns), file.same_stat)
        };
        self.candidates.iter().map(row).collect()
    }

    #[getter]
    fn removed(&self) -> Vec<OsString> {
        names(self.removed.iter().map(PathBuf::as_path))
    }

    #[getter]
    fn unchanged(&self) -> Vec<OsString> {
        names(self.unchanged.iter().map(|&index| &*self.walked.entries[index].path))
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

/// The root of the tree of (path, digest) rows of any iterable, sorted by path bytes; holds one chain of directories.
#[pyfunction]
pub fn merkle_root<'py>(py: Python<'py>, files: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let root = each(files, |rows| root_digest(rows.map(|(path, digest): (Place, Digest)| (path.0, digest))))?;
    Ok(PyBytes::new(py, &root))
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
    let (root, walked, files) = (plan.root.clone(), Arc::clone(&plan.walked), Arc::clone(&plan.candidates));
    let cancel = Cancel::default();
    let stop = cancel.clone();
    interruptible(py, &cancel, move || {
        Ok(files
            .par_iter()
            .filter(|_| !stop.is_cancelled())
            .filter_map(|file| {
                let entry = &walked.entries[file.index];
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
