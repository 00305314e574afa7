"""Writes the lexical index: chunks added and removed, and the commit that shows them."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

import tantivy

from rcm.errors import IndexDamagedError
from rcm.faults import reach
from rcm.store.folder import fsync_folder
from rcm.store.lexical.schema import open_lexical
from rcm.store.tantivy_files import damaged, meaning

#: Bytes of tantivy's writing buffer: 20,000 chunks fit in one segment.
HEAP_BYTES = 64 << 20

_TEMPORARY = re.compile(r"\.tmp\w+$")
_SEGMENT_FILE = re.compile(r"[0-9a-f]{32}\.")


class LexicalWriter:
    """The one writer of a lexical index; hold the lock while there is one.

    Args:
        folder: Where it is; made if missing.
        heap_bytes: tantivy's writing buffer; a full one becomes a segment of its own.

    Raises:
        IndexDamagedError: If tantivy cannot open the folder for writing.
    """

    def __init__(self, folder: Path, heap_bytes: int = HEAP_BYTES) -> None:
        self._folder = folder
        self._closed = False
        index = open_lexical(folder, make=True)
        self._schema = index.schema
        try:
            self._writer = index.writer(heap_bytes, num_threads=1)
            # A killed writer can leave a delete bitmap whose name the next commit wants to
            # create: without this collection every later commit fails, for ever.
            self._writer.garbage_collect_files()
        except (ValueError, OSError) as error:
            raise meaning(folder, error) from error
        self._uncommitted = False
        for path in _left_over(folder):
            path.unlink(missing_ok=True)

    def add(self, chunk_id: int, file: str, language: str, terms: str, stored: bytes) -> None:
        """Add one chunk.

        Args:
            chunk_id: Its id.
            file: Key of its file.
            language: Language of its file.
            terms: Its terms, joined by blanks.
            stored: The fields of a `StoredChunk`, in order, as JSON.
        """
        document = tantivy.Document()
        document.add_unsigned("id", chunk_id)
        document.add_text("file", file)
        document.add_text("language", language)
        document.add_text("terms", terms)
        document.add_bytes("stored", stored)
        self._uncommitted = True
        try:
            self._writer.add_document(document)
        except ValueError as error:
            # Its thread ended earlier; why, only the commit is told.
            raise self._cause(error) from error

    def _cause(self, error: ValueError) -> OSError | IndexDamagedError:
        try:
            self._writer.commit()
        except (ValueError, OSError) as cause:
            return meaning(self._folder, cause)
        return damaged(self._folder, error)

    def remove_file(self, file: str) -> None:
        """Remove all chunks of a file key."""
        self._uncommitted = True
        self._writer.delete_documents_by_term("file", file)

    def commit(self, epoch: int, change_hash: str) -> None:
        """Commit everything since the last commit: the switch to `epoch`.

        Raises:
            OSError: If the disk refuses; the index is as it was before.
        """
        self._writer.delete_documents_by_term("control", "epoch")
        document = tantivy.Document()
        document.add_text("control", "epoch")
        document.add_bytes("stored", json.dumps([epoch, change_hash]).encode())
        self._writer.add_document(document)
        reach("lexical-commit")
        try:
            self._writer.commit()
        except (ValueError, OSError) as error:
            self.rollback()
            raise meaning(self._folder, error) from error
        self._uncommitted = False
        # tantivy renames its new meta file but leaves the folder unsynced: without this, 19 of
        # 60 simulated power cuts lost a commit already reported as done.
        reach("lexical-sync-folder")
        fsync_folder(self._folder)
        self._make_private()

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        if self._closed:
            return
        self._uncommitted = False
        with suppress(ValueError, OSError):
            self._writer.rollback()
            self._writer.garbage_collect_files()

    def close(self) -> None:
        """Forget what was not committed, wait for merges and let go of tantivy's own lock."""
        if self._closed:
            return
        # A rollback stops merges half-way: segments would pile up, and their files stay for ever.
        if self._uncommitted:
            self.rollback()
        self._closed = True
        with suppress(ValueError, OSError):
            self._writer.wait_merging_threads()
        self._make_private()

    def _make_private(self) -> None:
        """Take the rights of others away: tantivy makes its files as the umask leaves them."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # merges delete files meanwhile
                    if entry.stat(follow_symlinks=False).st_mode & 0o077:
                        os.chmod(entry.path, 0o600, follow_symlinks=False)


def _left_over(folder: Path) -> list[Path]:
    """Return what stopped writers left: temporary files, and segment files that nobody lists.

    tantivy's own collection deletes only files in its list, and a merge that was stopped is not in it.
    """
    try:
        listed = set(json.loads((folder / ".managed.json").read_bytes()))
    except (FileNotFoundError, ValueError):
        return []
    return [
        path
        for path in folder.iterdir()
        if _TEMPORARY.match(path.name)
        or (_SEGMENT_FILE.match(path.name) and path.name not in listed)
    ]
