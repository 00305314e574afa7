"""The server of a remote embedder: what its spec and the environment say, checked; no network here.

```text
openai:MODEL          at RCM_OPENAI_BASE_URL, else OPENAI_BASE_URL, else OpenAI's own server
openai:MODEL@URL      at a base URL, such as http://localhost:11434/v1
openai:MODEL@URL#N    whose vectors have length N: what an index remembers, so that searching asks once
```
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_OPENAI = "https://api.openai.com/v1"
_FORM = "openai:MODEL or openai:MODEL@URL"

_TASK = "Instruct: Given a question, find the code that answers it\nQuery: "
_PASSAGES = "Represent this sentence for searching relevant passages: "
#: What models were trained to see before a query and before a document, as their cards say it; the
#: first entry whose name is part of the model's (lower case) counts.
_PREFIXES = (
    ("multilingual-e5-large-instruct", _TASK, ""),
    ("qwen3-embedding", _TASK, ""),
    ("e5-mistral", _TASK, ""),
    ("e5-", "query: ", "passage: "),
    ("nomic-embed-text", "search_query: ", "search_document: "),
    ("coderankembed", "Represent this query for searching relevant code: ", ""),
    ("nomic-embed-code", "Represent this query for searching relevant code: ", ""),
    ("mxbai-embed", _PASSAGES, ""),
    ("snowflake-arctic-embed", _PASSAGES, ""),
    ("bge-small-en", _PASSAGES, ""),
    ("bge-base-en", _PASSAGES, ""),
    ("bge-large-en", _PASSAGES, ""),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where vectors come from, and how it wants to be asked.

    Attributes:
        url: Base URL without a slash at its end; `/embeddings` is below it.
        model: The model's name, as the server knows it.
        dim: Length of its vectors, or None when the server has to be asked.
        key: What is sent as bearer token, or an empty string; shown nowhere.
        query_prefix: Put before a query.
        document_prefix: Put before a chunk.
        requests_per_minute: Most requests a minute, or None.
        tokens_per_minute: Most tokens a minute by our estimate, or None.
        timeout_seconds: Longest wait for an answer.
    """

    url: str
    model: str
    dim: int | None = None
    key: str = field(default="", repr=False)
    query_prefix: str = ""
    document_prefix: str = ""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout_seconds: float = 60.0

    @classmethod
    def of(cls, name: str, environment: Mapping[str, str]) -> Endpoint:
        """Read what follows `openai:`.

        Args:
            name: `MODEL`, `MODEL@URL` or `MODEL@URL#N`.
            environment: Environment variables.

        Raises:
            ValueError: If the name or a variable makes no sense, or the key would go in clear text.
        """
        model, at, rest = name.partition("@http")
        given, _, length = f"http{rest}".partition("#") if at else ("", "", "")
        own = environment.get("OPENAI_BASE_URL") or _OPENAI
        url = (given or environment.get("RCM_OPENAI_BASE_URL") or own).rstrip("/")
        if not model or (length and not length.isdecimal()):
            raise ValueError(f"embedder is 'openai:{name}', not {_FORM}")
        _check_url(url)
        key = environment.get("RCM_OPENAI_API_KEY", "").strip()
        if not key and urlsplit(url).netloc == urlsplit(own).netloc:
            # A key for one server is no other server's business.
            key = environment.get("OPENAI_API_KEY", "").strip()
        if key and not _is_private(url):
            raise ValueError(f"{url}: the key would be sent unencrypted; use https")
        before_query, before_document = _prefixes(model)
        return cls(
            url=url,
            model=model,
            dim=int(length) if length else None,
            key=key,
            query_prefix=environment.get("RCM_OPENAI_QUERY_PREFIX", before_query),
            document_prefix=environment.get("RCM_OPENAI_DOCUMENT_PREFIX", before_document),
            requests_per_minute=_rate(environment, "RCM_OPENAI_REQUESTS_PER_MINUTE"),
            tokens_per_minute=_rate(environment, "RCM_OPENAI_TOKENS_PER_MINUTE"),
            timeout_seconds=_rate(environment, "RCM_OPENAI_TIMEOUT_SECONDS") or 60.0,
        )

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        valid = valid and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"base URL is {url!r}, not one like https://host/v1")
    if parts.username is not None or parts.password is not None or parts.query:
        # Kept with the index and shown in messages, so nothing secret may be in it.
        raise ValueError(
            f"base URL of {parts.hostname} has a user name, password or query in it; "
            "put the key into RCM_OPENAI_API_KEY"
        )


def _is_private(url: str) -> bool:
    """Tell whether nobody on the way can read what is sent: encrypted, or never leaves the machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _prefixes(model: str) -> tuple[str, str]:
    lower = model.lower()
    known = (row[1:] for row in _PREFIXES if row[0] in lower)
    return next(known, ("", ""))


def _rate(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} is {text!r}, not a number above 0")
    return value
