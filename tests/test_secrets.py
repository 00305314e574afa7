"""Secrets: what becomes of them in each mode, which may stay, and `rcm secrets`."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import pytest

import rcm
from rcm import Index, SearchResult, SecretFinding, _rcm
from rcm.allow_list import ALLOW_LIST, read_allow_list
from rcm.cli import main
from secret_corpus import FORMS, key_block, value_of
from small_trees import SMALL_TREE, dump, reader_of, write_tree


def value(rule: str, seed: int = 1) -> str:
    return value_of(next(form for form in FORMS if form["rule"] == rule), random.Random(seed))


STRIPE, GITHUB = value("stripe-key"), value("github-token")
PAY = f'def pay():\n    return charge("{STRIPE}")\n'
DEPLOY = f'def deploy():\n    return push("{GITHUB}")\n'


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A small tree with a secret in each of two files."""
    return write_tree(tmp_path / "tree", {**SMALL_TREE, "src/pay.py": PAY, "src/deploy.py": DEPLOY})


def texts(index: Index) -> str:
    """The text of every chunk that the index holds."""
    reader = reader_of(index)
    ids = [file.first_id + nth for file in reader.files for nth in range(file.n_chunks)]
    return "\n".join(reader.chunk(chunk_id).text for chunk_id in ids)


def findings(root: Path, **options: bool) -> list[SecretFinding]:
    return list(rcm.find_secrets(root, **options).findings)


def allow(root: Path, *lines: str) -> None:
    (root / ALLOW_LIST).write_text("".join(f"{line}\n" for line in lines))


# --- modes ------------------------------------------------------------------------------------------


def test_redact_keeps_the_chunk(leaky: Path) -> None:
    with Index.open(leaky) as index:
        report = index.update()
        assert (report.secrets, report.redactions) == ("redact", 2)
        assert 'return charge("<secret:stripe-key>")' in texts(index)


def test_skip_chunk_leaves_out_what_held_a_secret_and_no_more(leaky: Path) -> None:
    other = "def untouched():\n" + "".join(f"    call({n})\n" for n in range(400))
    (leaky / "src" / "pay.py").write_text(f"{other}\n\n{PAY}\n\n{other.replace('un', 're')}")
    with Index.open(leaky) as index:
        report = index.update(secrets="skip-chunk")
        text = texts(index)
    assert "untouched" in text
    assert "retouched" in text
    assert "secret:" not in text
    assert STRIPE not in text
    assert report.skipped["secrets"] == 1, "all of deploy.py stood in one chunk"


def test_skip_file_leaves_out_the_file(leaky: Path) -> None:
    with Index.open(leaky) as index:
        report = index.update(secrets="skip-file")
        assert report.skipped["secrets"] == 2
        assert "charge" not in texts(index)


def test_off_indexes_secrets_as_they_are(leaky: Path) -> None:
    with Index.open(leaky) as index:
        assert index.update(secrets="off").redactions == 0
        assert STRIPE in texts(index)


def test_the_mode_is_remembered_and_another_one_rebuilds(leaky: Path) -> None:
    with Index.open(leaky) as index:
        index.update(secrets="skip-file")
        again = index.update()
        assert (again.secrets, again.files_indexed, again.warning) == ("skip-file", 0, None)
        other = index.update(secrets="redact")
        assert "secrets changed" in (other.warning or "")
        assert STRIPE not in texts(index)
        after = dump(index)
    with Index.open(leaky, index_dir=leaky.parent / "fresh") as fresh:
        fresh.update()
        assert dump(fresh) == after


@pytest.mark.parametrize("mode", ["skip-chunk", "skip-file", "off"])
def test_every_schedule_gives_the_same_index(mode: str, leaky: Path) -> None:
    dumps = []
    for schedule in ("sequential", "parallel", "pipeline"):
        with Index.open(leaky, index_dir=leaky.parent / schedule) as index:
            index.update(mode=schedule, secrets=mode)
            dumps.append(dump(index))
    assert dumps[0] == dumps[1] == dumps[2]


def test_an_unknown_mode_is_an_error(leaky: Path) -> None:
    with Index.open(leaky) as index, pytest.raises(ValueError, match="redact, skip-chunk"):
        index.update(secrets="none")  # type: ignore[arg-type]


def test_no_file_of_the_tree_turns_redaction_off(leaky: Path) -> None:
    for name in (".rcm.toml", "rcm.toml", ".rcm/config", ".rcmrc", "pyproject.toml"):
        write_tree(leaky, {name: '[tool.rcm]\nsecrets = "off"\n'})
    allow(leaky, "*", "off", "stripe-key", "src/pay.py", "**")
    with Index.open(leaky) as index:
        report = index.update()
        assert (report.redactions, report.secrets_allowed) == (2, 0)
        assert f"{ALLOW_LIST}: no fingerprint at the start of line 1, 2, 3" in (
            report.warning or ""
        )


# --- what is shown comes from the index ---------------------------------------------------------------


