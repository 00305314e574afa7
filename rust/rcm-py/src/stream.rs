//! Batches of processed files for Python: an iterator over bounded blocks, memory stays flat.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rcm_core::chunk::{Chunk, format_for_embedding};
use rcm_core::embed::embed_chunk;
use rcm_core::error::Error;
use rcm_core::in_flight::InFlight;
use rcm_core::parse::SymbolKind;
use rcm_core::pipeline::{BLOCK_BYTES, Blocks, Job, Mode};
use rcm_core::process::{Outcome, Processed, TermedChunk, Timers};
use rcm_core::read::Digest;

use crate::detached::{POLL, detached};
use crate::embed::{PyStaticTable, PyVectors};
use crate::secrets::policy;
use crate::walk::PyPlan;

/// Iterator of [`PyBatch`] over the candidates of a plan, in the order of the walk.
#[pyclass(name = "ChunkStream", module = "rcm._rcm", frozen)]
pub struct PyChunkStream(Blocks);

#[pymethods]
impl PyChunkStream {
    #[new]
    #[pyo3(signature = (
        plan, *, mode = "parallel", workers = 1, max_file_bytes = 1 << 20, secrets = "redact", allowed = Vec::new(),
        block_bytes = BLOCK_BYTES, in_flight = None, crashed = Vec::new()
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of a Python method")]
    fn new(
        plan: &PyPlan,
        mode: &str,
        workers: usize,
        max_file_bytes: u64,
        secrets: &str,
        allowed: Vec<String>,
        block_bytes: u64,
        in_flight: Option<PathBuf>,
        crashed: Vec<Digest>,
    ) -> PyResult<Self> {
        let mode = match mode {
            "sequential" => Mode::Sequential,
            "parallel" => Mode::Parallel,
            "pipeline" => Mode::Pipeline,
            other => {
                return Err(PyValueError::new_err(format!(
                    "mode is {other:?}, not sequential, parallel or pipeline"
                )));
            }
        };
        let secrets = policy(secrets, &allowed)?;
        let in_flight = match in_flight {
            Some(path) => InFlight::new(&path, crashed).map_err(crate::error::to_py)?,
            None => InFlight::default(),
        };
        let (root, walked) = (plan.root.clone(), Arc::clone(&plan.walked));
        let files = Arc::clone(&plan.candidates);
        let job = Job { root, walked, files, max_file_bytes, secrets, mode, workers, block_bytes, in_flight };
        Blocks::start(job).map(Self).map_err(crate::error::to_py)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<PyBatch>> {
        self.0.ask();
        loop {
            match py.detach(|| self.0.wait(POLL)) {
                Ok(block) => return Ok(block.map(PyBatch::new)),
                Err(()) => py.check_signals()?,
            }
        }
    }

    /// Busy seconds per stage so far, summed over threads.
    #[getter]
    fn phases(&self) -> Vec<(&'static str, f64)> {
        Timers::STAGES.into_iter().zip(self.0.timers().seconds()).collect()
    }
}

/// (path, digest) of the files that a run had in hand when it ended, from the file it noted them in.
#[pyfunction]
pub fn last_noted(path: PathBuf) -> Vec<(OsString, Digest)> {
    let noted = rcm_core::in_flight::last_noted(&path);
    noted.into_iter().map(|(path, digest)| (path.into(), digest)).collect()
}

/// A block of processed files and their chunks.
#[pyclass(name = "Batch", module = "rcm._rcm", frozen)]
pub struct PyBatch {
    pub files: Arc<Vec<Processed>>,
    /// (file index, chunk index) of every chunk, in order.
    order: Vec<(u32, u32)>,
}

impl PyBatch {
    fn new(files: Vec<Processed>) -> Self {
        let order = files.iter().enumerate().flat_map(|(file, processed)| match &processed.outcome {
            Outcome::Indexed(document) => {
                (0..document.chunks.len()).map(|chunk| (file as u32, chunk as u32)).collect()
            }
            _ => Vec::new(),
        });
        Self { order: order.collect(), files: Arc::new(files) }
    }

    /// The chunk at `index` and the path of its file.
    pub fn chunk(&self, index: usize) -> Option<(&PathBuf, &TermedChunk)> {
        let &(file, chunk) = self.order.get(index)?;
        let processed = &self.files[file as usize];
        match &processed.outcome {
            Outcome::Indexed(document) => Some((&processed.entry.path, &document.chunks[chunk as usize])),
            _ => None,
        }
    }

    fn range(&self, start: usize, stop: Option<usize>) -> PyResult<std::ops::Range<usize>> {
        let stop = stop.unwrap_or(self.order.len());
        if start > stop || stop > self.order.len() {
            return Err(PyIndexError::new_err(format!(
                "chunks {start}..{stop} of a batch of {}",
                self.order.len()
            )));
        }
        Ok(start..stop)
    }
}

#[pymethods]
impl PyBatch {
    /// Number of chunks.
    fn __len__(&self) -> usize {
        self.order.len()
    }

    /// One outcome per file, in the order of the walk.
    #[getter]
    fn files(&self) -> Vec<PyFileOutcome> {
        (0..self.files.len()).map(|index| PyFileOutcome(Arc::clone(&self.files), index)).collect()
    }

