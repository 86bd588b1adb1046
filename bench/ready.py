"""How much of the processor ``stepwright dev`` takes until it serves, as it is installed: compiled.

Pip compiles what it installs, and Python what it runs for the first time; where PYTHONDONTWRITEBYTECODE keeps it from
that, as on some machines that build, each start compiles all modules anew, which takes longer than all else.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from bench import process, ratios, table
from bench.servers import ROOT, STEPWRIGHT

COUNT: Final = 5
GOAL_SECONDS: Final = 1.0


def run(folder: Path) -> None:
    begin(folder, "compiled first")
    seconds = [begin(folder, str(number)) for number in range(COUNT)]
    table.show(
        f"Processor seconds until stepwright dev serves, of {COUNT} starts",
        ["least", "most"],
        [[f"{min(seconds):.2f}", f"{max(seconds):.2f}"]],
    )
    ratios.note("dev ready: processor seconds / 1 s", min(seconds) / GOAL_SECONDS)


def begin(folder: Path, name: str) -> float:
    """Processor seconds of one start with data of its own, until it says that it serves."""
    environment = {**os.environ, **STEPWRIGHT.environment(0), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    own = folder / name
    own.mkdir()
    with (own / "log").open("w") as log:
        server = subprocess.Popen(
            STEPWRIGHT.command(0, own),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        if "serves" not in said:
            raise RuntimeError(f"stepwright dev does not serve: {(own / 'log').read_text()[-2000:]}")
        return process.usage(server.pid).cpu_seconds
    finally:
        server.terminate()
        server.communicate(timeout=60)
