"""What the last long run took is kept in the index, and shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rcm import Index, last_run
from rcm.cli import main


def test_the_first_run_is_kept_and_small_updates_do_not_take_its_place(tree: Path) -> None:
    with Index.open(tree) as index:
        report = index.update(mode="sequential")
        kept = index.status().last_run
        assert kept is not None
        assert (kept.mode, kept.workers) == ("sequential", 1)
        assert kept.files_indexed == report.files_indexed
        assert kept.chunks_written == report.chunks_written
        assert set(kept.phases) == set(report.phases)
        assert 0 < kept.phases["parse"] <= report.phases["parse"]
        assert kept.finished_at[:10] <= index.status().updated_at[:10]
        (tree / "one_more.py").write_text("def one_more(): ...\n")
        index.update()
        index.update()
        assert index.status().last_run == kept


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"phases": {}}', '{"phases": 1}', '{"mode": 1, "phases": {}}']
)
def test_what_cannot_be_read_is_no_run(text: str) -> None:
    assert last_run.from_meta({"last_run": text}) is None


def test_status_shows_it(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(tree), "-q"]) == 0
    assert main(["status", str(tree)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "last run" in line]
    assert "of CPU): " in line
    assert main(["status", str(tree), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["last_run"]["phases"]["parse"] > 0
