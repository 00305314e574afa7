"""Bad disks, limits and index folders: the index is the old one or the new one, named if it is neither."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from command_runs import as_nobody, check_clean, in_namespace, needs_root, rcm, row, write
from rcm import Index
from rcm.cli import exits
from rcm.present.style import Style
from rcm.store.folder import Generation, IndexFolder
from rcm.store.manifest import Seal
from small_trees import SMALL_TREE, dump, write_tree

MANY = {f"m{n}.py": f"def made_{n}(a, b):\n    return a + b * {n}\n" * 20 for n in range(300)}


@pytest.fixture
def indexed(tmp_path: Path) -> tuple[Path, Path]:
    """A small tree and its index folder."""
    root, folder = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "index"
    with Index.open(root, index_dir=folder) as index:
        index.update()
    return root, folder


def generation(folder: Path) -> Path:
    return IndexFolder(folder).current().folder


def search(root: Path, folder: Path, *more: str) -> int:
    return rcm("search", "backoff_seconds", root, "--index-dir", folder, *more).code


def index(root: Path, folder: Path, *more: str) -> int:
    return rcm("index", root, "--index-dir", folder, "-q", *more).code


def same_as_fresh(root: Path, folder: Path, tmp_path: Path) -> None:
    with (
        Index.open(root, index_dir=folder) as kept,
        Index.open(root, index_dir=tmp_path / "new") as fresh,
    ):
        fresh.update()
        assert dump(kept) == dump(fresh)


@row(28, "index folder that may not be written")
def test_a_read_only_index_is_searched_and_not_updated(row: int, tmp_path: Path) -> None:
    root, home = write_tree(tmp_path / "tree", SMALL_TREE), write(tmp_path / "home", {})
    user, env = as_nobody(root, home), {"RCM_HOME": str(home)}
    assert rcm("index", root, "-q", env=env, before=user).code == 0
    kept = sorted(home.rglob("*"), reverse=True)
    for path in (*kept, home):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert (
            rcm("search", "backoff_seconds", root, "--json", env=env, before=user).paths[0]
            == "src/retry.py"
        )
        assert rcm("status", root, env=env, before=user).code == 0
        ended = rcm("index", root, env=env, before=user)
        assert (ended.code, ended.out) == (13, "")
        assert str(home) in ended.err
        assert "hint: --index-dir and RCM_HOME" in ended.err
        other = write_tree(tmp_path / "other", SMALL_TREE)
        as_nobody(other)
        assert rcm("search", "backoff", other, env=env, before=user).code == 13
    finally:
        for path in (home, *reversed(kept)):
            path.chmod(0o700)


@row(29, "full disk")
def test_a_full_disk_leaves_the_old_index(row: int, tmp_path: Path) -> None:
    needs_root()
    root, disk = write_tree(tmp_path / "tree", SMALL_TREE), write(tmp_path / "disk", {})
    script = f"""
        mount -t tmpfs -o size=2m none {disk} || exit 99
        rcm() {{ {sys.executable} -m rcm "$@" --index-dir {disk}/index; }}
        rcm index {root} -q; echo first $?
        cp {tmp_path}/more/* {root}/
        head -c 4m /dev/zero > {disk}/fill 2>/dev/null
        rcm index {root} -q; echo full $?
        rcm search backoff_seconds {root} --mode bm25 > /dev/null; echo search $?
        rm {disk}/fill; mount -o remount,size=100m {disk}
        rcm index {root} -q; echo after $?
        rcm status {root} --json
    """
    write(tmp_path / "more", MANY)
    command = [*in_namespace("--mount"), "sh", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    check_clean(ended.stderr)
    *codes, status = ended.stdout.splitlines()
    assert codes == ["first 0", f"full {exits.DISK_FULL}", "search 0", "after 0"], ended.stderr
    assert json.loads(status)["fresh"] is True


@row(30, "RLIMIT_FSIZE, 64 descriptors")
@pytest.mark.parametrize(
    "limit",
    [{resource.RLIMIT_FSIZE: 20_000}, {resource.RLIMIT_NOFILE: 64}],
    ids=["file size", "descriptors"],
)
def test_limits_end_in_an_error_or_are_kept(
    row: int, limit: dict[int, int], tmp_path: Path, indexed: tuple[Path, Path]
) -> None:
    root, folder = indexed
    write(root, MANY)
    ended = rcm("index", root, "--index-dir", folder, "-q", limits=limit)
    if resource.RLIMIT_NOFILE in limit:
        assert ended.code == 0, "needs few descriptors"
    else:
        assert ended.code == exits.DISK_FULL, ended.err
        assert ended.err.startswith("error: ")
        assert search(root, folder) == 0
        assert index(root, folder) == 0
    same_as_fresh(root, folder, tmp_path)


def with_faults(fault: str, only: Path | None, *arguments: str | Path) -> tuple[int, str]:
    """Run a command with system calls that fail, by strace; exit code and standard error."""
    if shutil.which("strace") is None:
        pytest.skip("there is no strace to make system calls fail")
    which = ["-P", os.fspath(only)] if only is not None else []
    command = ["strace", "-f", "-qq", "-o", "/dev/null", *which, "-e", f"inject={fault}"]
    if subprocess.run(
        ["strace", "-o", "/dev/null", "true"], check=False, capture_output=True
    ).returncode:
        pytest.skip("strace may not trace here")
    ended = subprocess.run(
        [*command, sys.executable, "-m", "rcm", *map(os.fspath, arguments)],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    check_clean(ended.stderr)
    return ended.returncode, ended.stderr + ended.stdout


@row(31, "EIO on read and on fsync")
def test_io_errors(row: int, tmp_path: Path, indexed: tuple[Path, Path]) -> None:
    root, folder = indexed
    bad = write(root, {"bad.py": "def unreadable():\n    pass\n"}) / "bad.py"
    code, said = with_faults("read:error=EIO", bad, "index", root, "--index-dir", folder, "--json")
    assert code == 0, said
    assert json.loads(said)["failures"][0]["path"] == "bad.py"
    assert "error" in json.loads(said)["failures"][0]["error"]
    with Index.open(root, index_dir=folder) as kept:
        before = dump(kept)
    write(root, {"new.py": "def arrived():\n    pass\n"})
    for call in ("fsync", "fdatasync"):
        code, said = with_faults(
            f"{call}:error=EIO:when=1+", None, "index", root, "--index-dir", folder, "-q"
        )
        assert code == exits.ERROR, said
        assert said.startswith("error: ")
        with Index.open(root, index_dir=folder) as kept:
            assert dump(kept) == before, f"a commit whose {call} failed is none"
    assert index(root, folder) == 0
    same_as_fresh(root, folder, tmp_path)


@row(32, "clocks of 1970 and 2100")
@pytest.mark.parametrize("stamp", [0, 1, 4_102_444_800])
def test_clocks_are_only_a_shortcut(
    row: int, stamp: int, tmp_path: Path, indexed: tuple[Path, Path]
) -> None:
    root, folder = indexed
    for nth in range(3):
        write(root, {"clock.py": f"def at_{nth}():\n    pass\n"})
        os.utime(root / "clock.py", (stamp, stamp))
        assert index(root, folder) == 0
    same_as_fresh(root, folder, tmp_path)


@row(33, "content changed, time and size kept")
def test_a_change_that_hides_its_time_is_found(
    row: int, tmp_path: Path, indexed: tuple[Path, Path]
) -> None:
    root, folder = indexed
    path = root / "notes.txt"
    before = path.stat()
    path.write_text(path.read_text().swapcase())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert index(root, folder) == 0
    same_as_fresh(root, folder, tmp_path)


@row(34, "touch without change")
def test_a_touch_is_hashed_and_nothing_more(row: int, indexed: tuple[Path, Path]) -> None:
    root, folder = indexed
    os.utime(root / "src/retry.py")
    report = rcm("index", root, "--index-dir", folder, "--json").json
    assert (report["files_indexed"], report["chunks_written"], report["commits"]) == (0, 0, 0)


@row(36, "git checkout during the run")
def test_a_checkout_during_the_run_converges(row: int, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    root = write(tmp_path / "tree", MANY)

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)

    git("init", "-q", "-b", "one")
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "two")
    write(root, {name: text.replace("made", "other") for name, text in MANY.items()})
    git("commit", "-qam", "two")
    folder = tmp_path / "index"
    for branch in ("one", "two", "one"):
        runs = subprocess.Popen(
            [sys.executable, "-m", "rcm", "index", root, "--index-dir", folder, "-q"]
        )
        git("checkout", "-q", branch)
        assert runs.wait(100) == 0
    assert index(root, folder) == 0
    same_as_fresh(root, folder, tmp_path)


@row(37, "ignore file with an invalid or a million patterns")
def test_ignore_files(row: int, tmp_path: Path) -> None:
    bad = "[z-a]\n{a\n" + "**/" * 1_000 + "x\n" + "*a" * 2_000 + "b\nskipped.py\n"
    root = write(
        tmp_path / "tree", {".gitignore": bad, "a" * 240: "x\n", "skipped.py": "x\n", "a.py": "x\n"}
    )
    report = rcm("index", root, "--json").json
    assert report["files_indexed"] == 2
    assert all(failure["path"] == ".gitignore" for failure in report["failures"])
    assert len(report["failures"]) == 2
    (root / ".gitignore").write_text("dir*/file*.tmp\n" * 1_000_000)
    ended = rcm("index", root, limits={resource.RLIMIT_AS: 4 << 30})
    assert ended.code == exits.ERROR
    assert ".gitignore" in ended.err
    assert "512 KiB" in ended.err
    assert rcm("index", root, "-q", "--no-ignore").code == 0


