"""How little ``stepwright dev`` loads before it serves: what is not needed for that is imported where it is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LATER = {"aiohttp", "botocore", "kopf", "kubernetes", "prometheus_client", "pygments", "sqlalchemy", "yaml"}
"""Each takes a tenth of a second of the processor and more; pydantic does, too, and comes with typer. Pygments comes with
all of rich, which is looked for in any case."""

SELDOM = {"http.client", "urllib.request", "xml.sax"}
"""Of Python's own, for what most runs never do."""


def test_ready_needs_no_library_of_the_cluster_nor_of_the_first_call(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "stepwright.cli", "dev", "--port", "0"]
    log = tmp_path / "imports"
    with log.open("w") as imports:
        process = subprocess.Popen(
            [*command, "--data", str(tmp_path / "data")],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "operator"},
            stdout=subprocess.PIPE,
            stderr=imports,
            text=True,
        )
    assert process.stdout is not None
    ready = process.stdout.readline()
    at_the_moment = log.read_text()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)

    assert "serves AWS Step Functions" in ready
    loaded = set(re.findall(r"^import time:.*\| +([\w.]+)", at_the_moment, re.MULTILINE))
    assert "stepwright.assembly.dev" in loaded
    assert {name.partition(".")[0] for name in loaded} & LATER == set()
    assert loaded & SELDOM == set()
