"""A process that updates an index each time it is told to, and says when that is done."""

from __future__ import annotations

import sys

from rcm import Index, IndexLockedError


def main(root: str, folder: str) -> None:
    """Update once for each line of standard input; answer with the line."""
    with Index.open(root, index_dir=folder) as index:
        for line in sys.stdin:
            try:
                index.update(lock_timeout=20)
            except IndexLockedError:
                line = "locked\n"
            sys.stdout.write(line)
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
