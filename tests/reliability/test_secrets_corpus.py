"""How many secrets are found, how much that is none is taken for one, and that none gets out.

The corpus is generated: every form that a rule knows in twelve wrappers with three seeds, random
values under secret names, and some two thousand lines that look like secrets and are none.
"""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
import sysconfig
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import rcm
from rcm import Index, _rcm
from rcm.embed.static import StaticEmbedder
from rcm.store.embedding_cache import CachedEmbedder
from secret_corpus import (
    FORMS,
    GENERIC,
    WRAPPERS,
    Planted,
    hard_negatives,
    key_block,
    planted,
    planted_generic,
)
from small_trees import reader_of

Record = Callable[..., None]

#: What is to be held; the figures reached are in docs/secrets.md.
HIGH_RECALL = HIGH_PRECISION = 0.99
GENERIC_RECALL, GENERIC_PRECISION = 0.70, 0.90


def write_lines(root: Path, lines: Iterable[tuple[str, str]]) -> dict[tuple[str, int], int]:
    """Write each (file name, line) into a file of that name, with plain lines between.

    Returns:
        For each (path, 1-based line) the place of its line in `lines`.
    """
    files: defaultdict[str, list[str]] = defaultdict(list)
    places = {}
    for nth, (file, line) in enumerate(lines):
        # A file per 200 lines: none is near the size cap, none has only odd lines.
        path = f"{nth // 200}/{file}"
        files[path] += [line, f"plain line number {nth}"]
        places[path, len(files[path]) - 1] = nth
    for path, texts in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return places


def found_in(root: Path) -> Counter[tuple[str, int, str]]:
    """(path, line, rule) of every secret found below `root`, nothing left out on the way."""
    report = rcm.find_secrets(root, hidden=True)
    assert not report.failures
    assert not report.skipped, "every file of the corpus is looked at"
    return Counter((f.path, f.line, f.rule) for f in report.findings)


