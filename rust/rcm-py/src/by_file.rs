//! Scored chunks to scored files, for Python.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rcm_vectors::{Files, Shares};

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

    /// The same chunks with a cosine each for the semantic score, 0 at `low` and below, 1 at `high`.
    fn with_cosines(&self, cosines: Vec<f32>, low: f64, high: f64) -> PyResult<Self> {
        if cosines.len() != self.0.len() {
            return Err(PyValueError::new_err("not as many cosines as chunks"));
        }
        Ok(self.scaled(cosines, low, high))
    }
}

impl PyScored {
    /// A chunk of the other side can lie below the lowest row scanned, by rounding.
    pub(crate) fn scaled(&self, cosines: Vec<f32>, low: f64, high: f64) -> Self {
        let scale = 1.0 / (high - low);
        let scaled = cosines
            .into_iter()
            .map(f64::from)
            .map(|cosine| if cosine > low { (cosine - low) * scale } else { 0.0 });
        Self(self.0.iter().zip(scaled).map(|(&(id, _, lexical), semantic)| (id, semantic, lexical)).collect())
    }
}

/// Which file a chunk belongs to.
#[pyclass(name = "Files", module = "rcm._rcm", frozen)]
pub struct PyFiles(pub(crate) Files);

#[pymethods]
impl PyFiles {
    /// Takes the first chunk id of each file, ascending.
    #[new]
    fn new(first_ids: Vec<u64>) -> Self {
        Self(Files::new(first_ids))
    }

    /// Sums the scores of chunks by file: (position of the file, id of its best chunk, semantic, lexical), in the order of
    /// the best chunks.
    ///
    /// `weights` are those of the two sides, `pool` how many of the best chunks count (and all that tie with the last),
    /// `shares` what the first, second, ... of a file adds to its best.
    #[pyo3(signature = (chunks, *, weights, pool, shares))]
    fn sum(
        &self,
        chunks: &PyScored,
        weights: (f64, f64),
        pool: usize,
        shares: Vec<f64>,
    ) -> Vec<(usize, u64, f64, f64)> {
        let shares = Shares { semantic: weights.0, lexical: weights.1, pool, shares };
        let files = self.0.sum(&chunks.0, &shares).into_iter();
        files.map(|file| (file.file, file.chunk, file.semantic, file.lexical)).collect()
    }
}
