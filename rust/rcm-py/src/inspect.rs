//! `inspect`: what every stage makes of one file, as values ready for JSON.

use std::path::PathBuf;
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use rcm_core::chunk::{Chunk, chunk, qualified};
use rcm_core::filter::{Text, filter};
use rcm_core::parse::{Degraded, Symbol, SymbolKind, SyntaxTree, parse};
use rcm_core::read::{Unread, digest, read};
use rcm_core::terms;
use rcm_core::walk::{Entry, inspect_path};

use crate::detached::unlocked;
use crate::embed::PyStaticTable;
use crate::secrets::policy;

/// Runs the stages on `root/path` one by one and reports each; other threads go on meanwhile.
#[pyfunction]
#[pyo3(signature = (root, path, *, table = None, max_file_bytes = 1 << 20, allowed = Vec::new()))]
pub fn inspect<'py>(
    py: Python<'py>,
    root: PathBuf,
    path: PathBuf,
    table: Option<PyRef<'py, PyStaticTable>>,
    max_file_bytes: u64,
    allowed: Vec<String>,
) -> PyResult<Bound<'py, PyDict>> {
    let policy = policy("redact", &allowed)?;
    let report = PyDict::new(py);
    let phases = PyDict::new(py);
    let found = unlocked(py, || inspect_path(&root, &path, max_file_bytes))?;
    let (entry, verdict) = found.map_err(crate::error::to_py)?;
    report.set_item("size", entry.size)?;
    report.set_item("stat", stat(py, &entry)?)?;
    report.set_item("walk", verdict.map_or("kept", rcm_core::skip::SkipReason::as_str))?;
    report.set_item("phases", &phases)?;
    if verdict.is_some() {
        return Ok(report);
    }
    let (bytes, _) = match timed(py, &phases, "read", || read(&root, &entry, max_file_bytes))? {
        Ok(source) => source,
        Err(unread) => {
            report.set_item("read", unread_text(&unread))?;
            return Ok(report);
        }
    };
    let digest = timed(py, &phases, "hash", || digest(&bytes))?;
    report.set_item("sha256", hex(&digest))?;
    let text = match timed(py, &phases, "filter", || filter(&path, &bytes, &policy))? {
        Ok(text) => text,
        Err(reason) => {
            let skipped = PyDict::new(py);
            skipped.set_item("skipped", reason.as_str())?;
            report.set_item("filter", skipped)?;
            return Ok(report);
        }
    };
    report.set_item("filter", filtered(py, &text)?)?;
    let tree = timed(py, &phases, "parse", || parse(&path, &text.text))?;
    report.set_item("language", tree.language)?;
    report.set_item("degraded", tree.degraded.map(degraded))?;
    report.set_item("symbols", symbols(py, &tree, &text.text)?)?;
    report.set_item("references", tree.references.len())?;
    let chunks = timed(py, &phases, "chunk", || chunk(&text.text, &tree))?;
    let tokenizer = table.as_ref().map(|table| table.0.tokenizer());
    let counted = unlocked(py, || {
        let count = |chunk: &Chunk| {
            let tokens = tokenizer.map(|tokenizer| {
                let mut ids = Vec::new();
                tokenizer.encode(&chunk.text, &mut ids);
                ids.len()
            });
            (terms::bag_and_document(&path, chunk).2, tokens)
        };
        chunks.iter().map(count).collect::<Vec<_>>()
    })?;
    let rows = PyList::empty(py);
    for (chunk, (terms, tokens)) in chunks.iter().zip(counted) {
        let row = chunk_row(py, chunk)?;
        row.set_item("terms", terms)?;
        if let Some(tokens) = tokens {
            row.set_item("tokens", tokens)?;
        }
        rows.append(row)?;
    }
    report.set_item("chunks", rows)?;
    Ok(report)
}

fn timed<T: Send>(
    py: Python<'_>,
    phases: &Bound<'_, PyDict>,
    stage: &str,
    work: impl Send + FnOnce() -> T,
) -> PyResult<T> {
    let start = Instant::now();
    let result = unlocked(py, work)?;
    phases.set_item(stage, start.elapsed().as_secs_f64())?;
    Ok(result)
}

fn stat<'py>(py: Python<'py>, entry: &Entry) -> PyResult<Bound<'py, PyDict>> {
    let stat = PyDict::new(py);
    stat.set_item("mtime_ns", entry.mtime_ns)?;
    stat.set_item("ctime_ns", entry.ctime_ns)?;
    stat.set_item("inode", entry.inode)?;
    Ok(stat)
}

fn unread_text(unread: &Unread) -> String {
    match unread {
        Unread::Gone => "gone".into(),
        Unread::Skipped(reason) => reason.as_str().into(),
        Unread::Failed(error) => error.clone(),
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn degraded(why: Degraded) -> &'static str {
    match why {
        Degraded::Budget => "budget",
        Degraded::Nesting => "nesting",
    }
}

fn filtered<'py>(py: Python<'py>, text: &Text) -> PyResult<Bound<'py, PyDict>> {
    let redactions = PyList::empty(py);
    for secret in &text.secrets.found {
        let row = PyDict::new(py);
        row.set_item("rule", secret.rule)?;
        row.set_item("line", secret.line)?;
        redactions.append(row)?;
    }
    let report = PyDict::new(py);
    report.set_item("lossy", text.lossy)?;
    report.set_item("redactions", redactions)?;
    report.set_item("allowed", text.secrets.allowed.len())?;
    Ok(report)
}

fn symbols<'py>(py: Python<'py>, tree: &SyntaxTree, text: &str) -> PyResult<Bound<'py, PyList>> {
    let places = unlocked(py, || {
        let newlines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let line = |at: usize| 1 + newlines.partition_point(|&newline| newline < at);
        let place = |(index, symbol): (usize, &Symbol)| {
            let end = text[..symbol.span.end].trim_end();
            (qualified(tree, index), line(symbol.span.start), line(end.len()))
        };
        tree.symbols.iter().enumerate().map(place).collect::<Vec<_>>()
    })?;
    let rows = PyList::empty(py);
    for (symbol, (qualified, start_line, end_line)) in tree.symbols.iter().zip(places) {
        let row = PyDict::new(py);
        row.set_item("name", &symbol.name)?;
        row.set_item("qualified", qualified)?;
        row.set_item("kind", symbol.kind.as_str())?;
        row.set_item("start_line", start_line)?;
        row.set_item("end_line", end_line)?;
        row.set_item("line", symbol.line)?;
        row.set_item("doc", symbol.doc.is_some())?;
        rows.append(row)?;
    }
    Ok(rows)
}

fn chunk_row<'py>(py: Python<'py>, chunk: &Chunk) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("start_line", chunk.start_line)?;
    row.set_item("end_line", chunk.end_line)?;
    row.set_item("symbol", &chunk.symbol)?;
    row.set_item("kind", chunk.kind.map_or("", SymbolKind::as_str))?;
    row.set_item("signature", &chunk.signature)?;
    row.set_item("chars", chunk.text.chars().count())?;
    row.set_item("definitions", chunk.definitions.iter().map(|made| &made.name).collect::<Vec<_>>())?;
    row.set_item("references", &chunk.references)?;
    row.set_item("text", &chunk.text)?;
    Ok(row)
}
