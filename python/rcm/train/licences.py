"""What an archive, or the registry beside it, states about its licence, as SPDX identifiers.

```text
crates          license of Cargo.toml
npm             license of package.json
pypi            License-Expression, License or the classifiers of METADATA
maven           licenses of the POM, or of the nearest parent that has some
go              the text of LICENSE
debian*         the paragraph of debian/copyright about all files
```
"""

import json
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from email.parser import BytesParser
from pathlib import Path

from rcm.train.archives import members, tar_files
from rcm.train.sources import Source, licence_parts

_NAMES = (
    ("Apache-2.0", r"(the )?apache[ -](software[ -])?(licen[sc]e)?,?[ -]*(version[ -])?v?2(\.0)?$"),
    ("MIT", r"(the )?(mit|expat)([ -]licen[sc]e)?$"),
    ("BSD-2-Clause", r"(the )?(bsd[ -]2[ -]clause|simplified bsd|freebsd)( license)?$"),
    ("BSD-3-Clause", r"(the )?(bsd[ -]3[ -]clause|new bsd|modified bsd|bsd-3)( license)?$"),
    ("PSF-2.0", r"(psf-2\.0|psf|python software foundation license)$"),
)
"""How people write the licences that have no exact identifier in their metadata."""

_TEXTS = (
    ("Apache-2.0", r"Apache License,?\s+Version 2\.0"),
    ("MIT", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("BSD-3-Clause", r"Redistribution and use in source and binary forms.*Neither the name"),
    ("BSD-2-Clause", r"Redistribution and use in source and binary forms"),
)
"""A mark in the text of each licence; the first that fits is meant."""


def stated(source: Source, archive: Path, statement: Path | None) -> frozenset[str]:
    """The licences that are stated for a source; none where nothing can be read by a machine.

    Args:
        source: Its registry decides where to look.
        archive: The archive.
        statement: What the registry keeps beside the archive: a POM, a Debian packaging archive.
    """
    expression = _READERS[source.registry](source, archive, statement)
    parts = [re.sub(r"[()]", "", part).strip() for part in licence_parts(expression)]
    return frozenset(_identifier(part) for part in parts if part)


def _identifier(name: str) -> str:
    for identifier, pattern in _NAMES:
        if re.match(pattern, name.strip(), re.IGNORECASE):
            return identifier
    return name.strip()


def _member(source: Source, archive: Path, pattern: str) -> bytes:
    for path, read in members(source, archive):
        if re.fullmatch(pattern, str(path)):
            return read()
    return b""


def _crate(source: Source, archive: Path, _: Path | None) -> str:
    manifest = tomllib.loads(_member(source, archive, r"Cargo\.toml").decode())
    return str(manifest["package"].get("license", ""))


def _npm(source: Source, archive: Path, _: Path | None) -> str:
    return str(json.loads(_member(source, archive, r"package\.json")).get("license", ""))


def _pypi(source: Source, archive: Path, _: Path | None) -> str:
    metadata = BytesParser().parsebytes(_member(source, archive, r"[^/]*\.dist-info/METADATA"))
    classifiers = [
        each.rsplit(" :: ", 1)[-1]
        for each in metadata.get_all("Classifier", [])
        if each.startswith("License :: ")
    ]
    name = metadata["License-Expression"] or metadata["License"]
    return str(name if name and "\n" not in name else " AND ".join(classifiers))


def _go(source: Source, archive: Path, _: Path | None) -> str:
    return _by_text(_member(source, archive, r"LICEN[SC]E(\.txt|\.md)?").decode("utf-8", "replace"))


def _by_text(text: str) -> str:
    for identifier, pattern in _TEXTS:
        if re.search(pattern, text, re.DOTALL):
            return identifier
    return ""


def _maven(_: Source, __: Path, statement: Path | None) -> str:
    pom = ElementTree.parse(_given(statement)).getroot()  # noqa: S314 - from the registry, and only read
    return " OR ".join(_pom_texts(pom, "licenses", "license", "name"))


def _pom_texts(root: ElementTree.Element, *path: str) -> list[str]:
    found = root.findall("/".join(f"{{*}}{each}" for each in path))
    return [(each.text or "").strip() for each in found]


def _debian(_: Source, __: Path, statement: Path | None) -> str:
    for path, read in tar_files(_given(statement)):
        if str(path) == "debian/copyright":
            return _copyright(read().decode("utf-8", "replace"))
    return ""


def _debian_binary(source: Source, archive: Path, _: Path | None) -> str:
    text = _member(source, archive, rf"usr/share/doc/{re.escape(source.name)}/copyright(\.sh)?")
    return _copyright(text.decode("utf-8", "replace"))


def _copyright(text: str) -> str:
    """The licence of `Files: *`; none for another form, or for a name that leaves the version open."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"(?m)^([A-Za-z-]+):[ \t]*(?:\n[ \t]+)?(.*)$", paragraph))
        if fields.get("Files", "").split()[:1] == ["*"] and fields.get("License") not in (
            None,
            "Apache",
        ):
            return re.sub(r"(?i)\s+(or|and)\s+", lambda m: f" {m[1].upper()} ", fields["License"])
    return ""


def _given(statement: Path | None) -> Path:
    if statement is None:
        raise ValueError("this registry keeps the licence beside the archive")
    return statement


_READERS: dict[str, Callable[[Source, Path, Path | None], str]] = {
    "crates": _crate, "npm": _npm, "pypi": _pypi, "go": _go, "maven": _maven, "debian": _debian,
    "debian-binary": _debian_binary,
}  # fmt: skip
