"""`Index`: what a user does with it, on small trees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rcm import Index, IndexNotFoundError, IndexStaleError, Progress, enclosing_root, search
from rcm.index import FORMAT_VERSION
from rcm.store.database import connect
from rcm.store.folder import IndexFolder
from rcm.store.manifest import Seal
from small_trees import PYTHON_SOURCE, RUST_SOURCE, dump, write_tree

QUERIES = [
    "how long to wait before the next attempt",
    "LruCache",
    "RetryPolicy.should_retry",
    "logging level",
    "least recently used cache",
]


def fresh_dump(tree: Path, folder: Path) -> list[object]:
    with Index.open(tree, index_dir=folder) as index:
        index.update()
        return dump(index)


def answers(index: Index) -> list[object]:
    return [index.search(query, top_k=50) for query in QUERIES]


def test_a_first_update_reports_what_it_did(tree: Path) -> None:
    seen: list[Progress] = []
    with Index.open(tree) as index:
        report = index.update(progress=seen.append)
        assert report.files_indexed == 6
        assert report.skipped == {"binary": 1}
        assert report.files_total == 7
        assert report.failures == ()
        assert report.chunks_written == report.chunks_total >= 6
        assert report.mode == "parallel"
        assert set(report.phases) == {
            "walk", "read", "hash", "filter", "parse", "chunk", "embed", "lexical", "vectors", "commit",
        }  # fmt: skip
        assert report.phases["parse"] > 0
        assert report.peak_memory_bytes > 1 << 20
    assert seen[0].phase == "walk"
    assert seen[-1].phase == "commit"
    assert any(one.phase == "index" and one.done == one.total for one in seen)


def test_a_second_update_finds_all_unchanged(tree: Path) -> None:
    with Index.open(tree) as index:
        first = index.update()
        second = index.update()
    assert (second.files_unchanged, second.files_indexed, second.chunks_written) == (6, 0, 0)
    assert second.files_total == first.files_total
    assert second.skipped == first.skipped
    assert second.epoch == first.epoch
    assert second.commits == 0


def test_results_show_place_symbol_and_parts_of_the_score(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        best = index.search("how long to wait before the next attempt")[0]
    assert best.path == "src/retry.py"
    lines = PYTHON_SOURCE.splitlines()
    assert best.text == "\n".join(lines[best.start_line - 1 : best.end_line])
    assert best.language == "python"
    assert sum(best.signals.values()) == pytest.approx(best.score)


def test_an_identifier_finds_its_definition_first(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        results = index.search("backoff_seconds")
        assert results[0].path == "src/retry.py"
        assert "def backoff_seconds" in results[0].text
        assert index.search("LruCache")[0].path == "src/cache.rs"


@pytest.mark.parametrize("mode", ["sequential", "parallel", "pipeline"])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_modes_and_workers_make_the_same_index(
    tree: Path, tmp_path: Path, mode: str, workers: int
) -> None:
    expected = fresh_dump(tree, tmp_path / "expected")
    with Index.open(tree, index_dir=tmp_path / "other") as index:
        report = index.update(mode=mode, workers=workers)  # type: ignore[arg-type]
        assert report.mode == mode
        assert dump(index) == expected


def check_edit(tree: Path, tmp_path: Path, edit: object) -> None:
    """An edit followed by an update gives what a fresh index of the edited tree gives."""
    with Index.open(tree, index_dir=tmp_path / "updated") as index:
        index.update()
        assert callable(edit)
        edit()
        index.update()
        with Index.open(tree, index_dir=tmp_path / "fresh") as fresh:
            fresh.update()
            assert dump(index) == dump(fresh)
            assert answers(index) == answers(fresh)


def test_an_edit_gives_what_a_fresh_index_gives(tree: Path, tmp_path: Path) -> None:
    check_edit(
        tree, tmp_path, lambda: write_tree(tree, {"src/retry.py": "def jitter():\n    return 1\n"})
    )


def test_a_same_size_edit_with_its_mtime_put_back_is_found(tree: Path, tmp_path: Path) -> None:
    path = tree / "src/retry.py"

    def edit() -> None:
        before = path.stat()
        path.write_text(PYTHON_SOURCE.replace("MAX_RETRIES", "TOP_RETRIES"), encoding="utf-8")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size
        assert path.stat().st_mtime_ns == before.st_mtime_ns

    check_edit(tree, tmp_path, edit)
    with Index.open(tree, index_dir=tmp_path / "updated") as index:
        assert "TOP_RETRIES" in index.search("TOP_RETRIES")[0].text


def test_a_deleted_file_is_gone(tree: Path, tmp_path: Path) -> None:
    check_edit(tree, tmp_path, lambda: (tree / "src/cache.rs").unlink())
    with Index.open(tree, index_dir=tmp_path / "updated") as index:
        assert all(hit.path != "src/cache.rs" for hit in index.search("LruCache", top_k=50))


def test_a_renamed_file_moves(tree: Path, tmp_path: Path) -> None:
    check_edit(tree, tmp_path, lambda: (tree / "src/cache.rs").rename(tree / "src/lru.rs"))


def test_chmod_and_touch_change_nothing(tree: Path, tmp_path: Path) -> None:
    def edit() -> None:
        (tree / "src/cache.rs").chmod(0o755)
        os.utime(tree / "notes.txt")

    check_edit(tree, tmp_path, edit)


def test_a_file_that_becomes_binary_leaves_and_returns(tree: Path) -> None:
    with Index.open(tree) as index:
        before = index.update()
        expected = dump(index)
        (tree / "src/cache.rs").write_bytes(b"\0binary")
        report = index.update()
        assert report.skipped["binary"] == 2
        assert report.chunks_total < before.chunks_total
        write_tree(tree, {"src/cache.rs": RUST_SOURCE})
        index.update()
        assert dump(index) == expected


def test_many_small_updates_stay_equal_to_a_fresh_index(tree: Path, tmp_path: Path) -> None:
    with Index.open(tree, index_dir=tmp_path / "many") as index:
        for nth in range(25):
            write_tree(tree, {f"src/gen_{nth % 7}.py": f"def made_{nth}():\n    return {nth}\n"})
            index.update()
        expected = fresh_dump(tree, tmp_path / "fresh")
        assert dump(index) == expected
        segments = list((tmp_path / "many").glob("g-*/vec/*"))
        assert len(segments) < 8, "small segments are merged"


def test_force_builds_anew_beside_the_old_index(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        expected = dump(index)
        old = IndexFolder(index.index_dir).current()
        report = index.update(force=True)
        assert report.files_indexed == 6
        assert IndexFolder(index.index_dir).current() != old
        assert not old.folder.exists()
        assert dump(index) == expected


def test_a_stale_identity_is_refused_then_rebuilt(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        expected = dump(index)
        generation = IndexFolder(index.index_dir).current()
        Seal(generation).break_()
        database = connect(generation.database, write=True)
        database.execute("UPDATE meta SET value = '0' WHERE key = 'chunker'")
        database.close()
        index.close()
        with pytest.raises(IndexStaleError, match="chunker"):
            index.search("anything")
        assert index.status().stale_fields == ("chunker",)
        report = index.update()
        assert "chunker" in (report.warning or "")
        assert dump(index) == expected


def test_searching_without_an_index_says_so(tree: Path) -> None:
    with Index.open(tree) as index:
        assert not index.exists()
        with pytest.raises(IndexNotFoundError):
            index.search("anything")
        assert not index.status().exists


def test_the_module_function_indexes_first(tree: Path) -> None:
    (tree / ".git").mkdir()
    assert enclosing_root(tree / "src" / "retry.py") == tree
    assert search("LruCache", tree / "src")[0].path == "src/cache.rs"


def test_filters_limit_before_scoring(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        assert {hit.language for hit in index.search("retry", languages=["rust"])} == {"rust"}
        assert {hit.path for hit in index.search("retry", paths=["tests/**"])} == {
            "tests/test_retry.py"
        }
        assert {hit.path for hit in index.search("cache", paths=["*.{rs,toml}"])} == {
            "src/cache.rs",
            "src/config.toml",
        }
        assert index.search("retry", paths=["nothing/*"]) == []
        with pytest.raises(ValueError, match="klingon"):
            index.search("retry", languages=["klingon"])


def test_the_first_results_do_not_depend_on_how_many_are_asked_for(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        for query in QUERIES:
            assert index.search(query, top_k=2) == index.search(query, top_k=50)[:2]


@pytest.mark.parametrize("mode", ["bm25", "semantic", "hybrid"])
def test_modes_of_search(tree: Path, mode: str) -> None:
    with Index.open(tree) as index:
        index.update()
        best = index.search("least recently used cache", mode=mode)[0]  # type: ignore[arg-type]
        assert best.path == "src/cache.rs"
        if mode == "bm25":
            assert "semantic" not in best.signals
            assert index.search("zzyzx", mode="bm25") == []


def test_wrong_arguments_are_value_errors(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        for bad in (
            lambda: index.search("  "),
            lambda: index.search("x", top_k=0),
            lambda: index.search("x", mode="nonsense"),  # type: ignore[arg-type]
            lambda: index.find_related("src/none.py", 1),
            lambda: index.find_related("src/retry.py", 999),
            lambda: index.find_related("src/retry.py", 0),
            lambda: index.update(workers=0),
        ):
            with pytest.raises(ValueError, match=r"."):
                bad()
    with pytest.raises(FileNotFoundError):
        Index.open(tree / "nowhere")
    with pytest.raises(NotADirectoryError):
        Index.open(tree / "notes.txt")
    with pytest.raises(ValueError, match="embedder"):
        Index.open(tree, embedder="oracle").update()


def test_related_code_leaves_the_place_itself_out(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        related = index.find_related("src/retry.py", 15)
        assert related
        assert [hit.score for hit in related] == sorted(
            (hit.score for hit in related), reverse=True
        )
        assert len({hit.path for hit in related}) == len(related)
        assert index.find_related(str(tree / "src/retry.py"), 15) == related


def test_status_tells_what_differs_by_content(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        fresh = index.status()
        assert (fresh.added, fresh.changed, fresh.removed, fresh.stale_fields) == ((), (), (), ())
        assert fresh.languages == {"python": 2, "rust": 1, "toml": 1, "markdown": 1, "text": 1}
        assert fresh.index_bytes > 0
        os.utime(tree / "notes.txt")
        assert index.status().changed == (), "a touched file is the same file"
        write_tree(tree, {"src/new.py": "x = 1\n", "notes.txt": "other words\n"})
        (tree / "src/cache.rs").unlink()
        now = index.status()
        assert now.added == ("src/new.py",)
        assert now.changed == ("notes.txt",)
        assert now.removed == ("src/cache.rs",)


def test_clear_removes_the_index(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        index.clear()
        assert not index.exists()
        assert not index.index_dir.exists()
        index.clear()


def test_nothing_is_written_into_the_tree(tree: Path) -> None:
    before = sorted(str(path) for path in tree.rglob("*"))
    with Index.open(tree) as index:
        index.update()
        index.search("retry")
    assert sorted(str(path) for path in tree.rglob("*")) == before


def test_the_index_is_private(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        generation = IndexFolder(index.index_dir).current()
    for folder in (index.index_dir, generation.folder, generation.lexical, generation.vectors):
        assert folder.stat().st_mode & 0o077 == 0


def test_secrets_reach_neither_answers_nor_files(tree: Path) -> None:
    value = "AK" + "IA" + "Z7QK3M5N2P6R4T5W"
    write_tree(tree, {"src/deploy.py": f'def deploy_bucket():\n    return connect("{value}")\n'})
    with Index.open(tree) as index:
        report = index.update()
        assert report.redactions >= 1
        hit = index.search("deploy_bucket")[0]
        assert value not in hit.text
        assert "<secret:" in hit.text
    for path in index.index_dir.rglob("*"):
        if path.is_file():
            assert value.encode() not in path.read_bytes()


def test_large_trees_take_the_pipeline(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcm.update.PIPELINE_FILES", 3)
    with Index.open(tree) as index:
        report = index.update()
        assert report.mode == "pipeline"
        assert "changed files" in report.mode_reason


def test_the_environment_forces_sequential(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_SEQUENTIAL", "1")
    with Index.open(tree) as index:
        report = index.update()
        assert (report.mode, report.mode_reason, report.workers) == (
            "sequential",
            "FORCE_SEQUENTIAL=1",
            1,
        )
        assert index.update(mode="parallel").mode == "parallel"


def test_checkpoints_change_nothing(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fresh_dump(tree, tmp_path / "expected")
    monkeypatch.setattr("rcm.update.CHECKPOINT_CHUNKS", 1)
    with Index.open(tree, index_dir=tmp_path / "other") as index:
        index.update()
        assert dump(index) == expected


def test_racy_files_are_looked_at_again(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        path = tree / "notes.txt"
        before = path.stat()
        path.write_text(
            "Other words about nothing in particular.\n"[: before.st_size].ljust(before.st_size)
        )
        report = index.update()
        assert report.files_indexed == 1


def test_the_format_version_is_part_of_the_identity(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        database = connect(IndexFolder(index.index_dir).current().database, write=False)
        rows = dict(database.execute("SELECT key, value FROM meta"))
        database.close()
    assert rows["format"] == str(FORMAT_VERSION)
    assert {
        "model",
        "dim",
        "embedder",
        "grammars",
        "terms",
        "secret_rules",
        "segments",
    } <= rows.keys()
