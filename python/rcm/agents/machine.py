"""From the places in the table of agents to paths on a machine: this one, or any other system's."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Literal

System = Literal["linux", "macos", "windows"]

_FOLDER = re.compile(r"\{(CONFIG|APP|LOCAL)\}")
_VARIABLE = re.compile(r"\{([A-Z_]+)\|([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the place of a configuration file depends on.

    Attributes:
        system: The operating system.
        home: The user's home folder.
        environ: Environment variables; empty ones count as unset, as with all these agents.
    """

    system: System
    home: PurePath
    environ: Mapping[str, str]

    @staticmethod
    def here() -> Machine:
        """This machine and user."""
        systems: dict[str, System] = {"darwin": "macos", "win32": "windows"}
        return Machine(systems.get(sys.platform, "linux"), Path.home(), os.environ)

    def path(self, place: str) -> PurePath:
        """The path of a place.

        `~` is the home folder, `{CONFIG}` the XDG configuration folder (the same on all systems),
        `{APP}` what the system has for settings of applications, `{LOCAL}` that of Windows for
        those which stay on the machine. `{NAME|place}` is the environment variable NAME, or `place`.
        """
        filled = _FOLDER.sub(lambda found: self._folder(found[1]), place)
        filled = _VARIABLE.sub(lambda found: self._value(found[1]) or found[2], filled)
        pure = PureWindowsPath if self.system == "windows" else PurePosixPath
        if filled == "~" or filled.startswith("~/"):
            return pure(self.home, filled[2:])
        return pure(filled)

    def has_program(self, name: str) -> bool:
        """Whether `name` is found on PATH."""
        return shutil.which(name, path=self.environ.get("PATH", "")) is not None

    def _value(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def _folder(self, name: str) -> str:
        xdg = self._value("XDG_CONFIG_HOME") or "~/.config"
        if name == "CONFIG" or (name in ("APP", "LOCAL") and self.system == "linux"):
            return xdg
        if self.system == "macos":
            return "~/Library/Application Support"
        variable, usual = {
            "APP": ("APPDATA", "~/AppData/Roaming"),
            "LOCAL": ("LOCALAPPDATA", "~/AppData/Local"),
        }[name]
        return self._value(variable) or usual
