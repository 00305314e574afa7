"""Refresh: a look at the tree before a search, and an update when it is cheap.

The tree is walked and compared by stat, files whose stat proves nothing are hashed, and the time
that an update would take is estimated from what earlier ones took per file. Nothing here fails
because of the tree, a lock or the disk unless the user asked for the update: a search can always
answer from what there is, and says of each result how fresh it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

from rcm import _rcm
from rcm.access import Access
from rcm.chunks import ScanOptions, walk
from rcm.errors import IndexLockedError, IndexNotFoundError, IndexStaleError, RcmError
from rcm.store.reader import IndexReader
from rcm.types import Refreshed, RefreshPolicy

if TYPE_CHECKING:
    from rcm.reports.update import IndexReport

#: An update of nothing: open, walk, commit, seal; docs/freshness.md has the figures.
_UPDATE_SECONDS = 0.06
#: A changed file, where no update has said how long one takes: ten times what the static embedder does.
_FILE_SECONDS = 0.015
#: Reading and hashing, at a rate that a slow disk manages: seconds per file and bytes per second.
_OPEN_SECONDS, _HASH_RATE = 20e-6, 200e6
#: As in `rcm-core/snapshot.rs`: a stamp that is not so much older than a scan proves nothing.
_RACY_NS = 2_000_000_000
#: So many files whose stat alone proves nothing are worth an update that notes their stats.
_WORTH_NOTING = 64
#: A file known to the index, in a walk of its tree: three times what it takes on an idle machine.
_LOOK_SECONDS = 15e-6
#: How the reasons begin when nothing but `rcm index` will do, and when looking alone takes too long.
REBUILD = "the index has to be rebuilt"
NOT_LOOKED = "the tree was not looked at"
#: The reason when another process holds the lock.
LOCKED = "another process is writing the index"
#: Seconds to wait for another writer: it is likely to do what is wanted here.
_PATIENCE = {"auto": 0.25, "always": 5.0}


class Scan(NamedTuple):
    """How a tree differs from an index.

    Attributes:
        pending: Files that were added, changed or removed; by stat where `exact` is False.
        doubtful: Files that were read because what the index knows of their stat proves nothing, and
            are as indexed; those left out whose stat would prove nothing now either.
        exact: Whether contents were compared where stats differ.
    """

    pending: int
    doubtful: int
    exact: bool


def refresh(
    root: Path,
    access: Access,
    update: Callable[..., IndexReport],
    policy: RefreshPolicy,
    budget: float,
) -> Refreshed:
    """Bring an index up to date if that is wanted or cheap; see `Index.refresh`."""
    if policy not in get_args(RefreshPolicy):
        known = ", ".join(get_args(RefreshPolicy))
        raise ValueError(f"policy is {policy!r}, not one of {known}")
    started = time.perf_counter()

    def told(reason: str, *, checked: bool = True, pending: int = 0) -> Refreshed:
        seconds = time.perf_counter() - started
        return Refreshed(policy, checked, False, pending, reason, seconds)

    if policy == "never":
        return told("not asked to look", checked=False)
    run = partial(_update, update, policy, started, told)
    if policy == "always":
        return run("asked for", 0)
    try:
        reader = access.reader(words_only=True)
        looking = len(reader.files) * _LOOK_SECONDS
        if looking > budget:
            about = f"{len(reader.files):,} files take about {looking:.1f} s, more than {budget:g}"
            return told(f"{NOT_LOOKED}: {about}", checked=False)
        scan = look_at_tree(root, reader, budget)
    except (IndexNotFoundError, IndexStaleError) as error:
        return told(str(error), checked=False)
    except (RcmError, OSError) as error:
        return told(f"the tree could not be compared: {error}", checked=False)
    if not scan.pending and scan.doubtful < _WORTH_NOTING:
        return told("nothing has changed")
    seconds = estimate(reader.meta, scan)
    if not scan.exact or seconds > budget:
        about = f"about {seconds:.1f} s of work, more than {budget:g}"
        return told(about, pending=scan.pending)
    obstacle = _obstacle(access, reader.meta)
    if obstacle is not None:
        return told(obstacle, pending=scan.pending)
    return run("files have changed" if scan.pending else "stats noted", scan.pending)


def look_at_tree(root: Path, reader: IndexReader, budget: float) -> Scan:
    """Compare a tree with its index, by stat and where that proves nothing by content.

    Args:
        root: The tree.
        reader: The index.
        budget: Seconds that reading may take; beyond, stats have to do.

    Raises:
        OSError: If the tree cannot be listed.
        IndexDamagedError: If the file table cannot be read.
    """
    options = ScanOptions.from_meta(reader.meta)
    plan = reader.known.plan(walk(root, options))
    candidates, removed = plan.candidates, len(plan.removed)
    if not candidates:
        return Scan(removed, 0, exact=True)
    reading = sum(_OPEN_SECONDS + size / _HASH_RATE for _, size, _, _ in candidates)
    if reading > budget:
        return Scan(removed + sum(not same for *_, same in candidates), 0, exact=False)
    known = reader.known.of([path for path, *_ in candidates])
    read = _rcm.hash_files(plan, max_file_bytes=options.max_file_bytes)
    # A file that cannot be read is left by an update as it is: there is nothing to do about it.
    changed = {path for path, digest in read if path not in known or known[path][5] != digest}
    settled = time.time_ns() - _RACY_NS
    doubtful = sum(at < settled and path not in changed for path, _, at, _ in candidates)
    return Scan(removed + len(changed), doubtful, exact=True)


def estimate(meta: dict[str, str], scan: Scan) -> float:
    """Return the seconds that an update is likely to take.

    Args:
        meta: What the index says of itself; `seconds_per_file` is what a file took, all in all,
            in the last update of many.
        scan: What differs.
    """
    try:
        per_file = float(meta["seconds_per_file"])
    except (KeyError, ValueError):
        per_file = _FILE_SECONDS
    return _UPDATE_SECONDS + scan.pending * max(per_file, 0.0)


def _obstacle(access: Access, meta: dict[str, str]) -> str | None:
    """Return why an update would not be a small one, or None if nothing is in the way."""
    try:
        access.embedder(meta)
    except (RcmError, ValueError) as error:
        return f"not updated: {error}"
    wanted = access.expected_identity(meta)
    differs = [name for name, value in wanted.items() if meta.get(name) != value]
    # A rebuild is nothing to do by the way: the user decides when.
    return f"{REBUILD}: {', '.join(differs)} changed" if differs else None


def _update(
    update: Callable[..., IndexReport],
    policy: RefreshPolicy,
    started: float,
    told: Callable[..., Refreshed],
    reason: str,
    pending: int,
) -> Refreshed:
    try:
        report = update(lock_timeout=_PATIENCE[policy])
    except IndexLockedError:
        return told(LOCKED, pending=pending)
    except (RcmError, OSError) as error:
        if policy == "always":
            raise
        return told(f"not updated: {error}", pending=pending)
    seconds = time.perf_counter() - started
    return Refreshed(policy, True, True, 0, reason, seconds, report)
