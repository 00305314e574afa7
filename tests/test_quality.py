"""Measuring search quality: repositories are cloned at their revision, labels hold together."""

import json
from pathlib import Path

import pytest

import quality
from quality_metric import load_annotations
from small_trees import git, write_tree

ENTRIES = json.loads((quality.QUESTIONS / "repositories.json").read_text(encoding="utf-8"))


def test_a_repository_is_cloned_at_its_revision_and_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_tree(tmp_path / "source", {"src/pool.py": "class Pool:\n    size = 3\n"})
    git(source, "init", "--quiet")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "-m", "Add a pool")
    entry = {
        "name": "pools",
        "language": "python",
        "url": str(source),
        "benchmark_root": "src",
        "revision": git(source, "rev-parse", "HEAD"),
    }
    git(source, "rm", "--quiet", "src/pool.py")
    git(source, "commit", "--quiet", "-m", "Remove it")
    question = {
        "query": "Pool",
        "relevant": [{"path": "src/pool.py"}],
        "secondary": [],
        "category": "symbol",
    }
    write_tree(
        tmp_path / "labels",
        {"repos.json": json.dumps([entry]), "pools.json": json.dumps([question])},
    )
    labels, clones = tmp_path / "labels", tmp_path / "clones"
    options = ["--annotations", str(labels), "--list", str(labels / "repos.json")]
    done = quality.main(["--clone", "--repositories", str(clones), *options])
    assert done == 0
    assert "macro mean                    1   1.000" in capsys.readouterr().out


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_questions_are_whole(entry: dict[str, str]) -> None:
    queries = load_annotations(quality.QUESTIONS / f"{entry['name']}.json")
    assert len({query.text for query in queries}) == len(queries) >= 18
    assert {query.category for query in queries} == {"architecture", "semantic", "symbol"}
    assert len(entry["revision"]) == 40
    root = entry.get("benchmark_root", "")
    assert all(target.path.startswith(root) for query in queries for target in query.targets)
