"""A process that asks one query over and over and says which step each answer is of."""

from __future__ import annotations

import re
import sys

import rcm.index
from rcm import Index

#: A word in every file of the tree that the writers index.
QUERY = "marker_of_this_step"


def main(root: str, folder: str, files: str) -> None:
    """Ask until standard input ends; print the step of each answer, or what is wrong with it."""
    # What the index holds is asked for, not what has become of the files: they are edited meanwhile.
    rcm.index.verified = lambda _root, _reader, results: list(results)
    print("ready", flush=True)
    with Index.open(root, index_dir=folder) as index:
        while True:
            results = index.search(QUERY, top_k=int(files))
            steps = {number for hit in results for number in re.findall(r"step (\d+)", hit.text)}
            if len(results) != int(files) or len(steps) != 1:
                print(f"wrong: {len(results)} results of the steps {sorted(steps)}", flush=True)
                return
            print(*steps, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
