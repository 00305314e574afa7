"""The fields of the lexical index, and how its folder is opened."""

from __future__ import annotations

from pathlib import Path

import tantivy

from rcm.store.tantivy_files import meaning


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("file", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("control", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("stored", stored=True, indexed=False)
    return builder.build()


def open_lexical(folder: Path, *, make: bool) -> tantivy.Index:
    """Open the index in a folder, or make an empty one.

    Raises:
        IndexDamagedError: If tantivy cannot open it.
        OSError: If the system refuses.
    """
    try:
        if make and not tantivy.Index.exists(str(folder)):
            return tantivy.Index(_schema(), path=str(folder))
        return tantivy.Index.open(str(folder))
    except (ValueError, OSError) as error:
        raise meaning(folder, error) from error
