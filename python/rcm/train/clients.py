"""One archive of one registry, through the registry's own client.

Nothing here knows a host: cargo, pip, go, npm, mvn and apt are asked by package name and version, as they are
set up on the machine.
"""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

from rcm.train.sources import Source


class FetchError(RuntimeError):
    """An archive is missing or is not the one in the table."""


def download(source: Source, data: Path) -> Path:
    """Download the archive of a source.

    Args:
        source: What to download.
        data: Absolute folder for the clients' caches.

    Raises:
        FetchError: The client failed.
    """
    return _CLIENTS[source.registry](source, data)


def statement(source: Source, data: Path) -> Path | None:
    """Download what a registry keeps beside an archive and the licence stands in; none where it is inside.

    Args:
        source: Whose licence is asked for.
        data: As in [download][rcm.train.clients.download].

    Raises:
        FetchError: The client failed.
    """
    reader = _STATEMENTS.get(source.registry)
    return reader(source, data) if reader else None


def _run(*command: str, cwd: Path | None = None, **environment: str) -> str:
    """Run a client and return what it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FetchError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"expected one {pattern} in {folder}, found {len(found)}")
    return found[0]


def _crate(source: Source, data: Path) -> Path:
    project = data / "cargo-project"
    (project / "src").mkdir(parents=True, exist_ok=True)
    (project / "src" / "lib.rs").touch()
    (project / "Cargo.lock").unlink(missing_ok=True)
    version = source.version.split("+")[0]
    (project / "Cargo.toml").write_text(
        '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\n'
        f'"{source.name}" = {{ version = "={version}", default-features = false }}\n'
    )
    home = data / "cargo"
    _run("cargo", "fetch", cwd=project, CARGO_HOME=str(home))
    return _one(home, f"registry/cache/*/{source.name}-{source.version}.crate")


def _pypi(source: Source, data: Path) -> Path:
    folder = data / "pip" / source.folder
    _run(
        "pip", "download", "--no-deps", "--only-binary", ":all:", "--python-version", "3.11",
        "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64", "--platform", "any",
        "--dest", str(folder), f"{source.name}=={source.version}",
    )  # fmt: skip
    return _one(folder, "*.whl")


def _go(source: Source, data: Path) -> Path:
    printed = _run(
        "go", "mod", "download", "-json", f"{source.name}@{source.version}",
        cwd=data, GOMODCACHE=str(data.resolve() / "go"), GOFLAGS="-modcacherw",
    )  # fmt: skip
    return Path(json.loads(printed)["Zip"])


def _npm(source: Source, data: Path) -> Path:
    folder = data / "npm" / source.folder
    folder.mkdir(parents=True, exist_ok=True)
    _run("npm", "pack", "--ignore-scripts", f"{source.name}@{source.version}", cwd=folder)
    return _one(folder, "*.tgz")


def _maven(source: Source, data: Path) -> Path:
    group, artifact = source.name.split(":")
    home = data.resolve() / "maven"
    _run(
        "mvn", "-B", "-q", "dependency:get", "-Dtransitive=false", f"-Dmaven.repo.local={home}",
        f"-Dartifact={source.name}:{source.version}:jar:sources",
    )  # fmt: skip
    folder = home / group.replace(".", "/") / artifact / source.version
    return _one(folder, f"{artifact}-{source.version}-sources.jar")


def _pom(source: Source, data: Path) -> Path:
    """The POM of a package, or that of the nearest parent which states a licence."""
    group, artifact, version = *source.name.split(":"), source.version
    while True:
        home = data.resolve() / "maven"
        _run(
            "mvn", "-B", "-q", "dependency:get", "-Dtransitive=false", f"-Dmaven.repo.local={home}",
            f"-Dartifact={group}:{artifact}:{version}:pom",
        )  # fmt: skip
        pom = home / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.pom"
        root = ElementTree.parse(pom).getroot()  # noqa: S314 - from the registry, and only read
        parent = root.find("{*}parent")
        if root.find("{*}licenses") is not None or parent is None:
            return pom
        group, artifact, version = (
            parent.findtext(f"{{*}}{each}", "") for each in ("groupId", "artifactId", "version")
        )


def _packaging(source: Source, data: Path) -> Path:
    _debian(source, data)
    return _one(data.resolve() / "debian" / source.folder, "*.debian.tar.*")


def _debian(source: Source, data: Path) -> Path:
    options = _apt_options(data.resolve() / "apt")
    folder = data.resolve() / "debian" / source.folder
    folder.mkdir(parents=True, exist_ok=True)
    _run(
        "apt-get",
        *options,
        "source",
        "--download-only",
        f"{source.name}={source.version}",
        cwd=folder,
    )
    upstream = re.sub(r"^\d+:|-[^-]*$", "", source.version)
    return _one(folder, f"{source.name}_{upstream}.orig.tar.*[!c]")


def _debian_binary(source: Source, data: Path) -> Path:
    options = _apt_options(data.resolve() / "apt")
    folder = data.resolve() / "debian" / source.folder
    folder.mkdir(parents=True, exist_ok=True)
    _run("apt-get", *options, "download", f"{source.name}={source.version}", cwd=folder)
    return _one(folder, f"{source.name}_*.deb")


def _apt_options(home: Path) -> list[str]:
    """Options for an apt of our own that also reads source indexes; made on first use."""
    parts, lists = home / "parts", home / "lists"
    options = ["-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={parts}"]
    options += ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={home / 'cache'}"]
    options += ["-o", "APT::Sandbox::User=root"]
    if not parts.is_dir():
        for folder in (parts, lists / "partial", home / "cache" / "archives" / "partial"):
            folder.mkdir(parents=True)
        for each in sorted(Path("/etc/apt").glob("sources.list.d/*.sources")):
            text = re.sub(r"(?m)^Types:.*$", "Types: deb deb-src", each.read_text())
            (parts / each.name).write_text(text)
        _run("apt-get", *options, "update")
    return options


_CLIENTS: dict[str, Callable[[Source, Path], Path]] = {
    "crates": _crate, "pypi": _pypi, "go": _go, "npm": _npm, "maven": _maven, "debian": _debian,
    "debian-binary": _debian_binary,
}  # fmt: skip
_STATEMENTS: dict[str, Callable[[Source, Path], Path]] = {"maven": _pom, "debian": _packaging}
