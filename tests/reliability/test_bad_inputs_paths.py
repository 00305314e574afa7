"""Bad names, links, mounts and trees: nothing outside is read, nothing hangs, nothing known is lost."""

from __future__ import annotations

import base64
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from command_runs import as_nobody, in_namespace, needs_root, rcm, row, write
from rcm import Index
from small_trees import dump

GOOD = {"good.py": "def always_found():\n    return 1\n"}
SECRET = "def outside_secret():\n    return 'must not be read'\n"


@contextmanager
def meanwhile(step: object) -> Iterator[None]:
    """Call `step` with 0, 1, 2, ... in a thread until the block ends."""
    stop = threading.Event()

    def run() -> None:
        for turn in itertools.count():
            if stop.is_set():
                return
            step(turn)  # type: ignore[operator]

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def converges(root: Path, tmp_path: Path) -> None:
    """The next run ends with the state of a fresh index."""
    with Index.open(root) as index, Index.open(root, index_dir=tmp_path / "fresh") as fresh:
        index.update()
        fresh.update()
        assert dump(index) == dump(fresh)


@row(15, "FIFO, socket, devices")
def test_special_files_are_skipped_by_type(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", GOOD)
    os.mkfifo(root / "fifo.py")
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(os.path.relpath(root / "socket.py"))
    bound.close()
    expected = 2
    if os.geteuid() == 0:
        os.mknod(root / "zero.py", 0o600 | 0o020000, os.makedev(1, 5))
        os.mknod(root / "block.py", 0o600 | 0o060000, os.makedev(7, 0))
        expected = 4
    else:
        print("device nodes left out: needs root")
    ended = rcm("index", root, "--json")
    assert (ended.code, ended.json["skipped"]) == (0, {"special-file": expected})
    assert ended.json["files_indexed"] == 1


@row(16, "file vanishes during the run")
def test_a_file_that_vanishes_is_deleted_not_an_error(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {**GOOD, **{f"m{n}.py": f"x = {n}\n" for n in range(300)}})

    def flicker(turn: int) -> None:
        path = root / f"m{turn % 300}.py"
        path.unlink(missing_ok=True)
        if turn % 3:
            path.write_text(f"x = {turn}\n")

    with meanwhile(flicker), Index.open(root) as index:
        for _ in range(5):
            assert index.update().failures == ()
    converges(root, tmp_path)


@row(17, "directory renamed during the walk")
def test_a_folder_that_moves_during_the_run_is_not_forgotten(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {**GOOD, **{f"a/d{n}/m.py": f"x = {n}\n" for n in range(60)}})
    names = [root / "a", root / "b"]
    turns = itertools.count()

    def move(_: int) -> None:
        turn = next(turns)
        names[turn % 2].rename(names[(turn + 1) % 2])

    with meanwhile(move), Index.open(root) as index:
        for _ in range(8):
            for failure in index.update().failures:
                assert "no such file" in failure.error.lower()
    converges(root, tmp_path)


@row(18, "permission denied")
def test_what_may_not_be_read_is_listed_and_what_was_known_stays(row: int, tmp_path: Path) -> None:
    root = write(
        tmp_path / "tree",
        {**GOOD, "a.py": "def was_readable():\n    pass\n", "d/b.py": "def below():\n    pass\n"},
    )
    home = write(tmp_path / "home", {})
    user, env = as_nobody(root, home), {"RCM_HOME": str(home)}
    assert rcm("index", root, "-q", env=env, before=user).code == 0
    os.utime(root / "a.py", ns=(1, 1))  # its stat differs, so it has to be read
    (root / "a.py").chmod(0)
    (root / "d").chmod(0)
    try:
        ended = rcm("index", root, "--json", env=env, before=user)
        assert (ended.code, ended.json["files_removed"]) == (0, 0)
        assert {failure["path"] for failure in ended.json["failures"]} == {"a.py", "d"}
        for query, path in (("was_readable", "a.py"), ("below", "d/b.py")):
            assert rcm("search", query, root, "--json", env=env, before=user).paths[0] == path
    finally:
        (root / "d").chmod(0o700)


@row(19, "root missing, a file, empty, /")
def test_odd_roots(row: int, tmp_path: Path) -> None:
    file = write(tmp_path, GOOD) / "good.py"
    for place, said in ((tmp_path / "nowhere", "no such directory"), (file, "not a directory")):
        ended = rcm("index", place)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err
    assert f"hint: name the folder that it is in: {file.parent}" in ended.err
    (tmp_path / "empty").mkdir()
    assert rcm("index", tmp_path / "empty", "--json").json["files_total"] == 0
    for place in ("/", Path("~").expanduser(), Path("~").expanduser().parent):
        ended = rcm("index", place)
        assert (ended.code, ended.out) == (2, "")
        assert "hint: name a folder in it, or `rcm index --anywhere`" in ended.err
        ended = rcm("search", "anything", place)
        assert (ended.code, ended.out) == (4, "")
        assert "not indexed" in ended.err
    home = write(tmp_path / "home", GOOD)
    env = {"HOME": str(home), "RCM_HOME": str(tmp_path / "kept")}
    assert rcm("index", home, "-q", env=env).code == 2
    assert rcm("index", home, "-q", "--anywhere", env=env).code == 0
    assert rcm("index", home, "-q", env=env).code == 0, "asked for once"


@row(20, "name that is not UTF-8")
def test_names_that_are_not_utf_8_are_kept_and_escaped(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", GOOD)
    name = b"caf\xe9.py"
    (root / os.fsdecode(name)).write_text("def oddly_named():\n    pass\n")
    ended = rcm("search", "oddly_named", root, "--json")
    result = ended.json["results"][0]
    assert result["path"] == "caf\udce9.py"
    assert base64.b64decode(result["path_base64"]) == name
    assert ended.out.isascii()
    assert rcm("search", "oddly_named", root).out.startswith("caf\\udce9.py:1")
    ended = rcm("related", b"caf\xe9.py:1".decode("utf-8", "surrogateescape"), cwd=root)
    assert ended.code in (0, 1)
    folder = root / os.fsdecode(b"th\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"vert\xe9.py")).write_text("def brewed():\n    pass\n")
    assert rcm("search", "brewed", root).out.startswith("th\\udce9/vert\\udce9.py:1")


@row(21, "newline, tab, ESC, quotes, dash, blanks in names")
def test_control_characters_in_names_are_escaped(row: int, tmp_path: Path) -> None:
    names = [
        "new\nline.py",
        "tab\t.py",
        "\x1b[31mred.py",
        "q'uo\"te.py",
        "-dash.py",
        " blank .py",
        "\u202egpj.py",
    ]
    root = write(
        tmp_path / "tree", {name: f"def named_{n}():\n    pass\n" for n, name in enumerate(names)}
    )
    for n, name in enumerate(names):
        assert rcm("search", f"named_{n}", root, "--json").paths[0] == name
        shown = rcm("search", f"named_{n}", root, "-k", "1").out
        assert not set(shown) & {"\x1b", "\t", "\u202e"}
        assert shown.count("\n") <= 4, "a name is one line"
        assert rcm("inspect", "--", root / name).code == 0


@row(22, "255-byte names, paths beyond PATH_MAX")
def test_long_paths_are_indexed_or_listed(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {**GOOD, "n" * 252 + ".py": "def long_name():\n    pass\n"})
    here = os.open(root, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=here)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("x.py", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    ended = rcm("index", root, "--json")
    assert ended.code == 0
    assert ended.json["files_indexed"] == 2
    assert len(ended.json["failures"]) == 1
    assert ended.json["failures"][0]["path"].startswith("d" * 200)
    subprocess.run(["rm", "-rf", root / ("d" * 200)], check=True)


@row(23, "names equal but for case; NFC and NFD twins")
def test_twins_are_two_files_where_the_file_system_says_so(row: int, tmp_path: Path) -> None:
    names = ["a.py", "A.py", "\u00e9.py", "e\u0301.py"]
    root = write(
        tmp_path / "tree", {name: f"def twin_{n}():\n    pass\n" for n, name in enumerate(names)}
    )
    there = len(list(root.iterdir()))
    ended = rcm("index", root, "--json")
    assert (ended.code, ended.json["files_indexed"]) == (0, there)
    if there == len(names):
        for n, name in enumerate(names):
            assert rcm("search", f"twin_{n}", root, "--json").paths[0] == name


@row(24, "recursive, parent and dangling links")
def test_links_are_never_followed(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {**GOOD, "sub/a.py": "x = 1\n"})
    for name, target in (
        ("loop", "loop"),
        ("up", ".."),
        ("sub/root", "../"),
        ("gone", "nowhere"),
        ("l.py", "good.py"),
    ):
        (root / name).symlink_to(target)
    ended = rcm("index", root, "--json")
    assert (ended.code, ended.json["files_indexed"], ended.json["skipped"]) == (
        0,
        2,
        {"symlink": 5},
    )
    assert ended.json["failures"] == []


@row(25, "link out of the root, swapped in during the run")
def test_a_folder_swapped_for_a_link_lets_nothing_in(row: int, tmp_path: Path) -> None:
    files = {f"sub/deep/f{n}.py": f"def inside_{n}():\n    pass\n" for n in range(40)}
    outside = write(tmp_path / "outside", {f"deep/f{n}.py": SECRET for n in range(40)})
    root = write(tmp_path / "tree", {**GOOD, **files})
    (root / "passwd.py").symlink_to("/etc/passwd")
    sub, aside = root / "sub", tmp_path / "aside"

    def swap(turn: int) -> None:
        if turn % 2 == 0:
            sub.rename(aside)
            sub.symlink_to(outside)
        else:
            sub.unlink()
            aside.rename(sub)

    turns = itertools.count()
    with meanwhile(lambda _: swap(next(turns))), Index.open(root) as index:
        for nth in range(25):
            # Other content each time: every file has to be opened.
            index.update(force=nth % 5 == 4)
            assert not any(
                "outside_secret" in result.text for result in index.search("outside_secret")
            )
    if next(turns) % 2:
        swap(1)
    assert next(turns) > 20, "the race was run"
    converges(root, tmp_path)
    kept = [path for path in Path(os.environ["RCM_HOME"]).rglob("*") if path.is_file()]
    assert kept
    assert not any(b"outside_secret" in path.read_bytes() for path in kept), (
        "not in the raw files either"
    )


@row(26, "hard link to a file outside the root")
def test_a_hard_link_is_a_file_of_the_tree(row: int, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"a.py": "def linked_twice():\n    pass\n"})
    root = write(tmp_path / "tree", GOOD)
    os.link(outside / "a.py", root / "b.py")
    assert rcm("search", "linked_twice", root, "--json").paths[0] == "b.py"
    security = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
    assert "hard link" in security.lower()


@row(27, "mount below the root")
def test_mounts_are_crossed_only_if_asked_for(row: int, tmp_path: Path) -> None:
    needs_root()
    root = write(tmp_path / "tree", {**GOOD, "mnt/hidden.py": "x = 1\n"})
    script = (
        f"mount -t tmpfs none {root}/mnt && echo 'def beyond_mount(): pass' > {root}/mnt/m.py && "
        f'rcm() {{ {sys.executable} -m rcm "$@"; }}; '
        f"rcm index {root} -q; rcm search beyond_mount {root} --json; echo; "
        f"rcm index {root} -q --cross-mounts; rcm index {root} -q; "
        f"rcm search beyond_mount {root} --json; echo; "
        f"rcm index {root} -q --no-cross-mounts; rcm search beyond_mount {root} --json"
    )
    command = [*in_namespace("--mount"), "sh", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    without, crossed, again = ended.stdout.split("\n\n")
    assert "m.py" not in without
    assert "mnt/m.py" in crossed, "and remembered"
    assert "m.py" not in again


@row(35, "submodule, worktree, bare repository, sparse checkout")
def test_git_layouts(row: int, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git")

    def git(*arguments: str | Path, at: Path) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
        subprocess.run(["git", *identity, *arguments], cwd=at, check=True, capture_output=True)

    def indexed(root: Path) -> set[str]:
        with Index.open(root) as index:
            report = index.update()
            assert report.failures == ()
            return {row[0] for row in index_paths(index)}

    library = write(tmp_path / "library", {"lib.py": "x = 1\n"})
    main = write(tmp_path / "main", {**GOOD, "docs/a.md": "# A\n"})
    for repository in (library, main):
        git("init", "-q", at=repository)
        git("add", ".", at=repository)
        git("commit", "-qm", "first", at=repository)
    git("submodule", "add", "-q", library, "third", at=main)
    git("commit", "-qm", "second", at=main)
    assert indexed(main) == {"good.py", "docs/a.md", "third/lib.py"}
    git("worktree", "add", "-q", tmp_path / "worktree", at=main)
    assert indexed(tmp_path / "worktree") == {"good.py", "docs/a.md"}
    git("clone", "-q", "--bare", main, tmp_path / "bare.git", at=tmp_path)
    assert not {path for path in indexed(tmp_path / "bare.git") if path.endswith((".py", ".md"))}
    git("sparse-checkout", "set", "docs", at=main)
    assert "docs/a.md" in indexed(main)


def index_paths(index: Index) -> list[tuple[str]]:
    """The paths of all files with chunks."""
    from small_trees import reader_of

    return [(file.path,) for file in reader_of(index).files]


@row(60, "no files, many in one folder, folders 1,000 deep")
def test_trees_of_extreme_shape(row: int, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    ended = rcm("search", "anything", tmp_path / "nothing")
    assert (ended.code, ended.out) == (1, "")
    many = int(os.environ.get("RCM_TEST_FILES", "5000"))
    root = write(tmp_path / "flat", {f"f{n}.txt": f"number{n}\n" for n in range(many)})
    assert rcm("index", root, "--json").json["files_indexed"] == many
    deep = tmp_path / "deep"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    # Just beyond what a path can name: `d/` 2,048 times.
    for _ in range(2_200):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    write(deep, {"/".join("d" * 1_000) + "/found.py": "def at_depth():\n    pass\n"})
    ended = rcm("index", deep, "--json")
    assert (ended.code, ended.json["files_indexed"], len(ended.json["failures"])) == (0, 1, 1)
    subprocess.run(["rm", "-rf", deep], check=True)
