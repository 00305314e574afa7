"""Write a tiny index in the present format, to be kept when that format is released.

Run as `python tests/golden_indexes/make.py NAME`: it writes `NAME.tar.gz` beside this file. Stored
indexes are never written again; `tests/test_formats.py` opens all of them.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

from rcm import Index

TREE = {
    "src/retry.py": "def backoff_seconds(attempt):\n    return 0.1 * 2**attempt\n",
    "README.md": "# Sample\n\nHow long to wait before another attempt.\n",
}


def write_tree(root: Path) -> Path:
    """Write the tree that the stored indexes were made of."""
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def main(name: str) -> None:
    """Make the index of the tree and pack it."""
    with tempfile.TemporaryDirectory() as folder:
        root, place = write_tree(Path(folder) / "tree"), Path(folder) / "index"
        with Index.open(root, index_dir=place) as index:
            index.update()
        target = Path(__file__).with_name(f"{name}.tar.gz")
        with tarfile.open(target, "x:gz") as archive:
            archive.add(place, arcname="index", filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return None if entry.name.endswith((".lock", "/LOCK")) else entry


if __name__ == "__main__":
    main(sys.argv[1])
