//! `inspect`: what every stage makes of one file, as values ready for JSON.

use std::path::PathBuf;
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use rcm_core::chunk::{Chunk, chunk, qualified};
use rcm_core::filter::{Text, filter};
use rcm_core::parse::{Degraded, SymbolKind, SyntaxTree, parse};
use rcm_core::read::{Unread, digest, read};
use rcm_core::terms;
use rcm_core::walk::{Entry, inspect_path};

use crate::embed::PyStaticTable;
use crate::secrets::policy;

/// Runs the stages on `root/path` one by one and reports each.
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
    let (entry, verdict) = inspect_path(&root, &path, max_file_bytes).map_err(crate::error::to_py)?;
    report.set_item("size", entry.size)?;
    report.set_item("stat", stat(py, &entry)?)?;
    report.set_item("walk", verdict.map_or("kept", rcm_core::skip::SkipReason::as_str))?;
    report.set_item("phases", &phases)?;
    if verdict.is_some() {
        return Ok(report);
    }
    let (bytes, _) = match timed(&phases, "read", || read(&root, &entry, max_file_bytes))? {
        Ok(source) => source,
        Err(unread) => {
            report.set_item("read", unread_text(&unread))?;
            return Ok(report);
        }
    };
    let digest = timed(&phases, "hash", || digest(&bytes))?;
    report.set_item("sha256", hex(&digest))?;
    let text = match timed(&phases, "filter", || filter(&path, &bytes, &policy))? {
        Ok(text) => text,
        Err(reason) => {
            let skipped = PyDict::new(py);
            skipped.set_item("skipped", reason.as_str())?;
            report.set_item("filter", skipped)?;
            return Ok(report);
        }
    };
    report.set_item("filter", filtered(py, &text)?)?;
    let tree = timed(&phases, "parse", || parse(&path, &text.text))?;
    report.set_item("language", tree.language)?;
    report.set_item("degraded", tree.degraded.map(degraded))?;
    report.set_item("symbols", symbols(py, &tree, &text.text)?)?;
    report.set_item("references", tree.references.len())?;
    let chunks = timed(&phases, "chunk", || chunk(&text.text, &tree))?;
    let rows = PyList::empty(py);
    for chunk in &chunks {
        let row = chunk_row(py, chunk)?;
        row.set_item("terms", terms::bag_and_document(&path, chunk).2)?;
        if let Some(table) = &table {
            let mut ids = Vec::new();
            table.0.tokenizer().encode(&chunk.text, &mut ids);
            row.set_item("tokens", ids.len())?;
        }
        rows.append(row)?;
    }
    report.set_item("chunks", rows)?;
    Ok(report)
}

fn timed<T>(phases: &Bound<'_, PyDict>, stage: &str, work: impl FnOnce() -> T) -> PyResult<T> {
    let start = Instant::now();
    let result = work();
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
    let rows = PyList::empty(py);
    for (index, symbol) in tree.symbols.iter().enumerate() {
        let row = PyDict::new(py);
        row.set_item("name", &symbol.name)?;
        row.set_item("qualified", qualified(tree, index))?;
        row.set_item("kind", symbol.kind.as_str())?;
        row.set_item("start_line", 1 + newlines(&text[..symbol.span.start]))?;
        row.set_item("end_line", 1 + newlines(text[..symbol.span.end].trim_end()))?;
        row.set_item("line", symbol.line)?;
        row.set_item("doc", symbol.doc.is_some())?;
        rows.append(row)?;
    }
    Ok(rows)
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
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