def test_a_secret_written_since_is_in_no_answer(tmp_path: Path) -> None:
    """Answers of changed files show what the file has now, as an index of it would have it."""
    calm = {
        "a.py": "def pay():\n    return charge()\n",
        "b.py": "def paid():\n    return charge()\n",
    }
    root = write_tree(tmp_path / "tree", calm)
    with Index.open(root) as index:

        def answers() -> list[SearchResult]:
            found = [*index.search("pay"), *index.find_related("b.py", 1)]
            return [one for one in found if one.path == "a.py"]

        index.update()
        before = answers()
        (root / "a.py").write_text(f'def pay():\n    return charge("{STRIPE}")\n')
        for one in answers():
            assert (one.freshness, one.anchored) == ("changed", True)
            assert one.text == 'def pay():\n    return charge("<secret:stripe-key>")'
        (root / "a.py").unlink()
        gone = answers()
    assert [one.text for one in gone] == [one.text for one in before]
    assert {one.freshness for one in gone} == {"deleted"}
    assert len(before) == 2


def test_inspect_shows_no_secret_and_says_what_is_allowed(leaky: Path) -> None:
    shown = rcm.inspect_file(leaky / "src" / "pay.py", root=leaky)
    assert STRIPE not in json.dumps(shown)
    assert shown["filter"]["redactions"] == [{"rule": "stripe-key", "line": 2}]
    allow(leaky, findings(leaky)[1].fingerprint)
    shown = rcm.inspect_file(leaky / "src" / "pay.py", root=leaky)
    assert (shown["filter"]["redactions"], shown["filter"]["allowed"]) == ([], 1)


# --- which may stay -----------------------------------------------------------------------------------


def test_a_listed_fingerprint_lets_one_value_stay(leaky: Path) -> None:
    by_rule = {finding.rule: finding for finding in findings(leaky)}
    with Index.open(leaky) as index:
        index.update()
        assert index.status().stale_fields == ()
        allow(leaky, "# test keys", "", f"{by_rule['stripe-key'].fingerprint.upper()}  a test key")
        assert index.status().stale_fields == ("secrets_allowed",)
        assert STRIPE not in texts(index), "until the next update"
        report = index.update()
        assert (report.redactions, report.secrets_allowed) == (1, 1)
        assert "secrets_allowed changed" in (report.warning or "")
        assert STRIPE in texts(index)
        assert GITHUB not in texts(index)
        (leaky / ALLOW_LIST).unlink()
        index.update()
        assert STRIPE not in texts(index)
    assert [finding.allowed for finding in findings(leaky)] == [False, False]


def test_an_allowed_value_is_hidden_in_another_file(leaky: Path) -> None:
    known = next(finding for finding in findings(leaky) if finding.rule == "stripe-key")
    allow(leaky, known.fingerprint)
    (leaky / "src" / "copy.py").write_text(PAY)
    assert {(f.path, f.allowed) for f in findings(leaky) if f.rule == "stripe-key"} == {
        ("src/pay.py", True),
        ("src/copy.py", False),
    }


def test_a_marked_line_stays_and_is_counted(leaky: Path) -> None:
    (leaky / "src" / "pay.py").write_text(f'KEY = "{STRIPE}"  # rcm:allow\n')
    with Index.open(leaky) as index:
        report = index.update()
    assert (report.redactions, report.secrets_allowed) == (1, 1)


def test_the_order_and_notes_of_the_list_are_no_change(tmp_path: Path) -> None:
    allow(tmp_path, "00000001 one", "00000002 two")
    first = read_allow_list(tmp_path)
    allow(tmp_path, "# notes", "00000002", "00000001", "00000001")
    assert read_allow_list(tmp_path).digest == first.digest != ""
    allow(tmp_path, "00000001")
    assert read_allow_list(tmp_path).digest not in (first.digest, "")


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "bytes"])
def test_an_odd_list_allows_nothing(kind: str, tmp_path: Path) -> None:
    target = tmp_path / ALLOW_LIST
    if kind == "link":
        (tmp_path / "list").write_text("00000001\n")
        target.symlink_to(tmp_path / "list")
    elif kind == "fifo":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    else:
        target.write_bytes(b"\xff\xfe\x00\n\x00")
    assert read_allow_list(tmp_path).fingerprints == ()


# --- rcm secrets --------------------------------------------------------------------------------------


def test_find_secrets_needs_no_index_and_makes_none(leaky: Path) -> None:
    report = rcm.find_secrets(leaky)
    assert [(f.path, f.line, f.rule, f.confidence, f.allowed) for f in report.findings] == [
        ("src/deploy.py", 2, "github-token", "high", False),
        ("src/pay.py", 2, "stripe-key", "high", False),
    ]
    assert report.files_scanned == len(SMALL_TREE) + 1
    assert report.skipped == {"binary": 1}
    assert not any(Path(os.environ["RCM_HOME"]).iterdir())


def test_fingerprints_are_the_same_every_time_and_give_nothing_away(leaky: Path) -> None:
    first, second = findings(leaky), findings(leaky)
    assert first == second
    assert all(len(finding.fingerprint) == 8 for finding in first)
    assert STRIPE not in repr(first)


