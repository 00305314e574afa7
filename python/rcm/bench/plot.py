"""A report as a picture: one panel of bars for each kind of work that several did."""

from __future__ import annotations

import importlib.util
from itertools import groupby
from pathlib import Path
from typing import Any

from rcm.bench.children import BenchError
from rcm.bench.report import TITLES, BenchReport, Figure
from rcm.bench.table import machine_line, seconds

FORMATS = (".png", ".svg", ".pdf")
_COLOURS = {"rcm": "#2a6fbb", "semble": "#c9652b", "ripgrep": "#6b8e4e"}
_OTHER = "#888888"


def check_target(file: Path) -> None:
    """Tell before the run whether a picture can be drawn and stored.

    Raises:
        BenchError: If matplotlib is missing, the format unknown, or the folder not there.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise BenchError(
            "a plot needs matplotlib, which is not installed",
            hint="pip install 'rcm-search[bench]'; the bars in the terminal need nothing",
        )
    if file.suffix.lower() not in FORMATS:
        raise BenchError(f"{file}: not one of {', '.join(FORMATS)}", hint="name a .png file")
    if not file.absolute().parent.is_dir():
        raise BenchError(f"{file.parent}: no such directory", hint="make it first")


def write_plot(report: BenchReport, file: Path) -> None:
    """Draw wall seconds as bars, a panel for each kind of work, and store the picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    groups = [list(group) for _, group in groupby(report.figures, key=lambda one: one.work)]
    heights = [len(group) + 1.2 for group in groups]
    picture = Picture(figsize=(9, 0.32 * sum(heights) + 1.2), layout="constrained")
    FigureCanvasAgg(picture)
    panels = picture.subplots(len(groups), 1, squeeze=False, height_ratios=heights)
    for (panel,), group in zip(panels, groups, strict=True):
        _draw(panel, group)
    picture.suptitle(
        f"rcm bench: {Path(report.tree.root).name}\n{machine_line(report)}", fontsize=8
    )
    picture.savefig(file, dpi=150)


def _draw(panel: Any, group: list[Figure]) -> None:
    names = [one.name for one in group]
    walls = [one.wall_seconds for one in group]
    bars = panel.barh(names, walls, color=[_COLOURS.get(one.tool, _OTHER) for one in group])
    panel.bar_label(bars, [seconds(wall) for wall in walls], padding=4, fontsize=8)
    panel.set_title(TITLES[group[0].work], loc="left", fontsize=9)
    panel.invert_yaxis()
    panel.set_xlim(0, max(walls) * 1.2 or 1)
    panel.set_xticks([])
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right", "bottom"]].set_visible(False)
