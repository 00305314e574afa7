//! The static table and matrices of vectors for Python.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rcm_core::embed::StaticTable;

use crate::detached::detached;

/// A static embedding model.
#[pyclass(name = "StaticTable", module = "rcm._rcm", frozen)]
pub struct PyStaticTable(pub Arc<StaticTable>);

#[pymethods]
impl PyStaticTable {
    /// Loads a model; `digest` is that of its files, where it is known already.
    #[new]
    #[pyo3(signature = (folder, *, digest = None))]
    fn new(py: Python<'_>, folder: PathBuf, digest: Option<[u8; 32]>) -> PyResult<Self> {
        detached(py, || StaticTable::load(&folder, digest).map(Arc::new).map(Self))
    }

    #[getter]
    fn dim(&self) -> usize {
        self.0.dim()
    }

    #[getter]
    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.digest())
    }

    /// Token ids of a text.
    fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        self.0.tokenizer().encode(text, &mut ids);
        ids
    }

    /// Embeds texts as they are, lock released.
    fn embed(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<PyVectors> {
        detached(py, || {
            let rows = texts.iter().flat_map(|text| self.0.embed(text)).collect();
            Ok(PyVectors { rows, dim: self.0.dim() })
        })
    }

    /// Embeds one text to a list of floats.
    fn embed_one(&self, text: &str) -> Vec<f32> {
        self.0.embed(text)
    }

    /// The cosine of a text and each of others; 0 where one has no token.
    fn cosines(&self, text: &str, others: Vec<String>) -> Vec<f32> {
        let wanted = self.0.embed(text);
        let dot = |other: &String| wanted.iter().zip(self.0.embed(other)).map(|(a, b)| a * b).sum();
        others.iter().map(dot).collect()
    }
}

/// A matrix of float32, row after row.
#[pyclass(name = "Vectors", module = "rcm._rcm", frozen)]
pub struct PyVectors {
    pub rows: Vec<f32>,
    pub dim: usize,
}

impl PyVectors {
    /// Row `index`, if there is one.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        self.rows.get(index * self.dim..(index + 1) * self.dim)
    }
}

#[pymethods]
impl PyVectors {
    /// Takes native-endian float32 bytes, row after row.
    #[staticmethod]
    fn from_bytes(data: &[u8], dim: usize) -> PyResult<Self> {
        if dim == 0 || !data.len().is_multiple_of(4 * dim) {
            return Err(PyValueError::new_err(format!(
                "{} bytes are no rows of {dim} float32 values",
                data.len()
            )));
        }
        let floats =
            data.chunks_exact(4).map(|four| f32::from_ne_bytes([four[0], four[1], four[2], four[3]]));
        Ok(Self { rows: floats.collect(), dim })
    }

    /// Native-endian float32 bytes, row after row.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes: Vec<u8> = self.rows.iter().flat_map(|value| value.to_ne_bytes()).collect();
        PyBytes::new(py, &bytes)
    }

    #[getter]
    fn dim(&self) -> usize {
        self.dim
    }

    fn __len__(&self) -> usize {
        self.rows.len().checked_div(self.dim).unwrap_or(0)
    }

    /// How many rows are all zero: such a chunk is found by its words alone.
    fn n_zero(&self) -> usize {
        let rows = self.rows.chunks_exact(self.dim.max(1));
        rows.filter(|row| row.iter().all(|&value| value == 0.0)).count()
    }

    /// One row as a list of floats.
    fn row_list(&self, index: usize) -> PyResult<Vec<f32>> {
        let row = self.row(index).map(<[f32]>::to_vec);
        row.ok_or_else(|| PyValueError::new_err(format!("no row {index} in {}", self.__len__())))
    }
}
