"""Install a wheel in an empty environment elsewhere and use it; then use it without a network.

Run as `python tests/wheel/use_installed_wheel.py WHEEL`. It is the wheel that people get, so it is
the wheel that is tried: nothing of the checkout is in reach of the programs started here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

IN_WHEEL = (
    "rcm/__init__.py",
    "rcm/_rcm.pyi",
    "rcm/py.typed",
    "rcm/model/model.safetensors",
    "rcm/model/tokenizer.json",
    "rcm/model/config.json",
    "rcm/web/static/index.html",
    "rcm/web/static/app.css",
    "rcm/web/static/app.js",
)

TREE = {
    "src/cache.py": (
        "class LeastRecentlyUsed:\n"
        '    """Keep the entries used last and drop the oldest."""\n\n'
        "    def evict(self):\n"
        "        return self.entries.popitem(last=False)\n"
    ),
    "src/server.rs": (
        "/// Accepts connections until the listener is closed.\n"
        "pub fn accept_connections(listener: TcpListener) {\n"
        "    for stream in listener.incoming() { serve(stream); }\n}\n"
    ),
    "README.md": "# Tree\n\nA small tree to index.\n",
}

QUESTIONS = (
    ("LeastRecentlyUsed", "src/cache.py"),
    ("accept connections from a listener", "src/server.rs"),
)

PROGRAM = """
import sys
import rcm
with rcm.Index.open(sys.argv[1]) as index:
    report = index.update()
    assert report.failures == (), report
    found = index.search("evict the oldest entry", top_k=3)
    assert found and found[0].path == "src/cache.py", found
    assert sys.prefix in rcm.__file__, rcm.__file__
print("python: ok", report.files_total, "files")
"""


#: A client of `rcm mcp` that asks which tools there are.
MCP_SESSION = """\
{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", \
"capabilities": {}, "clientInfo": {"name": "wheel", "version": "1"}}}
{"jsonrpc": "2.0", "method": "notifications/initialized"}
{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
"""


def check_contents(wheel: Path) -> None:
    """Fail where the wheel lacks what it promises to carry, or carries anything else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    missing = [name for name in IN_WHEEL if name not in names]
    assert not missing, f"not in {wheel.name}: {missing}"
    assert any(name.startswith("rcm/_rcm") and name.endswith((".so", ".pyd")) for name in names)
    strangers = [name for name in names if not name.startswith(("rcm/", "rcm_search-"))]
    assert not strangers, f"unexpected in {wheel.name}: {strangers}"


def make_tree(root: Path) -> None:
    """Write the small tree that the checks search."""
    for path, text in TREE.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def use(python: Path, work: Path, tree: Path, before: list[str]) -> None:
    """Index and search `tree` with one environment; `before` is put before each command."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "RCM_"))
    }
    environment["RCM_HOME"] = str(work / "home")
    environment["HOME"] = str(work / "user")
    environment.pop("XDG_CONFIG_HOME", None)

    def run(*command: str, given: str = "") -> str:
        done = subprocess.run(
            [*before, *command],
            input=given,
            cwd=work,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode != 0:
            raise SystemExit(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    rcm = str(python.parent / "rcm")
    report = json.loads(run(rcm, "index", str(tree), "--json"))
    assert report["files_total"] == len(TREE), report
    assert report["files_indexed"] == len(TREE), report
    for question, path in QUESTIONS:
        answer = run(rcm, "search", question, str(tree), "--json")
        assert path in answer, f"{question!r}: {path} is not in\n{answer}"
        assert path in run(str(python), "-m", "rcm", "search", question, str(tree))
    print(run(str(python), "-c", PROGRAM, str(tree)).strip())
    assert '"find_related"' in run(rcm, "mcp", str(tree), given=MCP_SESSION)
    run(rcm, "clear", "--yes", str(tree))
    for agent in ("codex", "goose", "zed"):
        told = json.loads(run(rcm, "install", agent, "--json"))["agents"][0]
        assert rcm in Path(told["path"]).read_text(encoding="utf-8"), told
        run(rcm, "uninstall", agent)
        assert not Path(told["path"]).exists(), told


def without_network() -> list[str]:
    """The command prefix that cuts the network off, empty where this system has none."""
    prefix = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        return []
    return (
        prefix
        if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0
        else []
    )


def main(wheel: Path) -> None:
    """Run all checks on one wheel."""
    check_contents(wheel)
    with tempfile.TemporaryDirectory(prefix="rcm-wheel-") as folder:
        work = Path(folder)
        make_tree(work / "tree")
        venv.create(work / "venv", with_pip=True)
        python = work / "venv" / "bin" / "python"
        subprocess.run(
            [
                python,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "--quiet",
                "install",
                wheel.resolve(),
            ],
            check=True,
            cwd=work,
        )
        use(python, work, work / "tree", [])
        prefix = without_network()
        if prefix:
            use(python, work, work / "tree", prefix)
            print("without network: ok")
        else:
            print("without network: skipped, `unshare --net` is not available here")
    print(f"{wheel.name}: ok")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: use_installed_wheel.py WHEEL")
    main(Path(sys.argv[1]))
