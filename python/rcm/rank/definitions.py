"""Definitions: where a name is defined, every place of it, without any search by words or meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rcm import _rcm
from rcm.filters import Filters
from rcm.query.names import find_names
from rcm.rank.ranking import Ranked
from rcm.rank.signals import definition_weight
from rcm.search import Candidates, plain_text
from rcm.store.reader import IndexReader
from rcm.types import SearchResult, last_part


@dataclass(frozen=True, slots=True)
class Defined:
    """A chunk that defines a name, and what it defines it as."""

    ranked: Ranked
    name: str
    kind: str

    def shown(self, result: SearchResult) -> SearchResult:
        """Return the result of the chunk, called by the name if it shows another definition first."""
        if last_part(result.symbol) == self.name:
            return result
        return replace(result, symbol=self.name, kind=self.kind)


def definitions_of(name: str, reader: IndexReader, filters: Filters) -> list[Defined]:
    """Return where a name is defined: types first, then functions, declarations without a body last.

    Other spellings of it count where none is as written. Of a qualified name (`Pool.get`) only files
    that define the qualifier count.

    Args:
        name: The name of one symbol, qualified or not.
        reader: The index.
        filters: Where to look; of kinds, that of the definition itself.

    Raises:
        ValueError: If it is not the name of one symbol.
    """
    names = find_names(plain_text(name).strip())
    if not names.alone or len(names.wanted) != 1:
        raise ValueError(f"{name!r} is not the name of a symbol, such as LruCache or Pool.get")
    left = Candidates(_rcm.Scored([], [], []), filters._replace(kinds=None).allowed(reader))
    found = _defined(names.wanted[0], left, reader)
    if filters.kinds is not None:
        found = [one for one in found if _rcm.kinds()[one[1]] in filters.kinds]
    if names.scopes:
        scopes = {reader.file_index(one[0]) for one in _defined(names.scopes[-1], left, reader)}
        found = [one for one in found if reader.file_index(one[0]) in scopes]
    return _best_first(found, names.wanted[0], reader)


def _defined(
    name: str, left: Candidates, reader: IndexReader
) -> list[tuple[int, int, int, bool, bool]]:
    found = reader.segments.definitions(_rcm.name_key(name))
    found = [one for one in found if left.allows(one[0])]
    as_written = [one for one in found if one[4]]
    return as_written or found


def _best_first(
    found: Sequence[tuple[int, int, int, bool, bool]], name: str, reader: IndexReader
) -> list[Defined]:
    best: dict[int, Defined] = {}
    for chunk_id, kind, indent, forward, _ in found:
        weight = definition_weight(kind, indent, forward)
        if chunk_id not in best or weight > best[chunk_id].ranked.score:
            ranked = Ranked(chunk_id, weight, {"definition": weight})
            best[chunk_id] = Defined(ranked, name, _rcm.kinds()[kind])
    return sorted(
        best.values(),
        key=lambda one: (
            -one.ranked.score,
            reader.file_of(one.ranked.chunk_id).path,
            one.ranked.chunk_id,
        ),
    )
