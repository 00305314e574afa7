//! Checksums of files and faults on purpose for Python.

use std::path::PathBuf;

use pyo3::prelude::*;
use rayon::prelude::*;
use rcm_core::error::Error;
use rcm_core::read::Digest;
use rcm_vectors::{Checksum, fault};

use crate::detached::detached;
use crate::error::to_py;

/// SHA-256 of some bytes: Python's own module for it loads a whole TLS library.
#[pyfunction]
pub fn sha256(data: &[u8]) -> Digest {
    rcm_core::read::digest(data)
}

/// (bytes, CRC-32 of the first 16 KiB, CRC-32) of each file, or of its first `limit` bytes.
#[pyfunction]
pub fn checksums(py: Python<'_>, files: Vec<(PathBuf, Option<u64>)>) -> PyResult<Vec<(u64, u32, u32)>> {
    detached(py, || {
        let sums = files.into_par_iter().map(|(path, limit)| {
            let sum = Checksum::of(&path, limit).map_err(|source| Error::Io { path, source })?;
            Ok((sum.bytes, sum.head, sum.crc32))
        });
        sums.collect()
    })
}

/// (size, CRC-32 of the first 16 KiB) of each file.
#[pyfunction]
pub fn heads(py: Python<'_>, files: Vec<PathBuf>) -> PyResult<Vec<(u64, u32)>> {
    detached(py, || {
        let heads = files.into_iter();
        heads.map(|path| Checksum::head(&path).map_err(|source| Error::Io { path, source })).collect()
    })
}

/// Reaches a named point where a test may let something go wrong: `RCM_FAULT=point:N:kind`.
#[pyfunction]
pub fn reach(py: Python<'_>, point: &str) -> PyResult<()> {
    detached(py, || Ok(fault::reach(point)))?
        .map_err(|source| to_py(Error::Io { path: PathBuf::from(point), source }))
}
