//! Vector segments for Python: building, opening, scoring.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, bounded};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rcm_core::error::Error;
use rcm_core::process::TermedChunk;
use rcm_core::terms::{SPELLING_BITS, name_key};
use rcm_vectors::{
    Bm25, Expected, Nearest, PARTS, Row, Rules, Segment, SegmentBuilder, SegmentError, SegmentInfo, Segments,
    Shares, Wanted, reference_key,
};

use crate::by_file::{PyFiles, PyScored};
use crate::detached::{detached, guarded, unlocked};
use crate::embed::PyVectors;
use crate::error::segment_to_py;
use crate::stream::PyBatch;

/// Start and end (exclusive) of a run of chunk ids.
type IdRange = (u64, u64);

/// Path, rows, size in bytes and CRC-32 of a segment file.
type SegmentRow = (PathBuf, usize, u64, u32);

/// Position of a file, its best chunk, its score and its parts.
type RankedFile = (usize, u64, f64, [f64; PARTS]);

/// Collects rows for one new segment.
#[pyclass(name = "SegmentBuilder", module = "rcm._rcm", frozen)]
pub struct PySegmentBuilder(Mutex<SegmentBuilder>);

#[pymethods]
impl PySegmentBuilder {
    #[new]
    fn new(dim: usize, model: [u8; 32]) -> Self {
        Self(Mutex::new(SegmentBuilder::new(dim, model)))
    }

    fn __len__(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Adds all chunks of a batch under ids `first_id..`; `vectors` holds one row per chunk (None: no vectors kept here).
    #[pyo3(signature = (batch, first_id, vectors = None))]
    fn add(
        &self,
        py: Python<'_>,
        batch: &PyBatch,
        first_id: u64,
        vectors: Option<Vec<PyRef<'_, PyVectors>>>,
    ) -> PyResult<()> {
        let vectors: Option<Vec<&PyVectors>> =
            vectors.as_ref().map(|parts| parts.iter().map(|part| &**part).collect());
        py.detach(|| {
            let mut builder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut rows = vectors.iter().flatten().flat_map(|part| part.rows.chunks_exact(part.dim));
            let mut index = 0;
            while let Some((_, termed)) = batch.chunk(index) {
                let vector = match &vectors {
                    None => &[][..],
                    Some(_) => rows
                        .next()
                        .ok_or_else(|| PyValueError::new_err(format!("no vector for chunk {index}")))?,
                };
                push(&mut builder, first_id + index as u64, vector, termed)?;
                index += 1;
            }
            Ok(())
        })
    }

    /// Writes the segment durably: (rows, bytes, CRC-32).
    fn write(&self, py: Python<'_>, path: PathBuf) -> PyResult<(usize, u64, u32)> {
        let write = || self.0.lock().unwrap_or_else(PoisonError::into_inner).write(&path);
        unlocked(py, write)?.map(parts).map_err(segment_to_py)
    }
}

fn push(builder: &mut SegmentBuilder, id: u64, vector: &[f32], termed: &TermedChunk) -> PyResult<()> {
    let definitions: Vec<_> = termed
        .chunk
        .definitions
        .iter()
        .map(|made| (name_key(&made.name), made.kind as u8, made.indent.min(255) as u8, made.forward))
        .collect();
    let mut references: Vec<_> = termed.references.iter().map(|&name| reference_key(name)).collect();
    references.sort_unstable();
    references.dedup();
    let row = Row {
        id,
        vector,
        length: termed.length,
        terms: &termed.bag,
        definitions: &definitions,
        references: &references,
    };
    builder.push(&row).map_err(segment_to_py)
}

fn parts(info: SegmentInfo) -> (usize, u64, u32) {
    (info.rows, info.bytes, info.crc32)
}

/// A scan of the rows that is done or going on.
#[pyclass(name = "Scan", module = "rcm._rcm", frozen)]
pub struct PyScan {
    query: Vec<f32>,
    found: Receiver<Result<Nearest, Error>>,
}

/// Open segments of one epoch, dead rows masked.
#[pyclass(name = "Segments", module = "rcm._rcm", frozen)]
pub struct PySegments(Arc<Segments>);

#[pymethods]
impl PySegments {
    /// Opens the segment files that an index lists, if they are what it says; `dead` are sorted, disjoint id ranges.
    #[new]
    #[pyo3(signature = (files, dead, *, dim, model, memory_map = true))]
    fn new(
        py: Python<'_>,
        files: Vec<SegmentRow>,
        dead: Vec<IdRange>,
        dim: usize,
        model: [u8; 32],
        memory_map: bool,
    ) -> PyResult<Self> {
        let open = |(path, rows, bytes, crc32): SegmentRow| {
            let segment = if memory_map { Segment::open(&path) } else { Segment::open_in_memory(&path) }?;
            segment.matches(&Expected { rows, bytes, crc32, dim, model })?;
            Ok::<_, SegmentError>(Arc::new(segment))
        };
        unlocked(py, || {
            let segments = files.into_iter().map(open).collect::<Result<_, _>>()?;
            Ok(Self(Arc::new(Segments::new(segments, &dead))))
        })?
        .map_err(segment_to_py)
    }