@row(47, "search before and during the first run")
def test_a_search_meets_no_index_or_a_part_of_one(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", MANY)
    ended = rcm("search", "made_7", root)
    assert (ended.code, "no index of" in ended.err) == (0, True)
    write(root, {f"more/n{n}.py": f"def more_{n}():\n    return {n}\n" for n in range(1_500)})
    folder = tmp_path / "part"
    slow = (
        "import sys, time, rcm.update as u\n"
        "from rcm import Index\n"
        "u.CHECKPOINT_CHUNKS = 1\n"
        "def told(progress):\n"
        "    if progress.chunks and index.searchable(): print('part', flush=True); time.sleep(60)\n"
        "index = Index.open(sys.argv[1], index_dir=sys.argv[2])\n"
        "index.update(progress=told)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", slow, root, folder], stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"part\n"
        ended = rcm("search", "made_7", root, "--index-dir", folder)
        first.kill()
    assert ended.code == 0
    assert "only what it has done so far is searched" in ended.err
    assert index(root, folder) == 0
    same_as_fresh(root, folder, tmp_path)


@row(48, "two writers at once, index and clear at once")
def test_writers_wait_or_are_told(row: int, tmp_path: Path) -> None:
    root, folder = write(tmp_path / "tree", MANY), tmp_path / "index"
    for second in (["index", "-q"], ["clear", "--yes"]):
        command, *flags = second
        both = [
            subprocess.Popen(
                [sys.executable, "-m", "rcm", *line, root, "--index-dir", folder],
                stderr=subprocess.PIPE,
            )
            for line in (["index", "-q", "--force"], [command, *flags])
        ]
        for child in both:
            _, err = child.communicate(timeout=100)
            check_clean(err.decode())
            assert child.returncode in (0, exits.LOCKED)
        assert both[0].returncode == 0
        assert index(root, folder) == 0
        same_as_fresh(root, folder, tmp_path)


def set_meta(folder: Path, key: str, value: str) -> None:
    _execute(folder, "UPDATE meta SET value = ? WHERE key = ?", value, key)


@row(50, "index of another format, model or root")
def test_an_index_made_otherwise_is_refused_and_rebuilt(
    row: int, tmp_path: Path, indexed: tuple[Path, Path]
) -> None:
    root, folder = indexed
    for key, value in (
        ("format", "0"),
        ("format", "999"),
        ("terms", "999"),
        ("grammars", "other"),
    ):
        set_meta(folder, key, value)
        ended = rcm("search", "backoff_seconds", root, "--index-dir", folder)
        assert (ended.code, ended.out) == (exits.STALE, "")
        assert key in ended.err
        assert index(root, folder) == 0
        assert search(root, folder) == 0
    moved = root.rename(tmp_path / "moved")
    ended = rcm("search", "backoff_seconds", moved, "--index-dir", folder)
    assert ended.code == exits.STALE
    assert str(root) in ended.err
    assert str(moved) in ended.err
    report = rcm("index", moved, "--index-dir", folder, "--json").json
    assert report["files_indexed"] == 0, "its files are known"
    assert search(moved, folder) == 0
    same_as_fresh(moved, folder, tmp_path)
    assert rcm("search", "backoff_seconds", moved).code == 0, (
        "the default place goes by the path: indexed anew"
    )


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[10:40] = bytes(byte ^ 0xFF for byte in data[10:40])
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "CURRENT empty": lambda folder: (folder / "CURRENT").write_text(""),
    "CURRENT leads out": lambda folder: (folder / "CURRENT").write_text("../../etc\n"),
    "CURRENT names none": lambda folder: (folder / "CURRENT").write_text("g-000009\n"),
    "CURRENT not text": lambda folder: (folder / "CURRENT").write_bytes(b"\xff\xfe\0"),
    "table gone": lambda folder: (generation(folder) / "rcm.sqlite").unlink(),
    "table empty": lambda folder: (generation(folder) / "rcm.sqlite").write_bytes(b""),
    "table flipped": lambda folder: _flip(generation(folder) / "rcm.sqlite"),
    "meta.json cut": lambda folder: (generation(folder) / "lex/meta.json").write_text('{"segments": ['),
    "meta.json gone": lambda folder: (generation(folder) / "lex/meta.json").unlink(),
    "segment gone": lambda folder: next((generation(folder) / "vec").iterdir()).unlink(),
    "segment cut": lambda folder: os.truncate(next((generation(folder) / "vec").iterdir()), 60),
    "segment flipped": lambda folder: _flip(next((generation(folder) / "vec").iterdir())),
}  # fmt: skip


