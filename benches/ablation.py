"""What each ranking weight is worth: NDCG@10 with it set to nothing, every other weight as it is.

    python benches/ablation.py --annotations DIR --repositories DIR --list repos.json [--indexes DIR]

Candidates are retrieved once per query and ranked once per row of the table, so that rows differ in
the ranking alone. Intervals are 95 %, paired bootstrap over repositories, of the change against the
whole formula.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from quality_metric import DEPTH, Query, load_annotations, ndcg, paired_interval, target_ranks
from rcm import Index
from rcm.embed import open_embedder
from rcm.filters import Filters
from rcm.query import understand
from rcm.rank import DEFAULT, Weights, rank
from rcm.search import Candidates, retrieve
from rcm.store.folder import IndexFolder
from rcm.store.reader import IndexReader, open_reader

#: Weights that switch a part off when they are 0.
PARTS = (
    "floor", "telling", "aggregation", "stem", "folder", "definition", "identifier", "references", "test",
    "prose", "bundled", "place", "rare", "verbatim", "name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a ranked chunk lies."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository's queries with their candidates."""

    name: str
    reader: IndexReader
    prefix: str
    asked: tuple[tuple[Query, Candidates], ...]

    def native(self, weights: Weights) -> float:
        """Return NDCG@10 of the results as returned, mean over the queries."""
        return fmean(self._native(query, found, weights) for query, found in self.asked)

    def _native(self, query: Query, found: Candidates, weights: Weights) -> float:
        hits = []
        for one in rank(understand(query.text), found, self.reader, weights, top_k=DEPTH):
            chunk = self.reader.chunk(one.chunk_id)
            path = self.prefix + self.reader.file_of(one.chunk_id).path
            hits.append(Hit(path, chunk.start_line, chunk.end_line))
        return ndcg(target_ranks(query.targets, hits), len(query.targets))


def load(entry: dict[str, Any], arguments: argparse.Namespace, indexes: Path) -> Repository:
    """Index one repository and retrieve the candidates of all its queries."""
    name, below = entry["name"], "" if arguments.whole else entry.get("benchmark_root") or ""
    folder = indexes / (f"{name}-whole" if arguments.whole else name)
    with Index.open(arguments.repositories / name / below, index_dir=folder) as index:
        index.update()
    reader = open_reader(IndexFolder(folder))
    embedder = open_embedder()
    queries = load_annotations(arguments.annotations / f"{name}.json")
    asked = [
        (query, retrieve(understand(query.text), reader, embedder, "hybrid", Filters()))
        for query in queries
    ]
    return Repository(name, reader, f"{below}/" if below else "", tuple(asked))


def variants() -> list[tuple[str, Weights]]:
    """Return the rows of the table: name and weights."""
    rows = [("everything", DEFAULT)]
    for name in PARTS:
        nothing: dict[str, Any] = {name: type(getattr(DEFAULT, name))(0)}
        rows.append((f"without {name}", DEFAULT._replace(**nothing)))
    rows.append(
        (
            "semantic only",
            DEFAULT._replace(semantic=1.0, lexical=0.0, telling=0.0, long_semantic=1.0),
        )
    )
    rows.append(("lexical only", DEFAULT._replace(semantic=0.0, lexical=1.0, telling=0.0)))
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--repositories", type=Path, required=True)
    parser.add_argument("--list", type=Path, required=True)
    parser.add_argument("--indexes", type=Path, help="keep the indexes here for the next run")
    parser.add_argument("--whole", action="store_true", help="index whole repositories")
    arguments = parser.parse_args(argv)
    entries = json.loads(arguments.list.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        indexes = arguments.indexes or Path(scratch)
        repositories = [load(entry, arguments, indexes) for entry in entries]
        whole = [one.native(DEFAULT) for one in repositories]
        print("| formula | NDCG@10 | change | 95 % |\n|---|---|---|---|")
        for name, weights in variants():
            scores = [one.native(weights) for one in repositories]
            low, high = paired_interval([a - b for a, b in zip(scores, whole, strict=True)])
            change = fmean(scores) - fmean(whole)
            print(f"| {name} | {fmean(scores):.4f} | {change:+.4f} | [{low:+.4f}, {high:+.4f}] |")


if __name__ == "__main__":
    main()