    #[getter]
    fn live_rows(&self) -> usize {
        self.0.live_rows()
    }

    /// Sum of bag lengths over live rows.
    #[getter]
    fn total_length(&self) -> u64 {
        self.0.total_length()
    }

    fn live_ids(&self) -> Vec<u64> {
        self.0.live_ids().collect()
    }

    /// (ids best first, scores, lowest, highest score of all rows scanned) by cosine.
    #[pyo3(signature = (query, k, allowed = None))]
    fn nearest(
        &self,
        py: Python<'_>,
        query: Vec<f32>,
        k: usize,
        allowed: Option<Vec<IdRange>>,
    ) -> (Vec<u64>, Vec<f32>, f32, f32) {
        let found = py.detach(|| self.0.nearest(&query, allowed.as_deref(), k));
        let (ids, scores) = found.hits.into_iter().unzip();
        (ids, scores, found.min, found.max)
    }

    /// Cosine of each id with the query, 0 for ids not live.
    fn similarity(&self, query: Vec<f32>, ids: Vec<u64>) -> Vec<f32> {
        self.0.similarity(&query, &ids)
    }

    /// The best `pool` of `reached` by BM25, all that tie with the last, and `others`: ids ascending, lexical scores of
    /// which the best is 1. `terms` holds (term key, idf), `pairs` the keys of pairs and what their idf is multiplied
    /// by, `form` k1 and b.
    #[pyo3(signature = (terms, reached, others, *, pairs, pool, form))]
    fn by_words(
        &self,
        terms: Vec<(u32, f32)>,
        reached: Vec<u64>,
        others: Vec<u64>,
        pairs: (Vec<u32>, f32),
        pool: usize,
        form: (f32, f32),
    ) -> PyScored {
        let (ids, scores) = self.0.by_words(&reached, &others, &self.words(terms, pairs, form), pool);
        PyScored(ids.into_iter().zip(scores).map(|(id, score)| (id, 0.0, score)).collect())
    }

    /// Begins to look for the `k` rows nearest to a query; of many rows in other threads, while this one goes on.
    #[pyo3(signature = (query, k, allowed = None))]
    fn scan(
        &self,
        py: Python<'_>,
        query: Vec<f32>,
        k: usize,
        allowed: Option<Vec<IdRange>>,
    ) -> PyResult<PyScan> {
        let is_long = self.0.is_long_to_scan(&query, allowed.as_deref());
        let (segments, vector) = (Arc::clone(&self.0), query.clone());
        let look = move || segments.nearest(&vector, allowed.as_deref(), k);
        let (sender, found) = bounded(1);
        if is_long {
            // Nobody waits for it when the search has failed meanwhile.
            rayon::spawn(move || drop(sender.send(guarded(|| Ok(look())))));
        } else {
            drop(sender.send(Ok(unlocked(py, look)?)));
        }
        Ok(PyScan { query, found })
    }

    /// The candidates of a query from both sides: what `nearest`, `by_words` and
    /// `Scored.with_cosines` give one after the other. Each scan can be taken once.
    #[pyo3(signature = (terms, reached, scan, *, pairs, pool, form))]
    #[allow(clippy::too_many_arguments)]
    fn retrieve(
        &self,
        py: Python<'_>,
        terms: Vec<(u32, f32)>,
        reached: Vec<u64>,
        scan: &PyScan,
        pairs: (Vec<u32>, f32),
        pool: usize,
        form: (f32, f32),
    ) -> PyResult<PyScored> {
        let words = self.words(terms, pairs, form);
        let wanted = Wanted { words, reached, vector: scan.query.clone(), pool };
        detached(py, || {
            let taken = || Error::Internal("this scan was taken before".into());
            let nearest = scan.found.recv().map_err(|_| taken())??;
            Ok(PyScored(self.0.retrieve(&wanted, &nearest)))
        })
    }