@row(51, "damaged index folder")
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_mended(
    row: int, damage: str, tmp_path: Path, indexed: tuple[Path, Path]
) -> None:
    root, folder = indexed
    foreign = write(folder, {"foreign.txt": "not ours"}) / "foreign.txt"
    DAMAGES[damage](folder)
    with Index.open(root, index_dir=folder) as kept:
        # In process, so that a dozen damages take a second; the command adds the exit code only.
        with pytest.raises((exits.RcmError, FileNotFoundError)) as found:
            kept.search("backoff_seconds")
        assert exits.exit_code(found.value) in (exits.ERROR, exits.NOT_INDEXED)
        assert str(folder) in str(found.value)
        kept.update(force=True)
        assert kept.search("backoff_seconds")[0].path == "src/retry.py"
    assert foreign.read_text() == "not ours"
    same_as_fresh(root, folder, tmp_path)


@row(51, "link as index folder")
def test_a_link_in_place_of_an_index_folder(row: int, tmp_path: Path) -> None:
    root, real = (
        write_tree(tmp_path / "tree", SMALL_TREE),
        write(tmp_path / "real", {"foreign.txt": "not ours"}),
    )
    (tmp_path / "link").symlink_to(real)
    assert index(root, tmp_path / "link") == 0
    assert search(root, tmp_path / "link") == 0
    assert rcm("clear", "--yes", root, "--index-dir", tmp_path / "link").code == 0
    assert [path.name for path in real.iterdir()] == ["foreign.txt"]


