"""A server of others that a test starts: its log beside its data, and its end with that of the test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tests.processes.ending import ends_with_us

END_SECONDS: Final = 60.0
"""How long it is given to end by itself."""


@contextmanager
def started(
    command: Sequence[str | Path], folder: Path, options: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    """``options``: of Popen. What it says is in ``folder``/log."""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, **options)
    ends_with_us(server)
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
