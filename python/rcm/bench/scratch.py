"""The scratch copy of a tree: all work is done on it, so that nothing can happen to the tree itself.

It holds what an index of the tree holds: the files that the walk finds, ignore files and names of
credential files honoured, each as a file of its own. (A hard link would be cheaper, and would
change the link count and change time of the original, which a real index of the tree goes by.) Beside them
come the files that say what is generated and which secrets may stay, and an empty `.git`, at which
ignore rules of the folders above end.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from rcm.bench.children import BenchError
from rcm.chunks import ScanOptions, walk
from rcm.present.quantities import size

#: Largest copy that is made unasked; a larger tree takes long and rarely tells more.
MOST_BYTES = 4 << 30
#: What indexes of several modes and rivals take beside the copy, as a share of it, at most.
_ROOM_FACTOR = 3
_RULES = (".gitattributes", ".rcm-secrets-allow")


@dataclass(frozen=True, slots=True)
class Scratch:
    """A copy of a tree.

    Attributes:
        root: Where it is.
        files: Files that were copied.
        size_bytes: Their sizes added up.
    """

    root: Path
    files: int
    size_bytes: int


class Original:
    """A tree as it is before the run.

    Attributes:
        root: Its root.
    """

    def __init__(self, root: Path) -> None:
        """Walks it.

        Raises:
            BenchError: If there is nothing to index.
        """
        self.root = root
        self._paths = walk(root, ScanOptions()).paths
        if not self._paths:
            raise BenchError(f"{root}: nothing to index", hint="`rcm index` says what is left out")
        self._before = self._stats()

    def touched(self) -> list[str]:
        """Files whose size, times or inode are no longer as they were, and those that came or went."""
        now = self._stats()
        changed = {path for path, stat in self._before.items() if now.get(path) != stat}
        return sorted(changed | set(walk(self.root, ScanOptions()).paths) ^ set(self._paths))

    def copy(self, target: Path) -> Scratch:
        """Copy what would be indexed.

        Raises:
            BenchError: If it is more than `MOST_BYTES`, or more than the disk takes, or `target` lies
                in the tree.
        """
        if target.resolve().is_relative_to(self.root.resolve()):
            raise BenchError(
                f"{target.parent}: the temporary folder is in the tree that is measured",
                hint="set TMPDIR to a folder elsewhere",
            )
        total = sum(stat[0] for stat in self._before.values())
        (target / ".git").mkdir(parents=True)
        self._check(total, target)
        copied = size_bytes = 0
        for path in self._paths:
            if _copy(self.root / path, target / path):
                copied += 1
                size_bytes += self._before[path][0]
        for folder in {Path(path).parent for path in self._paths} | {Path()}:
            for above in (folder, *folder.parents):
                for name in _RULES:
                    if not (target / above / name).exists():
                        _copy(self.root / above / name, target / above / name)
        return Scratch(target, copied, size_bytes)

    def _check(self, total: int, folder: Path) -> None:
        hint = "name a folder in it"
        if total > MOST_BYTES:
            raise BenchError(
                f"{self.root}: {size(total)} to index, and no more than {size(MOST_BYTES)} is copied",
                hint=hint,
            )
        free = shutil.disk_usage(folder).free
        if total * _ROOM_FACTOR > free:
            raise BenchError(
                f"{folder.parent}: {size(free)} free, and {size(total * _ROOM_FACTOR)} are needed",
                hint=f"{hint}, or set TMPDIR to a folder with more room",
            )

    def _stats(self) -> dict[str, tuple[int, int, int, int]]:
        stats = {}
        for path in self._paths:
            try:
                stat = os.lstat(self.root / path)
            except OSError:
                continue
            stats[path] = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        return stats


def _copy(source: Path, target: Path) -> bool:
    """Copy one regular file, its time as well; tells whether that could be done."""
    if source.is_symlink() or not source.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target, follow_symlinks=False)
        stat = source.stat()
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    except OSError as error:
        if error.errno in (28, 122):  # the disk is full: that is no trouble of this file
            raise
        target.unlink(missing_ok=True)
        return False
    return True
