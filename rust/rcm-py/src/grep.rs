//! Exact search for Python: the files of a walk, block by block, as they are on disk now.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::prelude::*;
use rcm_core::cancel::Cancel;
use rcm_core::grep::{Looked, Pattern, PatternOptions, Question, grep_file};
use rcm_core::read::Unread;
use rcm_core::walk::{Entry, Walked};

use crate::detached::interruptible;
use crate::secrets::policy;
use crate::walk::PyWalked;

/// Files at most, and bytes of source about, that are searched before what was found is handed out.
const BLOCK: (usize, u64) = (512, 8 << 20);

/// Number, whether it matches, text, and what matches on it in characters.
type LineRow = (usize, bool, String, Vec<(usize, usize)>);

/// Path, language and lines of a file with a match.
type FileRow = (OsString, &'static str, Vec<LineRow>);

/// Files with a match, number of files searched, files left out with the reason, files that could not be read.
type BlockRow = (Vec<FileRow>, usize, Vec<(OsString, &'static str)>, Vec<(OsString, String)>);

/// An entry of the walk, and which list of languages it may be in.
type Wanted = (usize, Option<usize>);

/// A running exact search: iterator of blocks, in the order of the walk.
#[pyclass(name = "Grep", module = "rcm._rcm", frozen)]
pub struct PyGrep {
    walked: Arc<Walked>,
    root: PathBuf,
    files: Arc<Vec<Wanted>>,
    languages: Arc<Vec<Vec<String>>>,
    question: Arc<Question>,
    next: Mutex<usize>,
}

#[pymethods]
impl PyGrep {
    /// Searches the `files` of a walk: (path, which of `languages` it has to be in, or None).
    #[new]
    #[pyo3(signature = (
        walked, pattern, files, languages, *, fixed = false, ignore_case = false, word = false, before = 0, after = 0,
        max_file_bytes = 1 << 20, secrets = "redact", allowed = Vec::new()
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of a Python class")]
    fn new(
        walked: &PyWalked,
        pattern: &str,
        files: Vec<(PathBuf, Option<usize>)>,
        languages: Vec<Vec<String>>,
        fixed: bool,
        ignore_case: bool,
        word: bool,
        before: usize,
        after: usize,
        max_file_bytes: u64,
        secrets: &str,
        allowed: Vec<String>,
    ) -> PyResult<Self> {
        let options = PatternOptions { fixed, ignore_case, word };
        let pattern = Pattern::new(pattern, options).map_err(PyValueError::new_err)?;
        let secrets = policy(secrets, &allowed)?;
        let question = Question { pattern, before, after, secrets, max_file_bytes };
        let entries = walked.walked.entries.iter().enumerate();
        let places: BTreeMap<&PathBuf, usize> = entries.map(|(at, entry)| (&entry.path, at)).collect();
        let known = |which: Option<usize>| which.is_none_or(|which| which < languages.len());
        let files = files.into_iter().filter_map(|(path, which)| Some((*places.get(&path)?, which)));
        Ok(Self {
            files: Arc::new(files.filter(|&(_, which)| known(which)).collect()),
            walked: Arc::clone(&walked.walked),
            root: walked.root.clone(),
            languages: Arc::new(languages),
            question: Arc::new(question),
            next: Mutex::new(0),
        })
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<BlockRow>> {
        let block = self.take_block();
        if block.is_empty() {
            return Ok(None);
        }
        let (walked, files, root) = (Arc::clone(&self.walked), Arc::clone(&self.files), self.root.clone());
        let (languages, question) = (Arc::clone(&self.languages), Arc::clone(&self.question));
        let cancel = Cancel::default();
        let stop = cancel.clone();
        let found = interruptible(py, &cancel, move || {
            let look = |&(at, which): &Wanted| {
                let entry = &walked.entries[at];
                (entry.clone(), grep_file(&root, entry, which.map(|which| &*languages[which]), &question))
            };
            let looked = files[block].par_iter().filter(|_| !stop.is_cancelled()).map(look);
            Ok(sorted_out(looked.collect()))
        })?;
        Ok(Some(found))
    }
}

impl PyGrep {
    /// The next files, in a run.
    fn take_block(&self) -> std::ops::Range<usize> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, mut bytes) = (*next, 0);
        while *next < self.files.len() && *next - start < BLOCK.0 && bytes < BLOCK.1 {
            bytes += self.walked.entries[self.files[*next].0].size;
            *next += 1;
        }
        start..*next
    }
}

fn sorted_out(looked: Vec<(Entry, Result<Option<Looked>, Unread>)>) -> BlockRow {
    let (mut files, mut searched, mut skipped, mut failures) = BlockRow::default();
    for (entry, result) in looked {
        let path = OsString::from(entry.path);
        match result {
            Ok(None) | Err(Unread::Gone) => {}
            Ok(Some(Looked { language, lines })) => {
                searched += 1;
                if !lines.is_empty() {
                    files.push((path, language, lines.into_iter().map(row).collect()));
                }
            }
            Err(Unread::Skipped(reason)) => skipped.push((path, reason.as_str())),
            Err(Unread::Failed(error)) => failures.push((path, error)),
        }
    }
    (files, searched, skipped, failures)
}

fn row(line: rcm_core::grep::Line) -> LineRow {
    let spans = line.spans.iter().map(|span| (span.start, span.end)).collect();
    (line.number, line.matched, line.text, spans)
}
