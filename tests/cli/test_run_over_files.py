"""The example of Maps over files, as its page shows it: of this machine, and by the URL of a server that knows no ranges."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "map-files"
SUM = {"orders": 3, "open": 16.5}


def run(*arguments: str) -> object:
    told = subprocess.run(
        [sys.executable, "-m", "stepwright.cli", "run", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(told.stdout)


@pytest.fixture
def port() -> Iterator[int]:
    """That of Python's own server, which serves the folder."""
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "--directory",
        str(EXAMPLE),
        "--bind",
        "127.0.0.1",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        told = re.search(r"port (\d+)", server.stdout.readline())
        assert told is not None
        yield int(told[1])
        server.terminate()


def test_a_map_reads_a_file_of_this_machine() -> None:
    assert run(str(EXAMPLE / "from-file.asl.yaml"), "--files", str(EXAMPLE)) == SUM


def test_a_map_reads_a_file_by_its_url(port: int, tmp_path: Path) -> None:
    for name in ("from-url.asl.yaml", "connections.yaml"):
        (tmp_path / name).write_text((EXAMPLE / name).read_text().replace(":8000", f":{port}"))

    assert (
        run(str(tmp_path / "from-url.asl.yaml"), "--connections", str(tmp_path / "connections.yaml")) == SUM
    )


def test_the_page_says_what_comes_out() -> None:
    page = (EXAMPLE / "README.md").read_text()
    assert json.dumps(SUM, separators=(",", ":")) in page
    assert "from-file.asl.yaml --files examples/map-files" in page
    assert "from-url.asl.yaml --connections examples/map-files/connections.yaml" in page
