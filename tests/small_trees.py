"""Small trees, and a dump of an index that equal indexes share."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from rcm import Index
from rcm.store.folder import IndexFolder
from rcm.store.reader import IndexReader, open_reader

PYTHON_SOURCE = '''\
"""Retries: how often a failed request is sent again."""

MAX_RETRIES = 5


class RetryPolicy:
    """Decides whether a failed request is sent again."""

    def should_retry(self, attempt: int) -> bool:
        """Tell whether another attempt is allowed."""
        return attempt < MAX_RETRIES


def backoff_seconds(attempt: int) -> float:
    """Return how long to wait before an attempt; doubles each time."""
    return 0.1 * 2**attempt
'''

RUST_SOURCE = """\
//! A cache that forgets what was used least recently.

/// Maps keys to values, bounded by `capacity`.
pub struct LruCache<K, V> {
    capacity: usize,
    entries: Vec<(K, V)>,
}

impl<K: PartialEq, V> LruCache<K, V> {
    /// Makes an empty cache.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, entries: Vec::new() }
    }

    /// Looks a key up and marks it as used.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        let at = self.entries.iter().position(|entry| &entry.0 == key)?;
        let entry = self.entries.remove(at);
        self.entries.push(entry);
        self.entries.last().map(|entry| &entry.1)
    }
}
"""

SMALL_TREE = {
    "src/retry.py": PYTHON_SOURCE,
    "src/cache.rs": RUST_SOURCE,
    "src/config.toml": '[server]\nport = 8080\n\n[logging]\nlevel = "info"\n',
    "README.md": "# Sample\n\nA sample project.\n\n## Usage\n\nCall `backoff_seconds`.\n",
    "tests/test_retry.py": "from src.retry import backoff_seconds\n\n\ndef test_backoff():\n"
    "    assert backoff_seconds(1) == 0.2\n",
    "notes.txt": "Plain words about nothing in particular.\n",
    "logo.bin": "\x00\x01\x02",
}


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a root and return the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def git(root: Path, *arguments: str) -> str:
    """Run git in a repository, as somebody and without hooks, and return what it prints."""
    settings = ("user.name=t", "user.email=t@example.org", "core.hooksPath=/dev/null")
    options = [option for setting in settings for option in ("-c", setting)]
    command = ["git", *options, *arguments]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def reader_of(index: Index) -> IndexReader:
    """Open the committed state of an index."""
    return open_reader(IndexFolder(index.index_dir))


def dump(index: Index) -> list[object]:
    """Return everything an index holds but ids and epochs: equal dumps answer every query alike."""
    reader = reader_of(index)
    rows: list[object] = [reader.meta.get("merkle_root"), reader.segments.total_length]
    for file in sorted(reader.files, key=lambda file: file.path):
        for nth in range(file.n_chunks):
            chunk_id = file.first_id + nth
            vector = reader.vectors.vector(chunk_id)
            rows.append(
                (file.path, file.language, nth, reader.chunk(chunk_id), tuple(vector or ()))
            )
    live = sorted(
        chunk
        for file in reader.files
        for chunk in range(file.first_id, file.first_id + file.n_chunks)
    )
    assert reader.lexical.ids() == live, "the lexical index and the file table hold the same chunks"
    assert sorted(reader.segments.live_ids()) == live, (
        "segments and file table hold the same chunks"
    )
    return rows
