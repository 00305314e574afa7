"""Who may ask the web page's server, and what it refuses: names, origins, secrets, paths, floods."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rcm.guard import MOST_BODY_BYTES as MAX_BODY
from rcm.web import access as access_module
from rcm.web.assets import ASSETS
from rcm.web.house import HEADERS
from small_trees import write_tree
from web_server import Answer, Running, serving

API = [
    ("GET", "/api/workspace"),
    ("GET", "/api/search?q=retry"),
    ("GET", "/api/file?path=src/retry.py"),
    ("GET", "/api/related?path=src/retry.py&line=5"),
    ("GET", "/api/status"),
    ("GET", "/api/events"),
    ("POST", "/api/highlight"),
    ("POST", "/api/refresh"),
    ("POST", "/api/index"),
]
ROUTES = [*API, *(("GET", path) for path in ASSETS)]
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all tests that change nothing."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "outside.py").write_text("def outside():\n    pass\n")
    (folder / "tree-evil").mkdir()
    (folder / "tree-evil/near.py").write_text("def near():\n    pass\n")
    tree = write_tree(
        folder / "tree",
        {"src/retry.py": "def retry():\n    pass\n", ".env": "KEY=1\n", ".hidden.py": "x = 1\n"},
    )
    (tree / "link.py").symlink_to(folder / "outside.py")
    (tree / "folder").symlink_to(folder / "tree-evil")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCM_HOME", str(folder / "home"))
        with serving(tree) as running:
            yield running


def refused(answer: Answer, status: int) -> None:
    """Whatever is refused says so with all headers, and gives no data away."""
    assert answer.status == status, answer.body
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    assert b"results" not in answer.body
    assert b"def " not in answer.body


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_without_the_token(web: Running, method: str, path: str) -> None:
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {web.access.token}"},
        {"authorization": f"Bearer {web.access.session}"},
        {"cookie": f"{web.access.cookie}=wrong"},
        {"cookie": f"{web.access.cookie}={web.access.token}"},
        {"cookie": f"rcm-1={web.access.session}"},
    ):
        sent = {**JSON, **headers} if method == "POST" else headers
        body = b"{}" if method == "POST" else None
        refused(web.send(method, path, headers=sent, body=body, known=False), 401)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:PORT",
        "0.0.0.0:PORT",
        "",
    ],
)
def test_no_route_answers_under_another_name(
    web: Running, method: str, path: str, host: str
) -> None:
    headers = {**JSON, "host": host.replace("PORT", str(web.port))}
    refused(web.send(method, path, headers=headers), 403)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1:PORT",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "null",
        "",
    ],
)
def test_no_route_answers_to_another_origin(web: Running, origin: str) -> None:
    headers = {**JSON, "origin": origin.replace("PORT", str(web.port))}
    for method, path in ROUTES:
        refused(web.send(method, path, headers=headers), 403)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_our_own_names_are_answered(web: Running, name: str) -> None:
    host = f"{name}:{web.port}"
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        assert web.send("GET", "/api/search?q=retry", headers=headers).json["results"]


def test_other_sites_may_not_even_load_our_files(web: Running) -> None:
    for site in ("cross-site", "same-site"):
        for _, path in API[:2]:
            headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
            refused(web.send("GET", path, headers=headers), 403)
    headers = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    assert web.send("GET", "/api/workspace", headers=headers).status == 200


def test_nothing_of_the_body_is_waited_for_before_a_request_is_refused(web: Running) -> None:
    with closing(socket.create_connection(("127.0.0.1", web.port), timeout=60)) as line:
        line.sendall(
            b"POST /api/index HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100\r\n\r\n"
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 403")


def test_every_answer_has_the_headers_and_none_shares_across_origins(web: Running) -> None:
    for method, path in [*ROUTES, ("GET", "/nowhere"), ("GET", "/api/search")]:
        body = b"{}" if method == "POST" and "index" not in path else None
        answer = web.send(method, path, headers=JSON if body else None, body=body)
        assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS), path
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "server" not in answer.headers
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(web: Running, method: str) -> None:
    for path in ("/", "/api/index", "/api/search"):
        refused(web.send(method, path), 405)


def test_a_form_of_another_site_could_not_start_anything(web: Running) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        headers = {"content-type": kind} if kind else {}
        refused(web.send("POST", "/api/index", headers=headers, body=b"{}"), 415)


# --- the way in ----------------------------------------------------------------------------------


def enter(web: Running, link: str, **headers: str) -> Answer:
    parts = urlsplit(link)
    return web.send("GET", f"{parts.path}?{parts.query}", headers=headers, known=False)


def test_the_token_of_the_address_becomes_a_cookie_that_scripts_cannot_read(web: Running) -> None:
    answer = enter(web, web.access.link() + "&q=a%26b&language=rust")
    assert answer.status == 303
    assert answer.headers["location"] == "/?q=a%26b&language=rust"
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert web.access.token not in answer.headers["set-cookie"]
    page = web.send("GET", "/", headers={"cookie": f"other=1; {name}"}, known=False)
    assert (page.status, b"<title>rcm" in page.body) == (200, True)


def test_a_wrong_token_opens_nothing(web: Running) -> None:
    for token in ("", "x", web.access.token[:-1], web.access.session, "\u00e9"):
        answer = web.send("GET", f"/?token={token.encode().hex()}", known=False)
        refused(answer, 401)
        assert "set-cookie" not in answer.headers


def test_the_page_says_how_to_get_in(web: Running) -> None:
    answer = web.send("GET", "/", known=False)
    refused(answer, 401)
    assert b"rcm serve" in answer.body


def test_the_token_is_in_no_address_but_the_first(web: Running) -> None:
    refused(web.send("GET", f"/api/workspace?token={web.access.token}", known=False), 401)


def test_a_ticket_opens_once(web: Running) -> None:
    link = web.access.ticket_link()
    assert web.access.token not in link
    assert enter(web, link).status == 303
    assert enter(web, link).status == 401


def test_a_ticket_does_not_last(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    link = web.access.ticket_link()
    now = time.monotonic()
    later = now + access_module.TICKET_SECONDS + 1
    monkeypatch.setattr(access_module.time, "monotonic", lambda: later)
    assert not web.access.admits(link.partition("token=")[2])


def test_secrets_are_long_and_differ() -> None:
    made = [access_module.Access(1) for _ in range(50)]
    values = {value for one in made for value in (one.token, one.session)}
    assert len(values) == 100
    assert all(len(value) >= 43 for value in values), "256 bits in base64"


def test_only_the_loopback_device_is_listened_on(web: Running) -> None:
    with closing(socket.socket()) as line:
        line.settimeout(5)
        assert line.connect_ex(("127.0.0.2", web.port)) != 0


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "../outside.py",
        "src/../../outside.py",
        "../tree-evil/near.py",
        "ROOT-evil/near.py",
        "ROOT/../outside.py",
        "/etc/passwd",
        "link.py",
        "folder/near.py",
        ".env",
        ".hidden.py",
        "src",
        ".",
        "src/retry.py\0",
        "~/.bashrc",
        "%2e%2e/outside.py",
        "..\\outside.py",
        "a" * 5000,
    ],
)
def test_only_files_of_the_index_can_be_read(web: Running, path: str) -> None:
    (root,) = (root["root"] for root in web.get("/api/workspace").json["roots"])
    asked = path.replace("ROOT", root)
    for query in ({"path": asked}, {"path": asked, "root": root}):
        answer = web.get("/api/file", **query)
        assert answer.status in (400, 404), answer.body
        assert b"def outside" not in answer.body
        assert b"def near" not in answer.body
        assert b"KEY=1" not in answer.body
        assert web.get("/api/related", line=1, **query).status in (400, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/../access.py",
        "/%2e%2e/access.py",
        "/static/app.css",
        "/app.css/../../access.py",
        "/..%2faccess.py",
        "//etc/passwd",
        "/app.css%00",
        "/index.html",
    ],
)
def test_only_the_files_of_the_page_are_served(web: Running, path: str) -> None:
    refused(web.send("GET", path), 404)


def test_a_path_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "t", {"a.py": "def inside():\n    pass\n"})
    (tmp_path / "secret.py").write_text("def outside():\n    pass\n")
    with serving(root) as running:
        (root / "a.py").unlink()
        (root / "a.py").symlink_to(tmp_path / "secret.py")
        answer = running.get("/api/file", path="a.py")
        assert answer.status in (400, 404)
        assert b"def outside" not in answer.body


# --- floods --------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_not_read(web: Running) -> None:
    headers = {**JSON, "content-length": str(MAX_BODY + 1)}
    refused(web.send("POST", "/api/highlight", headers=headers, body=b"{}"), 413)


def test_a_body_without_a_length_is_cut_off(web: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    with closing(connection):
        pieces = (b" " * 65536 for _ in range(MAX_BODY // 65536 + 2))
        headers = {**JSON, "authorization": f"Bearer {web.access.token}"}
        connection.request("POST", "/api/highlight", pieces, headers, encode_chunked=False)
        assert connection.getresponse().status == 413


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        b"GET /api/search?q=" + b"x" * 300_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_request_does_not_end_the_server(web: Running, raw: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", web.port), timeout=60)) as line:
        # The server may have hung up before it has read all of this.
        answer = b""
        with contextlib.suppress(OSError):
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            answer = line.recv(65536)
        assert b" 200 " not in answer.split(b"\r\n")[0]
    assert web.get("/api/workspace").status == 200


def test_a_request_that_takes_too_long_is_given_up(tree: Path, monkeypatch) -> None:
    go_on = threading.Event()
    with serving(tree, answer_s=0.2) as running:
        monkeypatch.setattr(running.service, "describe", lambda: go_on.wait(60))
        answer = running.get("/api/workspace")
        go_on.set()
        assert (answer.status, "0.2 s" in answer.json["error"]) == (504, True)
        assert running.get("/api/search", q="retry").status == 200


def test_more_requests_than_the_cap_are_turned_away(tree: Path, monkeypatch) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def wait() -> dict[str, int]:
        entered.set()
        go_on.wait(60)
        return {"waited": 1}

    with serving(tree, most=1) as running:
        monkeypatch.setattr(running.service, "describe", wait)
        answers: list[Answer] = []
        first = threading.Thread(target=lambda: answers.append(running.get("/api/workspace")))
        first.start()
        assert entered.wait(60)
        refused(running.get("/api/search", q="retry"), 503)
        go_on.set()
        first.join(60)
        assert answers[0].json == {"waited": 1}
        assert running.get("/api/search", q="retry").status == 200
