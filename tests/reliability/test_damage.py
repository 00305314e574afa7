"""T6: flipped, cut off, deleted and zeroed files of every kind are found, named, and never served."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rcm import Index, IndexDamagedError, RcmError
from rcm.store.folder import IndexFolder
from reliability.driver import (
    assert_sound,
    bring,
    dice,
    examine,
    files_at,
    run,
    sized,
    state_at,
    state_of,
    update,
)
from small_trees import dump, write_tree

Figure = Callable[[str, str, str], None]

DAMAGES = sized(36, 300)
STEPS = 5
QUERY = "which part adds the turn"
#: Header of every kind of file: what is compared when it is opened.
HEAD_BYTES = 72
#: State of locks and empty logs is no state.
TRANSIENT = (
    "LOCK",
    ".tantivy-meta.lock",
    ".tantivy-writer.lock",
    "rcm.sqlite-shm",
    "rcm.sqlite-wal",
)


def files_of(folder: Path) -> dict[str, list[Path]]:
    """Return the files of an index by kind."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in TRANSIENT:
            kind = path.suffix if path.parent.name in ("lex", "vec") and path.suffix else path.name
            kinds.setdefault("meta.json" if kind == ".json" else kind, []).append(path)
    return kinds


def flip(random: random.Random, path: Path) -> str:
    data = bytearray(path.read_bytes())
    at = random.randrange(len(data))
    data[at] ^= 1 << random.randrange(8)
    path.write_bytes(data)
    return f"bit of byte {at} of {len(data)} flipped"


def flip_head(random: random.Random, path: Path) -> str:
    data = bytearray(path.read_bytes())
    at = random.randrange(min(len(data), HEAD_BYTES))
    data[at] ^= 1 << random.randrange(8)
    path.write_bytes(data)
    return f"bit of byte {at} flipped"


def cut(random: random.Random, path: Path) -> str:
    size = path.stat().st_size
    keep = random.choice((0, random.randrange(size), size - 1))
    with open(path, "r+b") as file:
        file.truncate(keep)
    return f"cut to {keep} of {size} bytes"


def extend(random: random.Random, path: Path) -> str:
    with open(path, "ab") as file:
        file.write(bytes(random.randrange(256) for _ in range(random.randrange(1, 9))))
    return "extended"


def delete(random: random.Random, path: Path) -> str:
    path.unlink()
    return "deleted"


def zero(random: random.Random, path: Path) -> str:
    data = bytearray(path.read_bytes())
    start = random.randrange(len(data))
    stop = min(len(data), start + random.choice((16, 512, 4096)))
    if not any(data[start:stop]):
        data[start] = 1
    else:
        data[start:stop] = bytes(stop - start)
    path.write_bytes(data)
    return f"bytes {start} to {stop} zeroed"


