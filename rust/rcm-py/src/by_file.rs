//! Scored chunks to scored files, for Python.

use pyo3::prelude::*;
use rcm_vectors::{Files, Shares};

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
    #[pyo3(signature = (ids, semantic, lexical, *, weights, pool, shares))]
    fn sum(
        &self,
        ids: Vec<u64>,
        semantic: Vec<f64>,
        lexical: Vec<f64>,
        weights: (f64, f64),
        pool: usize,
        shares: Vec<f64>,
    ) -> Vec<(usize, u64, f64, f64)> {
        let shares = Shares { semantic: weights.0, lexical: weights.1, pool, shares };
        let files = self.0.sum(&scored(ids, semantic, lexical), &shares).into_iter();
        files.map(|file| (file.file, file.chunk, file.semantic, file.lexical)).collect()
    }
}

/// Chunks with the scores of both sides.
pub(crate) fn scored(ids: Vec<u64>, semantic: Vec<f64>, lexical: Vec<f64>) -> Vec<(u64, f64, f64)> {
    ids.into_iter().zip(semantic.into_iter().zip(lexical)).map(|(id, (a, b))| (id, a, b)).collect()
}
