"""How long people wait for the console, and what it costs the server: Chromium and ``stepwright dev`` on this machine.

``console/tests/measure`` does what they do, and writes down what it saw. Chromium has no GPU here, so what is painted is
not in it. The sizes of what a page fetches are gates of the build (``console/build/gates.ts``).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench import ratios, table
from bench.asking import p95
from tests.processes.chromium import chromium

ROOT: Final = Path(__file__).resolve().parent.parent
CONSOLE: Final = ROOT / "console"
PAGES: Final = ROOT / "operator" / "stepwright" / "console" / "dist"


class Figure(msgspec.Struct):
    what: str
    unit: str
    values: list[float]


_OF: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {"from a commit to its colour": p95}
"""The figure that counts, where it is not the median."""

_GOALS: Final[Mapping[str, float]] = {
    "first contentful paint": 500,
    "graph of an order": 1_500,
    "graph of 1,000 states": 3_000,
    "graph of 24,000 events": 2_000,
    "fetched for 24,000 events": 300,
    "a scroll through 12,000 visits, main thread in each frame": 8,
    "a move of the slider over 12,000 visits, main thread": 16,
    "from a commit to its colour": 500,
    "server's memory for each who looks": 200,
}
"""In the unit of the figure; ``bench/goals.py`` has them as ratios."""


def run(folder: Path) -> None:
    if not PAGES.is_dir():
        subprocess.run(["make", "-s", "console"], cwd=ROOT, check=True)
    measured = folder / "measured.json"
    subprocess.run(
        ["npm", "--prefix", str(CONSOLE), "run", "--silent", "measure"],
        env={
            **os.environ,
            "CHROMIUM": chromium(),
            "MEASURED": str(measured),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        check=True,
    )
    figures = msgspec.json.decode(measured.read_bytes(), type=list[Figure])
    rows: list[list[object]] = []
    for figure in figures:
        counts = _OF.get(figure.what, median)(figure.values)
        goal = _GOALS[figure.what]
        ratios.note(f"console, {figure.what} / {goal:g} {figure.unit}", counts / goal)
        rows.append(
            [
                figure.what,
                figure.unit,
                len(figure.values),
                min(figure.values),
                counts,
                max(figure.values),
                goal,
            ]
        )
    table.show(
        "The console in Chromium, before stepwright dev, both on this machine",
        ["what", "unit", "times", "least", "median (of colours p95)", "most", "goal"],
        rows,
    )