    /// Terms joined by blanks, and what is stored, of one chunk.
    fn document<'py>(&self, py: Python<'py>, index: usize) -> PyResult<(&str, Bound<'py, PyBytes>)> {
        let (_, termed) =
            self.chunk(index).ok_or_else(|| PyIndexError::new_err(format!("no chunk {index}")))?;
        Ok((&termed.terms, PyBytes::new(py, &stored(&termed.chunk).map_err(internal)?)))
    }

    /// What an embedding model is given for each chunk.
    #[pyo3(signature = (start = 0, stop = None))]
    fn texts(&self, start: usize, stop: Option<usize>) -> PyResult<Vec<String>> {
        let texts = self.range(start, stop)?.filter_map(|index| self.chunk(index));
        Ok(texts.map(|(path, termed)| format_for_embedding(path, &termed.chunk)).collect())
    }

    /// Embeds chunks `start..stop` with the static table, lock released.
    #[pyo3(signature = (table, start = 0, stop = None))]
    fn embed(
        &self,
        py: Python<'_>,
        table: &PyStaticTable,
        start: usize,
        stop: Option<usize>,
    ) -> PyResult<PyVectors> {
        let range = self.range(start, stop)?;
        detached(py, || {
            let chunks = range.filter_map(|index| self.chunk(index));
            let rows = chunks.flat_map(|(path, termed)| embed_chunk(&table.0, path, &termed.chunk));
            Ok(PyVectors { rows: rows.collect(), dim: table.0.dim() })
        })
    }
}

/// Lines, symbol, kind.
type StoredPart = (usize, usize, String, String);
/// Lines, symbol, kind, text, parts.
type StoredChunk = (usize, usize, String, String, String, Vec<StoredPart>);

/// What `Batch.document` gave to store of a chunk: (start line, end line, symbol, kind, text, parts), a part being (start
/// line, end line, symbol, kind); none if it is anything else.
#[pyfunction]
pub fn read_stored(stored: &[u8]) -> Option<StoredChunk> {
    serde_json::from_slice(stored).ok()
}

/// [start line, end line, symbol, kind, text, parts] as JSON, a part being [start line, end line, symbol, kind].
fn stored(chunk: &Chunk) -> serde_json::Result<Vec<u8>> {
    let kind = |kind: Option<SymbolKind>| kind.map_or("", SymbolKind::as_str);
    let parts: Vec<_> = chunk
        .parts
        .iter()
        .map(|part| (part.start_line, part.end_line, &*part.symbol, part.kind.as_str()))
        .collect();
    let mut out = Vec::with_capacity(chunk.text.len() + chunk.text.len() / 8 + 64 * (1 + parts.len()));
    let fields = (chunk.start_line, chunk.end_line, &*chunk.symbol, kind(chunk.kind), &*chunk.text, &*parts);
    serde_json::to_writer(&mut out, &fields)?;
    Ok(out)
}

fn internal(error: serde_json::Error) -> PyErr {
    crate::error::to_py(Error::Internal(error.to_string()))
}

/// What became of one file.
#[pyclass(name = "FileOutcome", module = "rcm._rcm", frozen)]
pub struct PyFileOutcome(Arc<Vec<Processed>>, usize);

impl PyFileOutcome {
    fn file(&self) -> &Processed {
        &self.0[self.1]
    }
}

#[pymethods]
impl PyFileOutcome {
    #[getter]
    fn path(&self) -> OsString {
        self.file().entry.path.clone().into()
    }

    /// Size, modification time, change time (nanoseconds) and inode as of the read.
    #[getter]
    fn stat(&self) -> (u64, i64, i64, u64) {
        let entry = &self.file().entry;
        (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode)
    }

    #[getter]
    fn digest<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.file().digest.map(|digest| PyBytes::new(py, &digest))
    }

    /// `"indexed"`, `"unchanged"`, `"skipped"`, `"gone"` or `"failed"`.
    #[getter]
    fn status(&self) -> &'static str {
        match self.file().outcome {
            Outcome::Indexed(_) => "indexed",
            Outcome::Unchanged => "unchanged",
            Outcome::Skipped(_) => "skipped",
            Outcome::Gone => "gone",
            Outcome::Failed(_) => "failed",
        }
    }

    /// The skip reason or the error, else empty.
    #[getter]
    fn reason(&self) -> &str {
        match &self.file().outcome {
            Outcome::Skipped(reason) => reason.as_str(),
            Outcome::Failed(error) => error,
            _ => "",
        }
    }

    #[getter]
    fn language(&self) -> &'static str {
        match &self.file().outcome {
            Outcome::Indexed(document) => document.language,
            _ => "",
        }
    }

    #[getter]
    fn n_chunks(&self) -> usize {
        match &self.file().outcome {
            Outcome::Indexed(document) => document.chunks.len(),
            _ => 0,
        }
    }

    #[getter]
    fn n_redactions(&self) -> usize {
        match &self.file().outcome {
            Outcome::Indexed(document) => document.secrets.found.len(),
            _ => 0,
        }
    }

    /// Secrets that were allowed to stay.
    #[getter]
    fn n_allowed(&self) -> usize {
        match &self.file().outcome {
            Outcome::Indexed(document) => document.secrets.allowed.len(),
            _ => 0,
        }
    }

    /// Whether the file changed between walk and read.
    #[getter]
    fn moved(&self) -> bool {
        self.file().moved
    }
}
