"""Tests of the console in a real browser, ``console/tests/cluster``, before what a test has made."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.processes.chromium import chromium
from tests.processes.running import ROOT

_CONSOLE: Final = ROOT / "console"
_PAGES: Final = ROOT / "operator" / "stepwright" / "console" / "dist"
_SECONDS: Final = 270


def look(served: Mapping[str, Any], folder: Path) -> None:
    """``served``: as ``console/tests/cluster/served.ts`` has it. Builds the pages unless they are. Raises AssertionError with what was
    seen."""
    if not (_PAGES.is_dir() and (_CONSOLE / "node_modules").is_dir()):
        subprocess.run(["make", "-s", "console"], cwd=ROOT, check=True, timeout=_SECONDS)
    told = folder / "served.json"
    told.write_text(json.dumps(served))
    seen = subprocess.run(
        ["npm", "--prefix", str(_CONSOLE), "run", "--silent", "cluster"],
        env={**os.environ, "CHROMIUM": chromium(), "SERVED": str(told)},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert seen.returncode == 0, seen.stdout + seen.stderr
