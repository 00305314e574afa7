"""The files inside archives, whatever their format."""

import io
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from rcm.train.sources import Source

Member: TypeAlias = tuple[PurePosixPath, Callable[[], bytes]]


def members(source: Source, place: Path) -> Iterator[Member]:
    """The files of a source, as paths inside its top folder and functions that read them.

    Args:
        source: Its registry decides what the archive looks like.
        place: The archive.
    """
    strip = _TOP_FOLDERS[source.registry](source)
    if place.suffix == ".deb":
        return _deb_members(place)
    if zipfile.is_zipfile(place):
        return _zip_members(place, strip)
    return _tar_members(io.BytesIO(place.read_bytes()), strip)


# Folders that an archive puts around its files and that say nothing about them.
_TOP_FOLDERS: dict[str, Callable[[Source], int]] = {
    "crates": lambda _: 1,
    "pypi": lambda _: 0,
    "go": lambda source: len(PurePosixPath(source.name).parts),
    "npm": lambda _: 1,
    "maven": lambda _: 0,
    "debian": lambda _: 1,
    "debian-binary": lambda _: 0,
}


def tar_files(archive: Path) -> Iterator[Member]:
    """The files of a tar archive, with their whole paths."""
    return _tar_members(io.BytesIO(archive.read_bytes()), strip=0)


def _tar_members(archive: io.BytesIO, strip: int) -> Iterator[Member]:
    with tarfile.open(fileobj=archive) as tar:
        for member in tar:
            path = _relative(member.name, strip)
            if member.isfile() and path is not None:
                content = tar.extractfile(member)
                if content is not None:
                    yield path, content.read


def _deb_members(archive: Path) -> Iterator[Member]:
    """The files of a binary package; a shell script without a suffix gets `.sh`, as suffixes decide."""
    command = ("dpkg-deb", "--fsys-tarfile", str(archive))
    unpacked = subprocess.run(command, capture_output=True, check=True).stdout
    for path, read in _tar_members(io.BytesIO(unpacked), strip=0):
        text = read()
        script = not path.suffix and _SHELL.match(text)
        yield (path.with_suffix(".sh") if script else path), lambda text=text: text  # type: ignore[misc]


_SHELL = re.compile(rb"#!.*\b(ba|da|k|z)?sh\b")


def _zip_members(archive: Path, strip: int) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as zipped:
        for info in zipped.infolist():
            path = _relative(info.filename, strip)
            if not info.is_dir() and path is not None:
                yield path, lambda info=info: zipped.read(info)  # type: ignore[misc]


def _relative(name: str, strip: int) -> PurePosixPath | None:
    """The path inside the archive's top folder; none for what would leave it."""
    parts = [part for part in PurePosixPath(name).parts if part != "."][strip:]
    if not parts or ".." in parts or PurePosixPath(name).is_absolute():
        return None
    return PurePosixPath(*parts)