    /// (id, kind, indent, forward, spelled so) of each live definition of a name in any spelling.
    fn definitions(&self, name: u64) -> Vec<(u64, u8, u8, bool, bool)> {
        let found = self.0.definitions(name, SPELLING_BITS).into_iter();
        found.map(|made| (made.id, made.kind, made.indent, made.forward, made.exact)).collect()
    }

    /// Id ranges of the live chunks, of those allowed, that hold a definition of one of these kinds (positions in `kinds()`).
    #[pyo3(signature = (kinds, allowed = None))]
    fn of_kinds(&self, py: Python<'_>, kinds: Vec<u8>, allowed: Option<Vec<IdRange>>) -> Vec<IdRange> {
        py.detach(|| self.0.of_kinds(&kinds, allowed.as_deref()))
    }

    /// The files with the best scores and all that tie with the last of `most`, best first: (position of the file, its
    /// best chunk, score, its parts).
    ///
    /// `shares` are (weight of the semantic score, of the lexical one, chunks that count, what each of a file adds),
    /// `references` (points, chunks that speak, most definitions of a name) or none, `points` those for (stem, folder,
    /// test, declarations, bundled), `folder_terms` what terms tell of a folder, `prose` by language,
    /// `singled` (position of a file; definition, place, rare, verbatim), `added` (position of a file, chunk to show). `traits` is called with the position of a file, once each.
    #[pyo3(signature = (files, chunks, traits, most, *, shares, references, terms, folder_terms, points, prose, singled, added))]
    #[allow(clippy::too_many_arguments)]
    fn rank(
        &self,
        files: &PyFiles,
        chunks: &PyScored,
        traits: &Bound<'_, PyAny>,
        most: usize,
        shares: (f64, f64, usize, Vec<f64>),
        references: Option<(f64, usize, usize)>,
        terms: Vec<String>,
        folder_terms: HashMap<String, f64>,
        points: (f64, f64, f64, f64, f64),
        prose: Vec<f64>,
        singled: Vec<(usize, [f64; 4])>,
        added: Vec<(usize, u64)>,
    ) -> PyResult<Vec<RankedFile>> {
        let (semantic, lexical, pool, shares) = shares;
        let (stem, folder, test, declarations, bundled) = points;
        let mut rules = Rules {
            shares: Shares { semantic, lexical, pool, shares },
            terms: terms.into_iter().collect(),
            references: 0.0,
            singled: singled.into_iter().collect(),
            stem,
            folder,
            folder_terms: folder_terms.into_iter().collect(),
            test,
            declarations,
            bundled,
            prose,
            added,
        };
        let mut pointed_at = Vec::new();
        if let Some((points, pool, definers)) = references {
            rules.references = points;
            let speaking = Shares { semantic, lexical, pool, shares: Vec::new() };
            let mut links = files.links.lock().unwrap_or_else(PoisonError::into_inner);
            pointed_at = self.0.referenced(&files.files, &chunks.0, &speaking, definers, &mut links);
        }
        let ranked =
            files.files.rank(&chunks.0, &pointed_at, &rules, most, |file| files.traits(file, traits))?;
        Ok(ranked.into_iter().map(|one| (one.file, one.chunk, one.total, one.parts)).collect())
    }

    /// The stored vector of a chunk.
    fn vector(&self, chunk_id: u64) -> Option<Vec<f32>> {
        self.0.vector(chunk_id)
    }

    /// Number of live rows whose vector is all zero.
    fn zero_vectors(&self, py: Python<'_>) -> usize {
        py.detach(|| self.0.zero_vectors())
    }

    /// Writes the live rows of all segments as one: (rows, bytes, CRC-32). Every file is verified before.
    fn merge(&self, py: Python<'_>, path: PathBuf) -> PyResult<(usize, u64, u32)> {
        unlocked(py, || rcm_vectors::merge(&self.0, &path))?.map(parts).map_err(segment_to_py)
    }

    /// Reads a segment file whole and compares its checksum.
    #[staticmethod]
    fn verify(py: Python<'_>, path: PathBuf) -> PyResult<()> {
        unlocked(py, || Segment::open(&path)?.verify())?.map_err(segment_to_py)
    }
}

impl PySegments {
    fn words(
        &self,
        terms: Vec<(u32, f32)>,
        (pairs, pair_share): (Vec<u32>, f32),
        (k1, b): (f32, f32),
    ) -> Bm25 {
        let average_length = self.0.total_length() as f64 / self.0.live_rows().max(1) as f64;
        Bm25 { terms, pairs, pair_share, k1, b, average_length: average_length as f32 }
    }
}