def test_a_private_key_file_is_one_finding(leaky: Path) -> None:
    (leaky / "server.txt").write_text(key_block(random.Random(1))[1] + "\n")
    key = next(finding for finding in findings(leaky) if finding.rule == "private-key")
    assert (key.path, key.line, key.end_line) == ("server.txt", 1, 22)


def test_what_is_left_out_can_be_asked_for(leaky: Path) -> None:
    write_tree(leaky, {".github/ci.yml": f"key: {GITHUB}\n", ".ignore": "build/\n"})
    write_tree(leaky, {"build/out.py": PAY, ".env": f"KEY={STRIPE}\n"})
    assert len(findings(leaky)) == 2
    assert {f.path for f in findings(leaky, hidden=True)} >= {".github/ci.yml"}
    assert {f.path for f in findings(leaky, use_ignore=False)} >= {"build/out.py"}
    assert ".env" not in {f.path for f in findings(leaky, hidden=True)}


def test_no_such_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rcm.find_secrets(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError):
        rcm.find_secrets(tmp_path / "file")


def test_the_command_prints_one_line_for_each(
    leaky: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["secrets", str(leaky)]) == 0
    out, err = capfd.readouterr()
    one, two = findings(leaky)
    assert out == (
        f"src/deploy.py:2: github-token  high  {one.fingerprint}\n"
        f"src/pay.py:2: stripe-key  high  {two.fingerprint}\n"
    )
    assert err == "2 secrets in 2 files; 8 files looked at, 1 not\n"
    allow(leaky, one.fingerprint, two.fingerprint)
    assert main(["secrets", str(leaky)]) == 1
    out, err = capfd.readouterr()
    assert [line.split()[-1] for line in out.splitlines()] == ["allowed", "allowed"]
    assert err.startswith("0 secrets, 2 allowed; ")


def test_the_command_says_what_it_never_opened(
    leaky: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (leaky / "id_rsa").write_text("x")
    assert main(["secrets", str(leaky)]) == 0
    assert "1 never opened: the name says that it holds credentials" in capfd.readouterr().err


def test_the_command_without_a_secret(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["secrets", str(tree)]) == 1
    assert capfd.readouterr() == ("", "0 secrets; 6 files looked at, 1 not\n")
    assert main(["secrets", "-q", str(tree)]) == 1
    assert capfd.readouterr() == ("", "")
    assert main(["secrets", str(tree / "none")]) == 2


def test_the_command_prints_json(leaky: Path, capfd: pytest.CaptureFixture[str]) -> None:
    odd = os.fsdecode(b"src/\xff.py")
    if sys.platform == "linux":
        (leaky / odd).write_text(PAY)
    assert main(["secrets", str(leaky), "--json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["root"] == str(leaky)
    assert {*shown["findings"][0]} == {
        "path", "line", "end_line", "rule", "confidence", "fingerprint", "allowed",
    }  # fmt: skip
    if sys.platform == "linux":
        assert {f["path"]: "path_base64" in f for f in shown["findings"]}[odd]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("redact", "2 replaced before chunking\n"),
        ("skip-chunk", "chunks that hold one left out (--secrets skip-chunk)\n"),
        ("skip-file", "files that hold one left out (--secrets skip-file)\n"),
        ("off", "indexed as they are (--secrets off)"),
    ],
)
def test_the_summary_says_what_is_done(
    mode: str, said: str, leaky: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", str(leaky), "--secrets", mode]) == 0
    assert f"secrets  {said}" in capfd.readouterr().out
    assert main(["index", str(leaky), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["secrets"] == mode


def test_the_summary_counts_what_is_allowed(leaky: Path, capfd: pytest.CaptureFixture[str]) -> None:
    allow(leaky, findings(leaky)[0].fingerprint)
    assert main(["index", str(leaky)]) == 0
    assert "1 replaced before chunking, 1 allowed (`rcm secrets` lists them)" in (
        capfd.readouterr().out
    )


# --- docs/secrets.md ----------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "docs" / "secrets.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", [name for name, _ in _rcm.secret_rules()])
def test_every_rule_is_documented(rule: str) -> None:
    assert f"`{rule}`" in PAGE


def test_the_names_in_the_page_are_never_opened(tmp_path: Path) -> None:
    section = PAGE.split("## Files that are never opened")[1].split("\n## ")[0]
    rows = [line.rsplit("|", 2)[1] for line in section.splitlines() if line.startswith("| ")][1:]
    names = [name for row in rows for name in row.split("`")[1::2]]
    assert len(names) > 80
    whole = [name for name in names if not name.endswith("/") and name.count(".") < len(name)]
    for name in whole:
        if name in (".yml", ".json", ".yaml", ".toml"):  # endings of the name before them
            continue
        path = tmp_path / (name.replace("*", "x") if name != "*.secret" else "x.secret")
        path.parent.mkdir(exist_ok=True)
        path.write_text("x = 1\n")
        walked = rcm.inspect_file(path, root=tmp_path)["walk"]
        assert walked == ("kept" if name == "templates/" else "sensitive-name"), name
