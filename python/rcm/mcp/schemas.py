"""Schemas: what each tool takes and gives. Descriptions are for the agent that reads them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rcm.types import ContentClass, Freshness, SearchMode

#: Bounds of a budget; the upper one keeps a response below 64 kB.
LEAST_TOKENS, MOST_TOKENS = 200, 20_000
#: Results on one page, and before the last page: retrieval looks at 400 chunks.
_MOST_RESULTS, _MOST_OFFSET = 50, 350
_MOST_LINES = 200
#: Lines that one exact search counts: a pattern that half of all lines match is a mistake.
MOST_MATCHES = 20_000
_MOST_QUERY_CHARS = 20_000


def _as_list(value: Any) -> Any:
    """Agents give one word where a list of one is meant."""
    return [value] if isinstance(value, str) else value


Words = Annotated[list[str], BeforeValidator(_as_list), Field(max_length=50)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _OfTree(_Input):
    root: str = Field("", description="Only this tree: its path or folder name. Default: all trees")


class _Paged(_OfTree):
    limit: int = Field(10, ge=1, le=_MOST_RESULTS, description="Most results")
    offset: int = Field(
        0, ge=0, le=_MOST_OFFSET, description="Results to skip: next_offset of the last answer"
    )
    snippet_lines: int = Field(
        4, ge=0, le=_MOST_LINES, description="Lines shown of each result; 0 shows places only"
    )
    max_tokens: int = Field(
        3_000, ge=LEAST_TOKENS, le=MOST_TOKENS, description="Budget of the whole answer"
    )


class SearchInput(_Paged):
    """Arguments of `search`."""

    query: str = Field(
        min_length=1,
        max_length=_MOST_QUERY_CHARS,
        description="A question, words, an identifier, an error message, a stack trace, or a whole issue",
    )
    languages: Words = Field([], description="Only these languages, such as rust or python")
    paths: Words = Field([], description="Only paths that match a glob, such as src/**/*.py")
    kinds: Words = Field(
        [], description="Only these kinds of definition, such as function or class"
    )
    classes: Annotated[list[ContentClass], BeforeValidator(_as_list)] = Field(
        [], description="Only what files are for"
    )
    mode: SearchMode = Field(
        "hybrid", description="bm25 goes by words only, semantic by meaning only"
    )
    also: int = Field(
        2, ge=0, le=10, description="Further places told of the first three files, without lines"
    )


class GrepInput(_OfTree):
    """Arguments of `grep`."""

    pattern: str = Field(
        min_length=1, max_length=2_000, description="A regex as ripgrep reads it; \\b ends a word"
    )
    fixed: bool = Field(False, description="The pattern is plain text")
    ignore_case: bool = Field(False, description="Ignore case")
    languages: Words = Field([], description="Only these languages")
    paths: Words = Field([], description="Only paths that match a glob, such as src/**/*.py")
    context: int = Field(0, ge=0, le=20, description="Lines shown around each")
    files_only: bool = Field(False, description="Only paths, with the number of lines")
    offset: int = Field(0, ge=0, le=MOST_MATCHES, description="next_offset of the last answer")
    max_tokens: int = Field(
        3_000, ge=LEAST_TOKENS, le=MOST_TOKENS, description="Budget of the whole answer"
    )


class RelatedInput(_Paged):
    """Arguments of `find_related`."""

    path: str = Field(
        min_length=1, max_length=4_096, description="An indexed file, as results name it"
    )
    line: int = Field(ge=1, description="A line of the code to find more of")


class ReadInput(_OfTree):
    """Arguments of `read`."""

    path: str = Field(
        min_length=1, max_length=4_096, description="An indexed file, as results name it"
    )
    start_line: int = Field(1, ge=1, description="First line")
    end_line: int | None = Field(None, ge=1, description="Last line. Default: to the end")
    max_tokens: int = Field(
        6_000, ge=LEAST_TOKENS, le=MOST_TOKENS, description="Budget of the whole answer"
    )


class IndexInput(_OfTree):
    """Arguments of `index`."""


class StatusInput(_OfTree):
    """Arguments of `status`."""


class Hit(BaseModel):
    """One result."""

    root: str = Field(description="Absolute path of the tree")
    path: str = Field(description="Relative to the root")
    start_line: int
    end_line: int = Field(description="Last line, inclusive")
    symbol: str
    kind: str
    language: str
    score: float = Field(description="Compares within one answer only")
    freshness: Freshness = Field(
        description="changed: the file differs from what is indexed; deleted: it is gone"
    )
    lines: list[str] = Field(description="Lines chosen of the span, each with its number; data")
    also: list[str] = Field(description="Further places in the file: lines, symbol; best first")


class Pending(BaseModel):
    """A tree whose index is behind."""

    root: str
    files: int = Field(description="Files that differ and are not indexed yet; 0 when unknown")
    reason: str


class SearchOutput(BaseModel):
    """What `search` and `find_related` give."""

    notice: str = Field(description="How to take what stands in paths, symbols and lines")
    results: list[Hit] = Field(description="Best first, one per file; the best, not all there are")
    next_offset: int | None = Field(
        description="Offset of the next page, null when this is the last"
    )
    corrections: dict[str, str] = Field(
        description="Words that no file has, and what was searched instead"
    )
    pending: list[Pending] = Field(description="Trees whose index is behind")


class FileMatches(BaseModel):
    """What an exact search found in one file."""

    root: str = Field(description="Absolute path of the tree")
    path: str
    matches: int = Field(description="Lines of the file that match")
    lines: list[str] = Field(description="'7: text' matches, '8- text' is beside one; data")


class GrepOutput(BaseModel):
    """What `grep` gives."""

    notice: str = Field(description="How to take what stands in paths and lines")
    files: list[FileMatches] = Field(description="In the order of paths")
    lines_found: int = Field(description="Lines that match, in all files")
    files_found: int
    files_searched: int
    complete: bool = Field(description="false: the search was cut short, or files were unreadable")
    next_offset: int | None = Field(
        description="Offset of the next page, null when this is the last"
    )


class ReadOutput(BaseModel):
    """What `read` gives."""

    notice: str = Field(description="How to take the text")
    root: str = Field(description="Absolute path of the tree")
    path: str
    start_line: int
    end_line: int = Field(description="Last line given")
    total_lines: int
    next_line: int | None = Field(description="Where to read on when the budget ended the text")
    language: str
    freshness: Freshness
    text: str = Field(description="The lines, secrets replaced; data")


class Indexed(BaseModel):
    """What became of one tree."""

    root: str
    done: bool = Field(description="false: still running, call again to wait on")
    files_indexed: int = Field(description="Files read in this run")
    files_removed: int
    files_failed: int
    chunks: int = Field(description="Chunks in the index")
    seconds: float


class IndexOutput(BaseModel):
    """What `index` gives."""

    trees: list[Indexed]


class TreeStatus(BaseModel):
    """The state of one tree."""

    root: str
    indexed: bool
    fresh: bool = Field(description="Whether the index agrees with the tree by content")
    files: int
    chunks: int
    languages: dict[str, int] = Field(description="Files per language")
    added: int = Field(description="Files that the index does not have")
    changed: int
    removed: int
    rebuild_needed: bool = Field(description="Made by another version or set of rules")
    updated_at: str = Field(description="Last commit, ISO 8601")
    indexing: bool = Field(description="Whether a run is under way in this server")


class StatusOutput(BaseModel):
    """What `status` gives."""

    trees: list[TreeStatus]


Form = Literal["input", "output"]


def json_schema(model: type[BaseModel], form: Form) -> dict[str, Any]:
    """Return a model's JSON schema as short as it can be: titles and class descriptions tell nothing new."""
    mode: Literal["validation", "serialization"] = (
        "validation" if form == "input" else "serialization"
    )
    schema: dict[str, Any] = _without_titles(model.model_json_schema(mode=mode))
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("description", None)
    return schema


def _without_titles(value: Any) -> Any:
    if isinstance(value, dict):
        # A property may be called title; what names a schema is a string.
        return {
            key: _without_titles(item)
            for key, item in value.items()
            if not (key == "title" and isinstance(item, str))
        }
    return [_without_titles(item) for item in value] if isinstance(value, list) else value
