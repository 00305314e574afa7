"""Download the training sources and unpack what may be trained on.

Every archive's SHA-256 is compared with the table before it is opened, and its licence with the stated one;
every file is held against the deny
list before it is kept.
"""

import hashlib
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from rcm.train.archives import members
from rcm.train.clients import FetchError, download, statement
from rcm.train.licences import stated
from rcm.train.sources import Deny, Source, licence_parts, load_deny, load_sources

_log = logging.getLogger(__name__)

MAX_FILE_BYTES = 400_000
"""Larger files are generated or data; the indexer would rarely meet them."""

SUFFIXES = re.compile(
    r"\.(rs|py|go|[ch]|cc|hh|[ch]pp|cxx|java|[mc]?jsx?|m?tsx?|rb|php|lua|exs?|hs|cs|swift|sh|bash|kts?|scala|zig|md)"
)
"""Suffixes of the files that are unpacked: what the parse stage knows and pairs are made of."""


def fetch(data: Path) -> None:
    """Download and unpack every source that is not there yet.

    Args:
        data: Folder for archives (`archives/`), client caches and unpacked files (`src/NAME/`).

    Raises:
        FetchError: A client failed, or an archive has another hash than the table says.
    """
    deny = load_deny()
    for source in load_sources():
        target = data / "src" / source.folder
        if target.is_dir():
            continue
        partial = data / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        kept = sum(_keep(partial, path, text) for path, text in _files(source, data, deny))
        if not kept:
            raise FetchError(f"{source.name} {source.version} holds nothing to train on")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.rename(target)
        _log.info("%s %s: %d files", source.name, source.version, kept)


def _files(source: Source, data: Path, deny: Deny) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the files of a source that may be trained on, relative to its top folder."""
    for path, read in members(source, place_of(source, data)):
        if not SUFFIXES.fullmatch(path.suffix.lower()) or not source.keeps(path) or deny.path(path):
            continue
        text = read()
        if len(text) <= MAX_FILE_BYTES and not deny.header(text):
            yield path, text


def _keep(folder: Path, path: PurePosixPath, text: bytes) -> bool:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text)
    return True


def place_of(source: Source, data: Path) -> Path:
    """Return the checked archive of a source, downloading it when it is not there.

    Raises:
        FetchError: The client failed or the hash differs.
    """
    folder = data / "archives" / source.folder
    found = sorted(each for each in folder.glob("*") if each.is_file()) if folder.is_dir() else []
    if not found:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(download(source, data.resolve()), folder)
        found = sorted(folder.iterdir())
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != source.sha256:
        raise FetchError(f"{found[0].name} has SHA-256 {digest}, the table says {source.sha256!r}")
    check_licence(source, found[0], data)
    return found[0]


def check_licence(source: Source, archive: Path, data: Path) -> None:
    """Compare the table's licence with the one stated for the package.

    Raises:
        FetchError: Another licence is stated, or the table is wrong about whether one can be read.
    """
    found = stated(source, archive, _statement(source, data))
    expected = frozenset(licence_parts(source.licence)) if source.stated else frozenset[str]()
    if found != expected:
        raise FetchError(
            f"{source.name} {source.version} states {' and '.join(sorted(found)) or 'no licence'}, "
            f"the table says {source.licence!r}{'' if source.stated else ', not stated'}"
        )


def _statement(source: Source, data: Path) -> Path | None:
    folder = data / "statements" / source.folder
    kept = sorted(folder.iterdir()) if folder.is_dir() else []
    if not kept and (fetched := statement(source, data.resolve())):
        folder.mkdir(parents=True, exist_ok=True)
        kept = [Path(shutil.copy(fetched, folder))]
    return kept[0] if kept else None
