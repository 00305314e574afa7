"""tantivy's files, without tantivy: which ones a commit consists of, their checksums, its errors."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

from rcm import _rcm
from rcm.errors import IndexDamagedError

#: Of tantivy's footer, at the very end of its files.
_FOOTER_MAGIC = (1337).to_bytes(4, "little")
_META, _MANAGED = "meta.json", ".managed.json"
#: How tantivy quotes the system's error numbers; those that are no sign of damage.
_ERROR_NUMBER = re.compile(r"os error (\d+)|code: (\d+)")
_REFUSALS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EACCES,
    errno.EPERM, errno.EROFS, errno.ENOMEM, errno.EAGAIN,
)  # fmt: skip


def damaged(folder: Path, error: Exception) -> IndexDamagedError:
    """Return the error for a lexical index that tantivy refuses."""
    return IndexDamagedError(f"{folder}: {error}", hint="rcm index builds it anew")


def meaning(folder: Path, error: Exception) -> OSError | IndexDamagedError:
    """Return what an error of tantivy means: the system refuses something, or files are damaged."""
    numbers = [int(first or second) for first, second in _ERROR_NUMBER.findall(str(error))]
    if "Failed to spawn" in str(error):
        numbers.append(
            errno.EAGAIN
        )  # no thread could be started: too little memory, too many processes
    number = next((number for number in numbers if number in _REFUSALS), None)
    if number is None:
        return damaged(folder, error)
    return OSError(number, os.strerror(number), str(folder))


def lexical_files(folder: Path) -> list[str]:
    """Return the names of the files that the last commit consists of.

    Raises:
        IndexDamagedError: If tantivy's list of segments cannot be read.
    """
    try:
        segments = json.loads((folder / _META).read_bytes())["segments"]
        live = {segment["segment_id"].replace("-", ""): segment["deletes"] for segment in segments}
        bitmaps = {f"{made}.{gone['opstamp']}.del" for made, gone in live.items() if gone}
    except (ValueError, KeyError, TypeError, AttributeError, FileNotFoundError) as error:
        raise damaged(folder / _META, error) from error
    present = sorted(path.name for path in folder.iterdir())
    parts = [name for name in present if name.split(".")[0] in live and not name.endswith(".del")]
    return [*parts, *sorted(bitmaps), *(name for name in (_META, _MANAGED) if name in present)]


def own_checksum_holds(path: Path) -> bool | None:
    """Compare a file with the checksum that tantivy keeps at its end; None if it keeps none.

    The end is the length of a JSON object and a magic number, both u32, little-endian, after it.
    """
    if path.name in (_META, _MANAGED):
        return None
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 8, 0))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != _FOOTER_MAGIC or length > size - 8:
            return False
        file.seek(size - 8 - length)
        try:
            expected = json.loads(file.read(length))["crc"]
        except (ValueError, KeyError, TypeError):
            return False
    ((_, _, crc32),) = _rcm.checksums([(path, size - 8 - length)])
    return bool(crc32 == expected)
