"""The flow that rcm is compared with: one file after the other, each stage on its own.

Read a file, hash it, parse and chunk it, embed its chunks, write them, commit; then the next file.
It uses the same grammar, chunk rules, model and lexical index as rcm, so what it loses is lost to
the order of work: no second core, a commit per file, values handed over chunk by chunk. It is kept
for this comparison only.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from rcm import _rcm


@dataclass(frozen=True, slots=True)
class NaiveReport:
    """What one run stored."""

    files: int
    chunks: int


def index_naively(root: Path, target: Path) -> NaiveReport:
    """Index `root` into `target`, file by file."""
    (target / "lexical").mkdir(parents=True)
    (target / "vectors").mkdir()
    with as_file(files("rcm") / "model") as model:
        table = _rcm.StaticTable(model)
    lexical = tantivy.Index(_schema(), path=str(target / "lexical"))
    database = sqlite3.connect(target / "files.sqlite")
    database.execute("CREATE TABLE files (path TEXT PRIMARY KEY, sha256 TEXT, chunks INTEGER)")
    writer = lexical.writer(15_000_000, num_threads=1)
    n_files = n_chunks = 0
    for path in _rcm.walk(root).paths:
        digest = hashlib.sha256((root / path).read_bytes()).hexdigest()
        inspected: dict[str, Any] = _rcm.inspect(root, path)
        if "chunks" not in inspected:
            continue
        chunks = inspected["chunks"]
        for chunk in chunks:
            writer.add_document(_document(path, inspected["language"], chunk))
        vectors = table.embed([chunk["text"] for chunk in chunks])
        rows = np.frombuffer(vectors.to_bytes(), dtype=np.float32).reshape(-1, vectors.dim)
        np.save(target / "vectors" / f"{n_files}.npy", rows)
        database.execute("INSERT INTO files VALUES (?, ?, ?)", (path, digest, len(chunks)))
        writer.commit()
        database.commit()
        n_files += 1
        n_chunks += len(chunks)
    writer.wait_merging_threads()
    database.close()
    return NaiveReport(n_files, n_chunks)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    for name in ("path", "language", "symbol", "text"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("start_line", "end_line"):
        builder.add_unsigned_field(name, stored=True)
    return builder.build()


def _document(path: str, language: str, chunk: dict[str, Any]) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("path", path)
    document.add_text("language", language)
    document.add_text("symbol", str(chunk["symbol"]))
    document.add_text("text", str(chunk["text"]))
    document.add_text("terms", " ".join(_rcm.terms(str(chunk["text"]))))
    document.add_unsigned("start_line", chunk["start_line"])
    document.add_unsigned("end_line", chunk["end_line"])
    return document
