"""Rebuild the shipped model from nothing: `python -m rcm.train all --data DIR --out DIR`, or one step."""

import argparse
import json
import logging
import os
from pathlib import Path

# Before numpy loads: how a product is cut among threads changes its last bits, and the bytes of the table.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from rcm.train.fetch import fetch
from rcm.train.recipe import Recipe, extract, fit, write

STEPS = ("fetch", "extract", "train", "export")
_WORKSPACE = Path(__file__).parents[3]


def main() -> None:
    """Run one step, or all of them in order."""
    parser = argparse.ArgumentParser(prog="python -m rcm.train", description=__doc__)
    parser.add_argument("step", choices=[*STEPS, "all"])
    parser.add_argument(
        "--data", type=Path, required=True, help="folder for downloads and intermediate files"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).parents[1] / "model",
        help="folder of the model files",
    )
    parser.add_argument(
        "--workspace", type=Path, default=_WORKSPACE, help="the Cargo workspace, for extract"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for step in STEPS if arguments.step == "all" else (arguments.step,):
        _run(step, arguments)


def _run(step: str, arguments: argparse.Namespace) -> None:
    arguments.data.mkdir(parents=True, exist_ok=True)
    if step == "fetch":
        fetch(arguments.data)
    elif step == "extract":
        extract(arguments.data, arguments.workspace)
    elif step == "train":
        print(json.dumps(fit(arguments.data, Recipe()), indent=2))
    else:
        write(arguments.data, arguments.out)


if __name__ == "__main__":
    main()
