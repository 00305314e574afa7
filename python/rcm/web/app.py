"""The routes: from a request to `Service` and back. Every answer but the page's own files is JSON."""

from __future__ import annotations

import asyncio
import json
import os
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, get_args

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from rcm.errors import IndexDamagedError, IndexNotFoundError, IndexStaleError, RcmError
from rcm.guard import Guard
from rcm.present.escape import escape_code
from rcm.types import RefreshPolicy
from rcm.web import parameters
from rcm.web.access import Access
from rcm.web.assets import ASSETS, Asset
from rcm.web.house import HEADERS, House
from rcm.web.service import Service

#: Requests answered at a time; a browser opens six connections to a host.
_MOST_REQUESTS = 32
#: Seconds that a request may take, but for the stream of progress.
_ANSWER_S = 60.0
#: The stream lasts as long as the run that it tells of.
_STREAM = "/api/events"
#: Seconds between two looks at a run whose progress a page follows.
_TELL_EVERY = 0.1
#: Texts coloured by one request, at most.
_MAX_TEXTS = 200

_STATUSES: tuple[tuple[type[BaseException], int], ...] = (
    (FileNotFoundError, 404),
    (IndexNotFoundError, 409),
    (IndexStaleError, 409),
    (IndexDamagedError, 409),
    (ValueError, 400),
)

Handler = Callable[[Request], Awaitable[Response]]


def build_app(service: Service, access: Access, **limits: Any) -> ASGIApp:
    """Put routes and guard together; `limits` are those of `Guard`, where they are not its own."""
    routes = _Routes(service)
    api: list[tuple[str, str, Handler]] = [
        ("GET", "/api/workspace", routes.workspace),
        ("GET", "/api/search", routes.search),
        ("GET", "/api/related", routes.related),
        ("GET", "/api/file", routes.file),
        ("GET", "/api/status", routes.status),
        ("GET", _STREAM, routes.events),
        ("POST", "/api/highlight", routes.highlight),
        ("POST", "/api/refresh", routes.refresh),
        ("POST", "/api/index", routes.index),
    ]
    app = Starlette(
        routes=[
            *(Route(path, _answered(handler), methods=[method]) for method, path, handler in api),
            *(Route(path, partial(_asset, asset)) for path, asset in ASSETS.items()),
        ]
    )
    limits = {"most": _MOST_REQUESTS, "answer_s": _ANSWER_S, **limits}
    return Guard(
        lambda _: app, access.port, House(access), endless=_STREAM, headers=HEADERS, **limits
    )


class _Routes:
    """One method for each route of the API."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def workspace(self, _: Request) -> Response:
        return await _threaded(self._service.describe)

    async def search(self, request: Request) -> Response:
        query = parameters.question(request.query_params)
        options = parameters.search_options(request.query_params)
        return await _threaded(self._service.search, query, **options)

    async def related(self, request: Request) -> Response:
        query = request.query_params
        path, line = parameters.path(query), parameters.number(query, "line", None)
        top_k = parameters.number(query, "k", 10, most=parameters.MAX_RESULTS)
        return await _threaded(self._service.related, path, line, parameters.root(query), top_k)

    async def file(self, request: Request) -> Response:
        query = request.query_params
        first = parameters.number(query, "start", 1)
        last = parameters.number(query, "end", None) if "end" in query else None
        root = parameters.root(query)
        return await _threaded(self._service.read, parameters.path(query), first, last, root)

    async def status(self, _: Request) -> Response:
        return await _threaded(self._service.status)

    async def highlight(self, request: Request) -> Response:
        texts = (await _body(request)).get("texts")
        if not isinstance(texts, list) or len(texts) > _MAX_TEXTS:
            raise ValueError(f"texts is no list of at most {_MAX_TEXTS} texts")
        return await _threaded(self._service.colours, [_pair(text) for text in texts])

    async def refresh(self, request: Request) -> Response:
        policy = (await _body(request)).get("policy", "auto")
        if policy not in get_args(RefreshPolicy):
            raise ValueError(
                f"policy is {policy!r}, not one of {', '.join(get_args(RefreshPolicy))}"
            )
        return await _threaded(self._service.refresh, policy)

    async def index(self, request: Request) -> Response:
        body = await _body(request)
        root, force = body.get("root"), body.get("force", False)
        if not isinstance(root, str | None) or not isinstance(force, bool):
            raise ValueError("root is no path, or force is neither true nor false")
        return await _threaded(self._service.update, root, force=force, status=202)

    async def events(self, _: Request) -> Response:
        """Tell of the runs by server-sent events, until none goes on."""
        return StreamingResponse(self._told(), media_type="text/event-stream")

    async def _told(self) -> AsyncIterator[str]:
        last = -1
        while True:
            version, told = self._service.progress()
            if version != last:
                last = version
                yield f"event: progress\ndata: {json.dumps(told)}\n\n"
            if not any(run["state"] == "running" for run in told["runs"]):
                yield "event: end\ndata: {}\n\n"
                return
            await asyncio.sleep(_TELL_EVERY)


def _pair(text: object) -> tuple[str, str]:
    if isinstance(text, dict):
        language, content = text.get("language"), text.get("text")
        if isinstance(language, str) and isinstance(content, str):
            return language, content
    raise ValueError("each of texts has a language and a text")


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ValueError("the body is no JSON object")
    return body


async def _threaded(
    work: Callable[..., Any], *args: Any, status: int = 200, **options: Any
) -> Response:
    return _json(await anyio.to_thread.run_sync(partial(work, *args, **options)), status)


def _json(value: object, status: int = 200) -> Response:
    # ASCII: names that are not UTF-8 hold lone surrogates, which only escapes can carry.
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Response(text, status, media_type="application/json")


def _answered(handler: Handler) -> Handler:
    """A handler whose errors are answers, too."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 (the page has to tell, whatever it is)
            if os.environ.get("RCM_DEBUG") == "1":
                traceback.print_exc()
            said = {"error": escape_code(_message(error)), "hint": getattr(error, "hint", "")}
            return _json({**said, "kind": type(error).__name__}, _status(error))

    return answer


def _message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}"
    known = isinstance(error, RcmError | ValueError | OSError | MemoryError)
    said = str(error) or type(error).__name__
    return said if known else f"internal error: {type(error).__name__}: {said}"


def _status(error: BaseException) -> int:
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


async def _asset(asset: Asset, _: Request) -> Response:
    return Response(asset.content, media_type=asset.media_type)
