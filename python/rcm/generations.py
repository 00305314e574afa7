"""Generations: which one an update writes: the current one, one left by a killed rebuild, or a new one."""

from __future__ import annotations

from rcm.errors import IndexDamagedError
from rcm.store.folder import Generation, IndexFolder, drop


def choose_generation(
    folder: IndexFolder, identity: dict[str, str], *, force: bool
) -> tuple[Generation, str | None]:
    """Choose the generation to write; drop those that nobody will go on with.

    Args:
        folder: The index.
        identity: What a generation has to be made under to be gone on with.
        force: Begin a new one, whatever there is.

    Returns:
        The generation, and what the user should know of why it is a new one.
    """
    warning = None
    try:
        current = folder.current() if folder.exists() else None
    except IndexDamagedError as error:
        current, warning = None, f"rebuilt from nothing: {error}"
    if current is not None and not force:
        try:
            different = stale_fields(current, identity)
            if not different:
                for left_over in folder.generations():
                    if left_over != current:
                        drop(left_over)
                return current, None
            warning = f"rebuilt from nothing: {', '.join(different)} changed"
        except (IndexDamagedError, FileNotFoundError) as error:
            warning = f"rebuilt from nothing: {error}"
    for generation in folder.generations():
        if generation != current:
            if not force and _resumable(generation, identity):
                return generation, warning
            drop(generation)
    return folder.next_generation(), warning


def stale_fields(generation: Generation, identity: dict[str, str]) -> tuple[str, ...]:
    """Return the identity fields in which a generation differs, () when it can be used.

    Raises:
        IndexDamagedError: If its parts do not belong together.
        FileNotFoundError: If its file table is missing.
    """
    from rcm.store.files import FileTable
    from rcm.store.lexical.reader import control
    from rcm.store.reader import check_files, vector_shape
    from rcm.store.vectors import open_segments

    check_files(generation)
    table = FileTable(generation.database, write=False)
    try:
        epoch, _ = control(generation.lexical)
        if not table.readable_at(epoch):
            raise IndexDamagedError(
                f"{generation.folder}: the file table is at epoch {table.epoch()}, "
                f"the lexical index at {epoch}"
            )
        meta, rows, dead = table.meta(), table.segments(epoch), table.dead(epoch)
    finally:
        table.close()
    if "model" in meta:
        dim, model = vector_shape(generation, meta)
        open_segments(generation.vectors, rows, dead, dim=dim, model=model)
    return tuple(name for name, value in identity.items() if meta.get(name) != value)


def _resumable(generation: Generation, identity: dict[str, str]) -> bool:
    try:
        return not stale_fields(generation, identity)
    except (IndexDamagedError, FileNotFoundError):
        return False
