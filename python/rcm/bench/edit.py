"""The edit that is timed: which file, and what is written at its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcm import _rcm
from rcm.bench.children import BenchError
from rcm.chunks import ScanOptions, walk

#: A definition in the language of a file, by the end of its name.
_DEFINITIONS = {
    ".py": "def {}():\n    return 1",
    ".rb": "def {}\n  1\nend",
    ".rs": "fn {}() {{}}",
    ".go": "func {}() {{}}",
    ".kt": "fun {}() {{}}",
    ".scala": "object {}",
    ".lua": "function {}() end",
    ".sh": "{}() {{ true; }}",
    ".hs": "{} = 1",
    **dict.fromkeys((".c", ".h", ".cc", ".cpp"), "void {}() {{}}"),
    **dict.fromkeys((".java", ".cs", ".swift"), "class {} {{}}"),
    **dict.fromkeys((".js", ".ts", ".tsx", ".php"), "function {}() {{}}"),
}
_PLAIN = "{}"
#: Ranking holds such files back, here and elsewhere; a name in one need not come first.
_HELD_BACK = re.compile(r"test|spec|bench|example|sample|fixture|vendor|docs?/", re.IGNORECASE)
#: The edited file is larger than this share of those it is chosen from: neither tiny nor an outlier.
_LARGER_THAN = 0.9


@dataclass(frozen=True, slots=True)
class Edit:
    """A definition that is written at the end of a file.

    Attributes:
        path: The file, relative to the tree.
        form: What is written; `{}` stands for the name defined.
    """

    path: str
    form: str


def choose_edit(root: Path) -> Edit:
    """Choose a larger file that is indexed, one of source code if there is any.

    Raises:
        BenchError: If no file is text.
    """
    paths = walk(root, ScanOptions()).paths
    sized = [
        path for _, path in sorted((root.joinpath(path).stat().st_size, path) for path in paths)
    ]
    code = [path for path in sized if Path(path).suffix in _DEFINITIONS]
    product = [path for path in code if not _HELD_BACK.search(path)]
    for candidates in (product, code, sized):
        for path in reversed(candidates[: int(len(candidates) * _LARGER_THAN) + 1]):
            report: dict[str, Any] = _rcm.inspect(root, path)
            if report.get("chunks"):
                return Edit(path, _DEFINITIONS.get(Path(path).suffix, _PLAIN))
    raise BenchError(f"{root.name}: none of its files is text", hint="`rcm index` says why")
