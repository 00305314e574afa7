"""The JSON interface of the web page: what it answers, and how it refuses what it cannot."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from command_runs import WATCHDOG_SECONDS, check_clean, rcm
from rcm import Index
from rcm.web.highlight import CLASSES, MAX_CHARS, highlight
from rcm.web.painter import Painter
from secret_corpus import planted
from small_trees import PYTHON_SOURCE, SMALL_TREE, write_tree
from web_server import Running, serving, wait_for_run


@pytest.fixture
def web(tree: Path) -> Iterator[Running]:
    with serving(tree) as running:
        yield running


def found(running: Running, **query: Any) -> list[dict[str, Any]]:
    answer = running.get("/api/search", **query)
    assert answer.status == 200, answer.body
    results: list[dict[str, Any]] = answer.json["results"]
    return results


def test_a_search_answers_as_the_index_does(web: Running, tree: Path) -> None:
    results = found(web, q="how often is a request sent again", k=3)
    with Index.open(tree) as index:
        expected = index.search("how often is a request sent again", top_k=3)
    assert [(r["path"], r["start_line"], r["score"]) for r in results] == [
        (r.path, r.start_line, r.score) for r in expected
    ]
    assert results[0]["root"] == str(tree)
    assert results[0]["freshness"] == "fresh"
    assert results[0]["signals"] == expected[0].signals
    assert results[0]["also"] == []


def test_the_lines_to_show_are_lines_of_the_text(web: Running) -> None:
    best = found(web, q="backoff_seconds")[0]
    lines = best["text"].split("\n")
    assert best["shown"]
    for shown in best["shown"]:
        line = lines[shown["line"] - best["start_line"]]
        assert line == PYTHON_SOURCE.split("\n")[shown["line"] - 1]
        for start, end in shown["marks"]:
            assert re.search("backoff|second", line[start:end])
    assert any(shown["marks"] for shown in best["shown"])


def test_marks_count_as_browsers_do(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "t", {"a.py": "x = '\U0001f600\U0001f600' # retry here\n"})
    with serving(root) as running:
        (shown,) = found(running, q="retry")[0]["shown"]
    text = "x = '\U0001f600\U0001f600' # retry here".encode("utf-16-le")
    ((start, end),) = shown["marks"]
    assert text[2 * start : 2 * end].decode("utf-16-le") == "retry"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"language": "rust"}, {"src/cache.rs"}),
        ({"language": ["rust", "toml"]}, {"src/cache.rs", "src/config.toml"}),
        ({"glob": "tests/**"}, {"tests/test_retry.py"}),
        ({"class": "tests"}, {"tests/test_retry.py"}),
        ({"class": "config"}, {"src/config.toml"}),
        ({"kind": "struct"}, {"src/cache.rs"}),
        ({"kind": "struct", "language": "python"}, set()),
    ],
)
def test_filters_leave_only_what_they_say(
    web: Running, filters: dict[str, Any], expected: set[str]
) -> None:
    results = found(web, q="retry cache port level", mode="hybrid", k=50, **filters)
    assert {result["path"] for result in results} == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"q": " "}, "empty query"),
        ({}, "empty query"),
        ({"q": "x" * 10_001}, "10001 characters"),
        ({"q": "x", "k": "0"}, "k is '0'"),
        ({"q": "x", "k": "many"}, "k is 'many'"),
        ({"q": "x", "k": "\u0663"}, "k is"),
        ({"q": "x", "mode": "magic"}, "mode is 'magic'"),
        ({"q": "x", "language": "klingon"}, "klingon"),
        ({"q": "x", "kind": "thing"}, "thing"),
        ({"q": "x", "class": "stuff"}, "stuff"),
        ({"q": "x", "root": "/nowhere"}, "/nowhere"),
        ({"q": "x", "language": ["rust"] * 51}, "more than 50"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(
    web: Running, query: dict[str, Any], said: str
) -> None:
    answer = web.get("/api/search", **query)
    assert answer.status == 400
    assert said in answer.json["error"]


def test_as_many_as_asked_but_no_more_than_a_page(web: Running) -> None:
    assert len(found(web, q="retry", k=2)) == 2
    assert found(web, q="retry", k=999_999_999)


def test_misspelt_words_are_said(web: Running) -> None:
    answer = web.get("/api/search", q="backof_secnds").json
    assert answer["corrections"]
    assert answer["results"][0]["path"] == "src/retry.py"


def test_several_trees_are_asked_as_one(tmp_path: Path) -> None:
    one = write_tree(tmp_path / "one", {"a.py": "def merge_intervals():\n    pass\n"})
    two = write_tree(tmp_path / "two", {"a.py": "def merge_sorted_intervals():\n    pass\n"})
    with serving(one, two) as running:
        assert {r["root"] for r in found(running, q="merge intervals")} == {str(one), str(two)}
        assert {r["root"] for r in found(running, q="merge", root=str(two))} == {str(two)}
        read = running.get("/api/file", path="a.py", root=str(two))
        assert "merge_sorted_intervals" in read.json["text"]
        told = running.get("/api/workspace").json
        assert [root["name"] for root in told["roots"]] == ["one", "two"]


def test_a_file_is_read_whole_or_in_part(web: Running) -> None:
    whole = web.get("/api/file", path="src/retry.py").json
    assert whole["text"] == PYTHON_SOURCE.rstrip("\n")
    assert whole["total_lines"] == len(PYTHON_SOURCE.splitlines())
    assert (whole["language"], whole["freshness"]) == ("python", "fresh")
    lines = ["".join(line[1::2]) for line in whole["tokens"]]
    assert "\n".join(lines) == whole["text"]
    part = web.get("/api/file", path="src/retry.py", start=6, end=7).json
    assert part["text"].startswith("class RetryPolicy")
    assert (part["start_line"], part["end_line"]) == (6, 7)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"path": "nowhere.py"}, 400),
        ({"path": "src/retry.py", "start": "900"}, 400),
        ({"path": "src/retry.py", "start": "x"}, 400),
        ({"path": "logo.bin"}, 400),
        ({"path_base64": "%%%"}, 400),
    ],
)
def test_what_is_no_indexed_file_is_refused(
    web: Running, query: dict[str, str], status: int
) -> None:
    answer = web.get("/api/file", **query)
    assert answer.status == status
    assert answer.json["error"]


def test_a_file_that_has_gone_is_not_found(web: Running, tree: Path) -> None:
    (tree / "src/retry.py").unlink()
    assert web.get("/api/file", path="src/retry.py").status == 404


def test_code_like_a_line_is_found(web: Running) -> None:
    answer = web.get("/api/related", path="src/retry.py", line=5, k=2).json
    assert len(answer["results"]) == 2
    assert "src/retry.py" not in {result["path"] for result in answer["results"]}
    assert web.get("/api/related", path="src/retry.py").status == 400
    assert web.get("/api/related", path="src/retry.py", line=4000).status == 400


def test_names_that_are_not_utf8_can_be_opened(tmp_path: Path) -> None:
    root = tmp_path / "t"
    root.mkdir()
    try:
        (root / os.fsdecode(b"caf\xe9.py")).write_text("def espresso():\n    pass\n")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with serving(root) as running:
        (result,) = found(running, q="espresso")
        assert result["name"] == "caf\\udce9.py"
        opened = running.get("/api/file", path_base64=result["path_base64"])
        assert "espresso" in opened.json["text"]


def test_status_tells_what_differs_on_disk(web: Running, tree: Path) -> None:
    (status,) = web.get("/api/status").json["roots"]
    assert status["fresh"] is True
    assert status["files"] > 3
    (tree / "new.py").write_text("def added():\n    pass\n")
    (tree / "notes.txt").unlink()
    (status,) = web.get("/api/status").json["roots"]
    assert status["fresh"] is False
    assert (status["added"], status["removed"]) == (["new.py"], ["notes.txt"])


def test_a_look_at_the_tree_brings_small_changes_in(web: Running, tree: Path) -> None:
    (tree / "new.py").write_text("def freshly_written_function():\n    pass\n")
    answer = web.post("/api/refresh", {"policy": "auto"})
    assert answer.status == 200, answer.body
    assert answer.json[str(tree)]["updated"] is True
    assert found(web, q="freshly_written_function")[0]["path"] == "new.py"
    (status,) = web.get("/api/status").json["roots"]
    assert status["run"]["report"]["files_indexed"] == 1
    assert web.post("/api/refresh", {"policy": "perhaps"}).status == 400


def test_a_run_is_started_followed_and_reported(tree: Path) -> None:
    with serving(tree, index=False) as running:
        before = running.get("/api/search", q="retry")
        assert (before.status, before.json["kind"]) == (409, "IndexNotFoundError")
        assert running.get("/api/workspace").json["roots"][0]["indexed"] is False
        started = running.post("/api/index", {"root": str(tree)})
        assert (started.status, started.json["root"]) == (202, str(tree))
        events = running.get("/api/events")
        assert events.headers["content-type"].startswith("text/event-stream")
        last = events.body.decode().rstrip().split("\n\n")[-2:]
        told = json.loads(last[0].partition("data: ")[2])
        assert last[1].startswith("event: end")
        assert told["runs"][0]["state"] == "done"
        run = wait_for_run(running, str(tree))
        assert run["report"]["files_indexed"] > 3
        assert sum(run["report"]["phases"].values()) > 0
        assert found(running, q="retry")


def test_a_run_that_fails_says_why(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tree) as running:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device", "/there")

        monkeypatch.setattr(Index, "update", refuse)
        assert running.post("/api/index", {}).status == 202
        run = wait_for_run(running, str(tree))
        assert run["state"] == "failed"
        assert "No space left" in run["error"]
        assert found(running, q="retry"), "the old index still answers"


def test_no_second_run_over_a_tree_that_is_being_indexed(tree: Path) -> None:
    with serving(tree) as running:
        work = running.service.runs
        import threading

        go_on = threading.Event()

        def wait(_: object) -> Any:
            go_on.wait(60)
            raise ValueError("ended")

        assert work.start(str(tree), wait)
        try:
            answer = running.post("/api/index", {"root": str(tree)})
            assert (answer.status, "already" in answer.json["error"]) == (400, True)
        finally:
            go_on.set()


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"\xff", b"[" * 100_000, b'{"root": 1}', b'{"force": "yes"}']
)
def test_a_body_that_is_no_request_is_refused(web: Running, body: bytes) -> None:
    sent = web.send("POST", "/api/index", headers={"content-type": "application/json"}, body=body)
    assert sent.status == 400
    assert web.service.runs.snapshot()[1][0].state == "idle"


def test_secrets_are_in_no_answer(tmp_path: Path) -> None:
    plant = next(plant for plant in planted() if plant.file.endswith(".py"))
    value = plant.value
    code = f"def deploy_service():\n    return 1\n\n\n{plant.line}\n"
    root = write_tree(tmp_path / "t", {plant.file: code})
    with serving(root) as running:
        for answer in (
            running.get("/api/search", q="deploy_service"),
            running.get("/api/file", path=plant.file),
        ):
            assert answer.status == 200, answer.body
            assert value not in answer.body.decode()
        assert "<secret:" in running.get("/api/file", path=plant.file).json["text"]
        # Added after the index was made: read from the disk, replaced all the same.
        (root / plant.file).write_text(f"def later():\n    return 2\n\n\n{plant.line}\n")
        later = running.get("/api/file", path=plant.file).json
        assert "def later" in later["text"]
        assert value not in later["text"]
        assert later["freshness"] == "changed"


def test_colours_are_the_text_cut_into_pieces() -> None:
    for language, text in [
        ("python", PYTHON_SOURCE),
        ("rust", SMALL_TREE["src/cache.rs"]),
        ("toml", SMALL_TREE["src/config.toml"]),
        ("markdown", "# A\r\n\n* `b`\n\n\n"),
        ("python", ""),
        ("python", "\n\n"),
        ("c", "/* never closed\n\n"),
        ("html", "<a href='x'>\t&amp;\x00"),
    ]:
        lines = highlight(text, language)
        assert lines is not None
        assert "\n".join("".join(line[1::2]) for line in lines) == text
        assert {name for line in lines for name in line[::2]} <= CLASSES | {""}
    assert highlight(PYTHON_SOURCE, "python") != highlight(PYTHON_SOURCE, "json")
    assert highlight("plain", "text") is None
    assert highlight("plain", "no such language") is None
    assert highlight("x" * (MAX_CHARS + 1), "python") is None


def test_a_text_that_takes_too_long_to_colour_stays_plain() -> None:
    long = PYTHON_SOURCE * (MAX_CHARS // len(PYTHON_SOURCE))
    painter = Painter(budget=0.05)
    try:
        slow, quick = painter.paint([("python", long), ("python", "def f(): pass")])
        assert slow is None
        assert quick == highlight("def f(): pass", "python")
        assert painter.paint([("python", long)]) == [None]
    finally:
        painter.close()
    patient = Painter()
    try:
        assert patient.paint([("python", long)]) == [highlight(long, "python")]
    finally:
        patient.close()


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="there is no /proc to look at processes"
)
def test_the_painter_ends_with_the_server() -> None:
    code = (
        "import os\nfrom rcm.web.painter import Painter\np = Painter()\n"
        "p.paint([('python', 'x = 1')])\nprint(p._child.pid, flush=True)\nos._exit(0)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid = int(run.stdout)
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the painter outlives the server")


def test_every_language_has_colours() -> None:
    from rcm import _rcm

    plain = [name for name in _rcm.languages() if highlight("a = 1\n", name) is None]
    assert plain == []


def test_colours_are_asked_for_many_texts_at_once(web: Running) -> None:
    texts = [{"language": "python", "text": "def f(): pass"}, {"language": "text", "text": "x"}]
    first, second = web.post("/api/highlight", {"texts": texts}).json["tokens"]
    assert first[0][:2] == ["key", "def"]
    assert second is None
    assert web.post("/api/highlight", {"texts": [{"language": "python"}]}).status == 400
    assert web.post("/api/highlight", {"texts": texts * 101}).status == 400


def test_the_style_sheet_knows_every_class_of_colour() -> None:
    import rcm.web

    css = (Path(rcm.web.__file__).parent / "static/app.css").read_text(encoding="utf-8")
    assert {name for name in CLASSES if f".c-{name}" not in css} == set()


# --- the command ---------------------------------------------------------------------------------


def started(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rcm", "serve", "--port", "0", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_serves_until_it_is_stopped(tree: Path, number: int, code: int) -> None:
    child = started(str(tree), cwd=tree)
    assert child.stdout is not None
    try:
        link = child.stdout.readline().strip()
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        with opener.open(link, timeout=60) as page:
            assert b"<title>rcm</title>" in page.read()
            assert "token" not in page.url
        # The tree was not indexed: the server makes the index, and says so meanwhile.
        with opener.open(f"{page.url}api/events", timeout=60) as events:
            assert b"event: end" in events.read()
        with opener.open(f"{page.url}api/search?q=retry", timeout=60) as answer:
            assert json.load(answer)["results"]
        child.send_signal(number)
        out, err = child.communicate(timeout=WATCHDOG_SECONDS)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == code, err
    check_clean(err)
    assert out == ""
    assert err.splitlines()[-1] == "stopped"


def test_a_browser_is_given_a_ticket_not_the_token(tree: Path, tmp_path: Path) -> None:
    """Its arguments are seen by every user of the machine. It may run as long as it likes."""
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}.part\nmv {seen}.part {seen}\nsleep 600\n')
    browser.chmod(0o755)
    child = started("--open", str(tree), cwd=tree, env={"BROWSER": f"{browser} %s"})
    try:
        assert child.stdout is not None
        token = child.stdout.readline().strip().partition("token=")[2]
        for _ in range(600):
            if seen.exists():
                break
            time.sleep(0.05)
        link = seen.read_text().strip()
        assert token
        assert token not in link
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        with opener.open(link, timeout=60) as page:
            assert b"<title>rcm</title>" in page.read()
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def test_a_port_that_is_taken_is_an_error_with_a_way_out(web: Running, tree: Path) -> None:
    ended = rcm("serve", tree, "--port", str(web.port))
    assert ended.code == 2
    assert f"port {web.port} is taken" in ended.err
    assert "--port 0" in ended.err


@pytest.mark.parametrize("port", ["-1", "65536", "x", "\u0663"])
def test_a_port_that_is_none_is_refused(tree: Path, port: str) -> None:
    ended = rcm("serve", tree, f"--port={port}")
    assert ended.code == 2
    assert "port" in ended.err


def test_a_home_folder_is_not_indexed_by_serving_it(tmp_path: Path) -> None:
    ended = rcm("serve", "--port", "0", tmp_path, env={"HOME": str(tmp_path)})
    assert ended.code == 4
    assert "home folder" in ended.err
