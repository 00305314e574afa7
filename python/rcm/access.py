"""Access: one index opened for use: what it says of itself, its model, its newest committed epoch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rcm import _rcm
from rcm.embed import Embedder, open_embedder
from rcm.errors import IndexDamagedError, IndexNotFoundError, IndexStaleError, ModelError, RcmError
from rcm.settings import Settings, root_name
from rcm.store.folder import Generation, IndexFolder
from rcm.store.reader import IndexReader, Stamp, open_reader, recorded_meta

if TYPE_CHECKING:
    from rcm.store.qdrant import QdrantVectors

#: Version of the folder's layout, the file table and the lexical schema (`docs/index-format.md`).
FORMAT_VERSION = 3


class Access:
    """Opens what an index consists of, and only what is asked for.

    Args:
        root: The tree.
        folder: The index.
        settings: What the environment asks for.
        embedder: The embedder asked for, or None for the one that the index was made with.
        url: The Qdrant server asked for, or None for the one of the index.
    """

    def __init__(
        self,
        root: Path,
        folder: IndexFolder,
        settings: Settings,
        embedder: str | None,
        url: str | None,
    ) -> None:
        self.root, self.folder, self.settings = root, folder, settings
        self._embedder_spec, self._url = embedder, url
        self._embedder: Embedder | None = None
        self._asked: str | None = None
        self._reader: IndexReader | None = None
        self._stamp_of_reader = Stamp((), ())
        self._model_fits = False
        # What is opened once and used by many: several threads may ask one index.
        self._opening = threading.RLock()

    def close(self) -> None:
        """Let go of open files."""
        with self._opening:
            self._reader = None

    def recorded(
        self, read: Callable[[Generation], dict[str, str]] = recorded_meta
    ) -> dict[str, str]:
        """Return what the present index says of itself, {} if there is none or it is damaged."""
        try:
            return read(self.folder.current())
        except RcmError:
            return {}

    # --- model -------------------------------------------------------------------------------

    def embedder(self, recorded: dict[str, str]) -> Embedder:
        """Return the embedder asked for, else the one that an index says it was made with.

        Raises:
            ModelError: If its model cannot be used.
            ValueError: If there is no such embedder.
        """
        with self._opening:
            return self._present_embedder(recorded)

    def _present_embedder(self, recorded: dict[str, str]) -> Embedder:
        spec = self._embedder_spec or recorded.get("embedder")
        if self._embedder is None or (spec and spec not in (self._embedder.spec, self._asked)):
            embedder = open_embedder(spec)
            if embedder.cached:
                from rcm.store.embedding_cache import CachedEmbedder

                embedder = CachedEmbedder(embedder, self.settings.embedding_cache)
            # A directory may be given relative to where we are; the embedder says where it lies.
            self._embedder, self._asked = embedder, spec
        return self._embedder

    def _model(self, recorded: dict[str, str]) -> Embedder:
        try:
            return self.embedder(recorded)
        except ModelError as error:
            hint = "; ".join(filter(None, (error.hint, "--mode bm25 searches by words without it")))
            raise ModelError(str(error), hint=hint) from error

    # --- identity ----------------------------------------------------------------------------

    def url(self, recorded: dict[str, str]) -> str:
        """Return the Qdrant server asked for, else the one that an index uses, "" for none."""
        return self._url if self._url is not None else recorded.get("qdrant_url", "")

    def identity(self, embedder: Embedder, url: str) -> dict[str, str]:
        """Return everything the stored index depends on; any difference asks for a rebuild."""
        model = {"model": embedder.digest.hex(), "dim": str(embedder.dim)}
        return {**self._rules(url), "embedder": embedder.spec, **model}

    def _rules(self, url: str) -> dict[str, str]:
        """Return what the index depends on but for the model."""
        return {"format": str(FORMAT_VERSION), **dict(_rcm.identity()), "qdrant_url": url}

    def expected_identity(self, meta: dict[str, str]) -> dict[str, str]:
        """Return the identity that an update would want of an index now."""
        from rcm.allow_list import read_allow_list

        try:
            embedder = self.embedder(meta)
        except (RcmError, ValueError):
            return {"embedder": ""}
        # A search does not look at the tree, so it does not look at its list either.
        allowed = read_allow_list(self.root).digest
        identity = self.identity(embedder, meta.get("qdrant_url", ""))
        return {**identity, "secrets_allowed": allowed}

    def _check_identity(self, meta: dict[str, str], *, words_only: bool) -> None:
        if "format" not in meta:
            raise IndexNotFoundError(
                f"{self.root}: not indexed yet", hint="rcm index builds the index"
            )
        if meta.get("root", root_name(self.root)) != root_name(self.root):
            raise IndexStaleError(
                f"{self.folder.path}: the index of {meta['root']}, not of {self.root}",
                hint="rcm index brings it up to date with this tree",
            )
        url = self.url(meta)
        expected = self._rules(url) if words_only else self.identity(self._model(meta), url)
        different = [name for name, value in expected.items() if meta.get(name) != value]
        if different:
            raise self._stale(*different)

    def _stale(self, *fields: str) -> IndexStaleError:
        return IndexStaleError(
            f"the index of {self.root} was made otherwise: {', '.join(fields)} changed",
            hint="rcm index brings it up to date",
        )

    # --- readers -----------------------------------------------------------------------------

    def reader(self, *, words_only: bool = False) -> IndexReader:
        """Return the newest committed epoch, opened again only when something was committed.

        Args:
            words_only: The model is not needed and not looked at.

        Raises:
            IndexNotFoundError: If the tree is not indexed.
            IndexStaleError: If the index was made by another version, model or set of rules.
            IndexDamagedError: If it cannot be read.
        """
        with self._opening:
            return self._newest_reader(words_only)

    def _newest_reader(self, words_only: bool) -> IndexReader:
        if self._reader is None or not self._stamp_of_reader.holds():
            # The stamp is older than what is opened, so that nothing committed meanwhile is missed.
            stamp = _stamp(self.folder, self.folder.current())
            reader = self._opened()
            self._check_identity(reader.meta, words_only=words_only)
            self._reader, self._stamp_of_reader = reader, stamp
            self._model_fits = not words_only
        elif not (words_only or self._model_fits):
            self._check_identity(self._reader.meta, words_only=False)
            self._model_fits = True
        return self._reader

    def _opened(self) -> IndexReader:
        try:
            return open_reader(
                self.folder, memory_map=self.settings.memory_map, vectors=self.remote
            )
        except IndexDamagedError:
            # An index of another format may lack what this one must have: that is no damage.
            made = self.recorded().get("format")
            if made is not None and made != str(FORMAT_VERSION):
                raise self._stale("format") from None
            raise

    # --- a remote vector store ---------------------------------------------------------------

    def remote(self, meta: dict[str, str], stop: int | None = None) -> QdrantVectors | None:
        """Return where the dense vectors of an index are, None if in its own segments."""
        url = meta.get("qdrant_url", "")
        if not url:
            return None
        from rcm.store.qdrant import QdrantVectors

        return QdrantVectors(url, meta["collection"], int(meta["dim"]), stop=stop)

    def sink(self, url: str, dim: int, generation: Generation) -> QdrantVectors:
        """Return where the dense vectors of a generation go when they go to a server."""
        from rcm.store.qdrant import QdrantVectors, collection_name

        named = recorded_meta(generation).get("collection")
        name = named or collection_name(self.folder.path, generation.folder.name)
        return QdrantVectors(url, name, dim)


def _stamp(folder: IndexFolder, generation: Generation) -> Stamp:
    """Return what changes with every commit, rebuild and finding: three stats, no read."""
    return Stamp.of(
        str(folder.pointer), str(generation.lexical / "meta.json"), str(generation.damage_mark)
    )
