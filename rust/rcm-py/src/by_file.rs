//! Scored chunks to scored files, for Python.

use std::sync::{Mutex, OnceLock};

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use rcm_vectors::{Files, Links, Traits, above_floor, after_best, best_within, scale_cosines};

/// Chunks with the scores of both sides: columns that Python hands on without looking into them.
#[pyclass(name = "Scored", module = "rcm._rcm", frozen)]
pub struct PyScored(pub(crate) Vec<(u64, f64, f64)>);

#[pymethods]
impl PyScored {
    #[new]
    fn new(ids: Vec<u64>, semantic: Vec<f64>, lexical: Vec<f64>) -> PyResult<Self> {
        if (ids.len(), ids.len()) != (semantic.len(), lexical.len()) {
            return Err(PyValueError::new_err("not as many scores as ids"));
        }
        let scores = semantic.into_iter().zip(lexical);
        Ok(Self(ids.into_iter().zip(scores).map(|(id, (a, b))| (id, a, b)).collect()))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn ids(&self) -> Vec<u64> {
        self.0.iter().map(|chunk| chunk.0).collect()
    }

    #[getter]
    fn semantic(&self) -> Vec<f64> {
        self.0.iter().map(|chunk| chunk.1).collect()
    }

    #[getter]
    fn lexical(&self) -> Vec<f64> {
        self.0.iter().map(|chunk| chunk.2).collect()
    }

    /// The semantic and the lexical score that stand after the best `n` of each; None without so many, or without one
    /// of the sides.
    fn after_best(&self, n: usize) -> Option<(f64, f64)> {
        after_best(&self.0, n)
    }

    /// The same chunks with scores measured from a floor: that of the chunk after the best `n`, times a share for each side.
    fn above_floor(&self, n: usize, semantic: f64, lexical: f64) -> Self {
        Self(above_floor(&self.0, n, semantic, lexical))
    }

    /// Ids and scores of the best `most` chunks from `start` up to `stop` for each of `spans`, best first; ties by id. Chunks
    /// count by `semantic` and `lexical` times their scores.
    fn best_within(
        &self,
        spans: Vec<(u64, u64)>,
        semantic: f64,
        lexical: f64,
        most: usize,
    ) -> Vec<Vec<(u64, f64)>> {
        let spans: Vec<_> = spans.into_iter().map(|(start, stop)| start..stop).collect();
        best_within(&self.0, &spans, semantic, lexical, most)
    }

    /// The same chunks with a cosine each for the semantic score, 0 at `low` and below, 1 at `high`.
    fn with_cosines(&self, cosines: Vec<f32>, low: f64, high: f64) -> PyResult<Self> {
        if cosines.len() != self.0.len() {
            return Err(PyValueError::new_err("not as many cosines as chunks"));
        }
        Ok(Self(scale_cosines(&self.0, &cosines, low, high)))
    }
}

/// Terms of the stem and of each folder, position of the language, test, bundled, declarations.
type TraitsRow = (Vec<String>, Vec<Vec<String>>, usize, bool, bool, bool);

/// Which file a chunk of some segments belongs to, and what was asked of files and chunks so far.
#[pyclass(name = "Files", module = "rcm._rcm", frozen)]
pub struct PyFiles {
    pub(crate) files: Files,
    pub(crate) links: Mutex<Links>,
    traits: Vec<OnceLock<Traits>>,
}

#[pymethods]
impl PyFiles {
    /// Takes the first chunk id of each file, ascending.
    #[new]
    fn new(first_ids: Vec<u64>) -> Self {
        let traits = first_ids.iter().map(|_| OnceLock::new()).collect();
        Self { files: Files::new(first_ids), links: Mutex::default(), traits }
    }
}

impl PyFiles {
    /// What a file says of itself; `ask` is called with its position, once a file.
    pub(crate) fn traits(&self, file: usize, ask: &Bound<'_, PyAny>) -> PyResult<&Traits> {
        let slot = self.traits.get(file).ok_or_else(|| PyIndexError::new_err(format!("no file {file}")))?;
        if let Some(known) = slot.get() {
            return Ok(known);
        }
        // Asked outside of the slot: Python may let another thread in here meanwhile.
        let (stem, folders, language, test, bundled, declarations): TraitsRow =
            ask.call1((file,))?.extract()?;
        Ok(slot.get_or_init(|| Traits { stem, folders, language, test, bundled, declarations }))
    }
}
