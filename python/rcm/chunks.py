"""Chunks: the Rust half of the line as Python sees it, from a directory to batches of chunks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, cast

from rcm import _rcm
from rcm.allow_list import NOTHING_ALLOWED, AllowList
from rcm.types import IndexMode, SecretsMode


class ScanOptions(NamedTuple):
    """What to look at.

    Attributes:
        use_ignore: Honour .gitignore, .ignore, .rcmignore and git's own exclude files.
        hidden: Include hidden files and folders.
        max_file_bytes: Larger files are skipped.
        secrets: What is done about secrets.
        cross_mounts: Enter file systems mounted below the root.
    """

    use_ignore: bool = True
    hidden: bool = False
    max_file_bytes: int = 1 << 20
    secrets: SecretsMode = "redact"
    cross_mounts: bool = False

    def to_meta(self) -> dict[str, str]:
        """Return the options as an index remembers them."""
        return {
            "use_ignore": str(int(self.use_ignore)),
            "hidden": str(int(self.hidden)),
            "max_file_bytes": str(self.max_file_bytes),
            "secrets": self.secrets,
            "cross_mounts": str(int(self.cross_mounts)),
        }

    @classmethod
    def from_meta(cls, meta: Mapping[str, str]) -> ScanOptions:
        """Return the options that an index remembers, the defaults where it has none."""
        cap = meta.get("max_file_bytes", "")
        return cls(
            use_ignore=meta.get("use_ignore", "1") == "1",
            hidden=meta.get("hidden", "0") == "1",
            max_file_bytes=int(cap) if cap.isdecimal() else cls().max_file_bytes,
            secrets=cast(SecretsMode, meta.get("secrets", cls().secrets)),
            cross_mounts=meta.get("cross_mounts", "0") == "1",
        )


def walk(root: Path, options: ScanOptions, *, workers: int = 0) -> _rcm.Walked:
    """Walk a tree.

    Args:
        root: The tree.
        options: What to look at.
        workers: Threads; 0 is one per core.

    Raises:
        OSError: If the root cannot be listed.
    """
    return _rcm.walk(
        root,
        use_ignore=options.use_ignore,
        hidden=options.hidden,
        max_file_bytes=options.max_file_bytes,
        cross_mounts=options.cross_mounts,
        workers=workers,
    )


class ChunkBatches:
    """Batches of processed files, in the order of the walk whatever the mode.

    Args:
        plan: Which files to process.
        mode: When to process them.
        workers: Threads that parse.
        options: The size cap, and what is done about secrets.
        block_bytes: Source bytes in one batch, more or less.
        allowed: Fingerprints of secrets that may stay.
        notes: File in which workers note the files they have in hand, if any.
        crashed: Digests of contents that are not to be parsed.
    """

    def __init__(
        self,
        plan: _rcm.Plan,
        mode: IndexMode,
        workers: int,
        options: ScanOptions,
        block_bytes: int,
        allowed: AllowList = NOTHING_ALLOWED,
        *,
        notes: Path | None = None,
        crashed: Collection[bytes] = (),
    ) -> None:
        self._stream = _rcm.ChunkStream(
            plan,
            mode=mode,
            workers=workers,
            max_file_bytes=options.max_file_bytes,
            secrets=options.secrets,
            allowed=list(allowed.fingerprints),
            block_bytes=block_bytes,
            in_flight=notes,
            crashed=list(crashed),
        )

    def __iter__(self) -> Iterator[_rcm.Batch]:
        return iter(self._stream)

    def seconds(self) -> dict[str, float]:
        """Return busy seconds per stage so far, summed over threads."""
        return dict(self._stream.phases)