@pytest.fixture(scope="module")
def false_alarms(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """Lines of the hard negatives that something was found on, by confidence."""
    root = tmp_path_factory.mktemp("negatives")
    lines = list(hard_negatives())
    assert len(lines) >= 1_900
    places = write_lines(root, [(file, line) for _, file, line in lines])
    wrong: dict[str, set[tuple[str, int]]] = {"high": set(), "generic": set()}
    for finding in rcm.find_secrets(root, hidden=True).findings:
        wrong[finding.confidence].add((finding.path, finding.line))
        print(f"false alarm: {finding.rule}: {lines[places[finding.path, finding.line]]}")
    return Counter({confidence: len(lines) for confidence, lines in wrong.items()})


def check_recall(root: Path, secrets: list[Planted]) -> tuple[int, list[Planted]]:
    """How many of the planted values are found by their own rule, and those that are not."""
    places = write_lines(root, [(secret.file, secret.line) for secret in secrets])
    found = found_in(root)
    missed = [secrets[nth] for at, nth in places.items() if not found[(*at, secrets[nth].rule)]]
    extra = set(found) - {(*at, secrets[nth].rule) for at, nth in places.items()}
    print("missed:", Counter((one.rule, one.wrapper) for one in missed))
    print("found as something else:", Counter(rule for _, _, rule in extra))
    return len(secrets) - len(missed), missed


def test_published_forms_are_found(
    tmp_path: Path, false_alarms: Counter[str], figure: Record
) -> None:
    secrets = list(planted())
    assert len(secrets) == 3 * len(WRAPPERS) * len(FORMS)
    hits, _ = check_recall(tmp_path, secrets)
    recall = hits / len(secrets)
    precision = hits / (hits + false_alarms["high"])
    size = f"{len(secrets):,} values, {len(hard_negatives_seen()):,} lines"
    figure("secrets, published forms: recall", size, f"{recall:.4f}")
    figure("secrets, published forms: precision", size, f"{precision:.4f}")  # fmt: skip
    assert recall >= HIGH_RECALL
    assert precision >= HIGH_PRECISION


def test_random_values_under_secret_names_are_found(
    tmp_path: Path, false_alarms: Counter[str], figure: Record
) -> None:
    secrets = list(planted_generic())
    hits, _ = check_recall(tmp_path, secrets)
    recall = hits / len(secrets)
    precision = hits / (hits + false_alarms["generic"])
    size = f"{len(secrets):,} values, {len(hard_negatives_seen()):,} lines"
    figure("secrets, assigned values: recall", size, f"{recall:.4f}")
    figure("secrets, assigned values: precision", size, f"{precision:.4f}")  # fmt: skip
    assert recall >= GENERIC_RECALL
    assert precision >= GENERIC_PRECISION


def hard_negatives_seen() -> list[tuple[str, str, str]]:
    return list(hard_negatives())


# --- none gets out ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A tree full of secrets, one function around each, and their values."""
    root = tmp_path_factory.mktemp("leaky")
    secrets = list(planted(range(1)))
    lines = [(secret.file, secret.line) for secret in secrets]
    write_lines(root, lines)
    key_lines, key = key_block(random.Random(1))
    (root / "0" / "keys.py").write_text(
        "x = 1\n" * 400 + f'SIGNING = """{key}"""\n' + "y = 2\n" * 400
    )
    (root / "0" / "server.txt").write_text(key_block(random.Random(2))[1])
    return root, sorted({secret.value for secret in secrets} | set(key_lines))


def spellings(values: Iterable[str]) -> list[bytes]:
    """The values as they are, as terms are (lower case) and as a careless encoder would write them."""
    every = set()
    for value in values:
        every |= {value, value.lower(), base64.b64encode(value.encode()).decode().rstrip("=")}
    return sorted(text.encode() for text in every)


def leaked(blobs: Iterable[bytes], values: Iterable[str]) -> list[bytes]:
    """Which values, in any spelling, stand in any of the blobs."""
    haystack = b"\0".join(blobs)
    return [value for value in spellings(values) if value in haystack]


def stored_texts(index: Index) -> list[bytes]:
    """What lies compressed in the lexical index: text, symbols and terms of every chunk."""
    reader = reader_of(index)
    texts = []
    for file in reader.files:
        for nth in range(file.n_chunks):
            chunk = reader.chunk(file.first_id + nth)
            texts += [chunk.text.encode(), chunk.symbol.encode(), file.path.encode()]
    return texts


def terms_of(root: Path, secrets: str) -> list[bytes]:
    """Every term that is written to the lexical index."""
    stream = _rcm.ChunkStream(_rcm.walk(root).plan([]), secrets=secrets)
    return [batch.document(nth)[0].encode() for batch in stream for nth in range(len(batch))]


def files_below(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def run(*arguments: str, cwd: Path) -> tuple[int, bytes]:
    """One command in a process of its own: its exit code and everything it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "rcm", *arguments],
        cwd=cwd, env={**os.environ, "RCM_DEBUG": "1", "FORCE_COLOR": "1"},
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_no_value_is_in_any_byte_that_rcm_writes(
    leaky: tuple[Path, list[str]], figure: Record
) -> None:
    root, values = leaky
    home = Path(os.environ["RCM_HOME"])
    with Index.open(root) as index:
        index.update()
        texts = stored_texts(index)
    cache = CachedEmbedder(StaticEmbedder(), home / "embeddings.sqlite")
    for batch in _rcm.ChunkStream(_rcm.walk(root).plan([])):
        cache.embed_chunks(batch, 0, len(batch))
    cache.close()
    assert cache.misses, "the cache was written"
    blobs = [*files_below(home), *texts, *terms_of(root, "redact")]
    found = leaked(blobs, values)
    size = f"{len(values):,} values, {sum(map(len, blobs)) / 1e6:.1f} MB"
    figure("secrets: values in index, caches, terms", size, str(len(found)))
    assert not found


def test_the_search_for_leaks_finds_leaks(leaky: tuple[Path, list[str]]) -> None:
    """The same index without redaction: what the test above relies on."""
    root, values = leaky
    with Index.open(root) as index:
        index.update(secrets="off")
        texts = stored_texts(index)
    assert len(leaked(texts, values)) >= len(values)
    assert leaked(terms_of(root, "off"), values)


@pytest.mark.parametrize(
    "arguments",
    [
        ("index", "--force"),
        ("index", "--force", "--json"),
        ("index", "--force", "--secrets", "skip-chunk"),
        ("index", "--force", "--secrets", "skip-file", "--json"),
        ("search", "setting value", "-k", "200", "--explain"),
        ("search", "setting aws secret access key", "-k", "200", "--json"),
        ("search", "private const string setting", "--mode", "bm25", "-k", "200", "--json"),
        ("related", "0/settings.py:1", "-k", "200", "--json"),
        ("status",),
        ("status", "--json"),
        ("secrets",),
        ("secrets", "--json"),
        ("inspect", "0/settings.py"),
        ("inspect", "0/settings.py", "--json"),
        ("inspect", "0/Settings.cs", "--stage", "parse", "--json"),
    ],
    ids=" ".join,
)
def test_no_value_is_printed(arguments: tuple[str, ...], leaky: tuple[Path, list[str]]) -> None:
    root, values = leaky
    (root / ".git").mkdir(exist_ok=True)
    if arguments[0] in ("search", "related", "status"):
        assert run("index", cwd=root)[0] == 0
    code, output = run(*arguments, cwd=root)
    assert code == 0, output.decode(errors="replace")
    assert output, "something is printed"
    assert not leaked([output], values)


def test_this_repository_holds_no_secret(figure: Record) -> None:
    root = Path(__file__).parents[2]
    report = rcm.find_secrets(root, hidden=True)
    assert report.files_scanned > 100
    places = [f"{finding.path}:{finding.line} {finding.rule}" for finding in report.findings]
    figure("secrets in this repository", f"{report.files_scanned} files", str(len(places)))
    assert places == []


def test_next_to_nothing_is_replaced_in_the_standard_library(figure: Record) -> None:
    """Real source that every machine has, tests and their certificates included."""
    library = Path(sysconfig.get_path("stdlib"))
    packages = [p for p in library.iterdir() if p.is_dir() and p.name != "site-packages"]
    lines = replaced = 0
    for package in packages:
        report = rcm.find_secrets(package, use_ignore=False)
        print(*(f"{package.name}/{f.path}:{f.line} {f.rule}\n" for f in report.findings), end="")
        replaced += sum(f.end_line - f.line + 1 for f in report.findings)
        lines += sum(path.read_bytes().count(b"\n") for path in package.rglob("*.py"))
    share = replaced / lines
    size = f"{lines:,} lines"
    figure("secrets: lines replaced in the standard library", size, f"{share:.4%}")  # fmt: skip
    assert lines > 50_000
    assert share <= 0.0005


def test_every_rule_is_in_the_corpus() -> None:
    tested = {form["rule"] for form in FORMS} | {GENERIC, "private-key"}
    assert tested == {name for name, _ in _rcm.secret_rules()}