#: Found when a search opens the index, without the doctor.
FOUND_AT_OPEN = (cut, delete, flip_head, extend)
WAYS = (flip, flip, zero, *FOUND_AT_OPEN)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tree, and an index with several segments and delete bitmaps."""
    folder = tmp_path_factory.mktemp("damage")
    root, index = folder / "tree", folder / "index"
    # Enough text for files larger than what is looked at when they are opened.
    bulk = {
        f"lib/m{nth}.py": "".join(f"def f_{nth}_{k}(a):\n    return a * {k}\n\n" for k in range(40))
        for nth in range(30)
    }
    for step in range(STEPS):
        bring(root, {**bulk, **files_at(step)})
        update(root, index)
    kinds = files_of(index)
    assert {".del", ".seg", ".store", ".idx", "rcm.sqlite", "meta.json", "MANIFEST"} <= kinds.keys()
    return root, index


def answers(root: Path, folder: Path) -> object:
    """Ask as a user does, in a process of its own: the results, or None if it refuses."""
    done = run("search", QUERY, "--json", "-k", "5", root, "--index-dir", folder)
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr, done.stderr
    assert done.returncode in (0, 2), f"{done.returncode}: {done.stderr}"
    # A look at the tree came before, or a new index: only what was found is compared.
    return json.loads(done.stdout)["results"] if done.returncode == 0 else None


def refused_or_rebuilt(root: Path, folder: Path, right: object, context: str) -> bool:
    """Search: nothing may come of a damaged index. True if the search has made a new one.

    A search of a tree without index makes one; an index may be so damaged that it counts as none.
    """
    answer = answers(root, folder)
    if answer is None:
        return False
    assert answer == right, f"{context}: served wrong"
    assert_sound(root, folder, f"{context}: served")
    return True


@pytest.mark.slow
def test_every_damage_is_found_and_rebuilt(
    indexed: tuple[Path, Path], tmp_path: Path, figure: Figure
) -> None:
    random = dice()
    root, whole = indexed
    with Index.open(root, index_dir=whole) as index:
        expected = dump(index)
    right = answers(root, whole)
    assert right is not None
    kinds, seen = sorted(files_of(whole)), Counter[str]()
    for nth in range(DAMAGES):
        folder = tmp_path / "index"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        path = random.choice(files_of(folder)[kinds[nth % len(kinds)]])
        way = WAYS[(nth // len(kinds) + nth) % len(WAYS)]
        name = path.relative_to(folder)
        context = f"{nth}: {name} {way(random, path)}"
        rebuilt = False
        if way in FOUND_AT_OPEN and nth % 2 == 0:
            rebuilt = refused_or_rebuilt(root, folder, right, context)
            seen["found when opened"] += 1
        if not rebuilt:
            report = examine(root, folder)
            assert report.verdict == "damaged", context
            named = [f.message for f in report.findings if f.level == "damage"]
            assert any(path.name in text or "lex" in text for text in named), f"{context}: {named}"
            seen["found by --full"] += 1
            refused_or_rebuilt(root, folder, right, context)
        assert update(root, folder) == expected, context
        assert_sound(root, folder, context)
        seen["rebuilt"] += 1
    figure(
        "T6 damaged files",
        f"{DAMAGES} damages, {len(kinds)} kinds of file",
        ", ".join(f"{n} {what}" for what, n in seen.items()) + "; 0 missed, 0 served",
    )


@pytest.mark.parametrize("full", [False, True])
def test_repair_rebuilds_at_once(tmp_path: Path, full: bool) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    next(folder.glob("g-*/vec/*.seg")).unlink()
    arguments = ("doctor", root, "--index-dir", folder, *(("--full",) if full else ()))
    assert run(*arguments).returncode == 2
    done = run(*arguments, "--repair")
    assert done.returncode == 1, done.stderr
    assert "the index was rebuilt" in done.stdout
    assert run(*arguments).returncode == 0
    assert update(root, folder) == state_at(0)


def test_an_open_index_stops_answering_once_damage_is_found(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    with Index.open(root, index_dir=folder) as index:
        assert index.search(QUERY)
        segment = next(folder.glob("g-*/vec/*.seg"))
        data = bytearray(segment.read_bytes())
        data[-50] ^= 1
        segment.write_bytes(data)
        assert index.doctor(full=False).verdict == "ok", "quick reads no vectors"
        assert index.doctor(full=True).verdict == "damaged"
        with pytest.raises(IndexDamagedError, match="checksum"):
            index.search(QUERY)
        index.update()
        assert index.search(QUERY)


def test_damage_is_not_copied_when_segments_merge(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    segment = next(folder.glob("g-*/vec/*.seg"))
    data = bytearray(segment.read_bytes())
    data[-50] ^= 1
    segment.write_bytes(data)
    bring(root, files_at(1, churn=12))
    with Index.open(root, index_dir=folder) as index:
        report = index.update()
        assert "checksum differs" in (report.warning or "")
        assert dump(index) == state_at(1, churn=12)
    assert_sound(root, folder, "rebuilt")


def test_damage_is_not_copied_when_tantivy_merges(tmp_path: Path) -> None:
    root, folder = tmp_path / "tree", tmp_path / "index"
    files: dict[str, str] = {}
    damaged = None
    warnings = []
    for step in range(24):
        # Every commit adds a segment; tantivy merges eight of a size.
        files[f"m{step}.py"] = f"def made_{step}():\n    return {step}\n"
        write_tree(root, files)
        with Index.open(root, index_dir=folder) as index:
            warnings.append(index.update().warning)
        if damaged is None and step == 5:
            damaged = sorted(folder.glob("g-*/lex/*.store"))[0]
            data = bytearray(damaged.read_bytes())
            data[len(data) // 3] ^= 1
            damaged.write_bytes(data)
            # As if it had been larger than what is looked at when it is opened.
            forge_head(folder, damaged)
    assert any("merged" in (warning or "") for warning in warnings), warnings
    with Index.open(root, index_dir=folder) as index:
        assert dump(index) == state_of(files)
    assert_sound(root, folder, "rebuilt")


def forge_head(folder: Path, path: Path) -> None:
    """Make the manifest agree with the beginning of a file, but not with all of it."""
    from binascii import crc32

    manifest = IndexFolder(folder).current().folder / "MANIFEST"
    lines = manifest.read_text().splitlines()[:-1]
    head = f"{crc32(path.read_bytes()[:16384]):08x}"
    lines = [
        " ".join([line.split(" ")[0], head, *line.split(" ")[2:]]) if path.name in line else line
        for line in lines
    ]
    text = "".join(f"{line}\n" for line in lines)
    manifest.write_text(f"{text}{crc32(text.encode()):08x} end\n")


def test_a_hostile_manifest_leads_nowhere(tmp_path: Path) -> None:
    from binascii import crc32

    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    manifest = IndexFolder(folder).current().folder / "MANIFEST"
    whole = manifest.read_text().splitlines()[:-1]
    for line in (
        "00000000 00000000 9 ../../secret",
        "00000000 00000000 9 /etc/passwd",
        "nonsense",
        "0 0 x lex/meta.json",
    ):
        text = "".join(f"{one}\n" for one in [*whole, line])
        manifest.write_text(f"{text}{crc32(text.encode()):08x} end\n")
        with Index.open(root, index_dir=folder) as index, pytest.raises(RcmError):
            index.search(QUERY)
    assert update(root, folder) == state_at(0)


def test_what_belongs_to_nothing_is_named_and_swept(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    generation = IndexFolder(folder).current()
    (generation.vectors / "s-00000009-deadbeef.seg").write_bytes(b"left over")
    generation.database.chmod(0o644)
    with Index.open(root, index_dir=folder) as index:
        found = {finding.check: finding for finding in index.doctor().findings}
        assert "belongs to nothing" in found["orphans"].message
        assert "others may use it" in found["permissions"].message
        assert index.doctor().verdict == "ok"
        assert index.doctor(repair=True).verdict == "repaired"
        assert {f.level for f in index.doctor(full=True).findings} == {"ok"}
    assert not list(generation.vectors.glob("*deadbeef*"))
    assert generation.database.stat().st_mode & 0o077 == 0


def test_the_doctor_names_who_writes(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    lock = IndexFolder(folder).lock()
    try:
        done = run("doctor", root, "--index-dir", folder, "--quick")
        assert done.returncode == 0, done.stderr
        assert "another process is writing" in done.stdout
    finally:
        lock.release()


def test_without_an_index_there_is_nothing_to_examine(tmp_path: Path) -> None:
    root = bring(tmp_path / "tree", files_at(0))
    done = run("doctor", root, "--index-dir", tmp_path / "none")
    assert done.returncode not in (0, 1)
    assert "no index" in done.stderr
    assert not (tmp_path / "none").exists()