def _unseal(folder: Path) -> None:
    """Leave the generation as a writer does that is at work: its checksums are not looked at."""
    seal = Seal(Generation(generation(folder)))
    seal.break_()
    seal.let_go()


def _execute(folder: Path, statement: str, *values: object) -> None:
    _unseal(folder)
    table = sqlite3.connect(generation(folder) / "rcm.sqlite")
    with table:
        table.execute(statement, values)
    table.close()


def _patch_segment(folder: Path, at: int, data: bytes) -> None:
    _unseal(folder)
    path = next((generation(folder) / "vec").iterdir())
    content = bytearray(path.read_bytes())
    content[at : at + len(data)] = data
    path.write_bytes(content)


def _rename(path: bytes) -> Callable[[Path], None]:
    return lambda folder: _execute(
        folder, "UPDATE files SET path = ? WHERE path = ?", path, b"notes.txt"
    )


def _header(at: int, form: str, value: int) -> Callable[[Path], None]:
    return lambda folder: _patch_segment(folder, at, struct.pack(form, value))


def _table(statement: str, *values: object) -> Callable[[Path], None]:
    return lambda folder: _execute(folder, statement, *values)


HOSTILE: dict[str, Callable[[Path], None]] = {
    "count of 2^63": _header(16, "<Q", 1 << 63),
    "count that overflows": _header(24, "<Q", (1 << 64) // 4 + 1),
    "dimension too large": _header(12, "<I", 1 << 31),
    "other dimension": _header(12, "<I", 257),
    "path leads up": _rename(b"../../etc/passwd"),
    "path is absolute": _rename(b"/etc/passwd"),
    "path with NUL": _rename(b"a\0b"),
    "path is a number": _table("UPDATE files SET path = 7 WHERE path = ?", b"notes.txt"),
    "ids overlap": _table("UPDATE files SET n_chunks = 1000000000000 WHERE n_chunks > 0"),
    "segment elsewhere": _table("UPDATE segments SET name = '../../../../etc/passwd'"),
    "epoch is no number": _table("UPDATE meta SET value = 'many' WHERE key = 'epoch'"),
}


@row(52, "hostile index")
@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_index_is_rejected(row: int, attack: str, indexed: tuple[Path, Path]) -> None:
    root, folder = indexed
    HOSTILE[attack](folder)
    with Index.open(root, index_dir=folder) as kept:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(exits.RcmError) as found:
            kept.search("backoff_seconds")
        assert exits.exit_code(found.value) == exits.ERROR
        assert "hint: " in exits.describe(found.value, Style())
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10
        kept.update(force=True)
        assert kept.search("backoff_seconds")


@row(52, "hostile index: scales that are not numbers")
def test_scales_that_are_no_numbers_are_rejected(row: int, indexed: tuple[Path, Path]) -> None:
    root, folder = indexed
    path = next((generation(folder) / "vec").iterdir())
    rows, _, definitions = struct.unpack("<QQQ", path.read_bytes()[16:40])
    _patch_segment(folder, 80 + rows * 24 + definitions * 20, struct.pack("<f", float("nan")))
    ended = rcm("search", "backoff_seconds", root, "--index-dir", folder)
    assert (ended.code, ended.out) == (exits.ERROR, "")
    assert "not finite" in ended.err


@row(53, "model missing, cut, of another shape")
def test_without_its_model_an_index_is_searched_by_words(row: int, tmp_path: Path) -> None:
    import rcm as package

    model = tmp_path / "model"
    shutil.copytree(Path(package.__file__).parent / "model", model)
    root, folder = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "index"
    assert index(root, folder, "--embedder", f"static:{model}") == 0
    weights = (model / "model.safetensors").read_bytes()
    damages: dict[str, bytes] = {
        "model.safetensors": weights[: len(weights) // 2],
        "tokenizer.json": b"{}",
        "config.json": b"not json",
    }
    for name, content in damages.items():
        whole = (model / name).read_bytes()
        (model / name).write_bytes(content)
        ended = rcm("search", "backoff_seconds", root, "--index-dir", folder)
        assert (ended.code, ended.out) == (exits.ERROR, ""), name
        assert str(model) in ended.err
        assert "--mode bm25 searches by words without it" in ended.err
        assert search(root, folder, "--mode", "bm25") == 0
        (model / name).write_bytes(whole)
    shutil.rmtree(model)
    assert search(root, folder) == exits.ERROR
    assert search(root, folder, "--mode", "bm25") == 0


@row(54, "model that gives NaN, infinity or zero")
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_vectors_that_are_no_numbers(
    row: int, value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np = pytest.importorskip("numpy")
    from rcm import _rcm
    from rcm.embed.rows import unit_rows
    from rcm.embed.static import StaticEmbedder

    def odd(self: StaticEmbedder, batch: _rcm.Batch, start: int, stop: int) -> _rcm.Vectors:
        return unit_rows(np.full((stop - start, self.dim), value, dtype=np.float32))

    root, folder = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "index"
    monkeypatch.setattr(StaticEmbedder, "embed_chunks", odd)
    with Index.open(root, index_dir=folder) as made:
        report = made.update()
        assert report.words_only == report.chunks_written > 0
        assert made.search("backoff_seconds", mode="bm25")[0].path == "src/retry.py"
        assert made.search("backoff_seconds")[0].path == "src/retry.py"


@row(55, "Qdrant that does not answer")
def test_an_unreachable_server_leaves_the_old_index(
    row: int, tmp_path: Path, indexed: tuple[Path, Path]
) -> None:
    root, folder = indexed
    ended = rcm("index", root, "--index-dir", folder, "--qdrant-url", "http://127.0.0.1:9", "-q")
    assert (ended.code, ended.out) == (69, "")
    assert "127.0.0.1:9" in ended.err
    assert search(root, folder) == 0


@row(56, "512 MB of address space")
def test_too_little_memory_leaves_a_consistent_index(
    row: int, tmp_path: Path, indexed: tuple[Path, Path]
) -> None:
    root, folder = indexed
    write(root, MANY)
    # A thread pool that cannot start its threads may end the process; what counts is the index.
    child = subprocess.Popen(
        [sys.executable, "-m", "rcm", "index", root, "--index-dir", folder, "-q"],
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20)),
    )
    _, said = child.communicate(timeout=100)
    ended = rcm("search", "backoff_seconds", root, "--index-dir", folder)
    assert ended.code == 0, (said, ended.err)
    assert index(root, folder) == 0
    same_as_fresh(root, folder, tmp_path)


def test_os_error_numbers_mean_what_the_codes_say() -> None:
    assert exits.NOT_WRITABLE == errno.EACCES
    assert time.time() > 0
