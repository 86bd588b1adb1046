"""The recorded interactions with AWS, replayed against ``stepwright dev``: ``make conformance`` and the tests.

What is replayed and how it is compared belongs to the data, not to this repository (``tests/conformance_data.py`` says
where it is looked for).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import conformance_data
from tests.dev_process import DevProcess


def replay(
    folder: Path, categories: Sequence[str], *, level: str = "history", show: bool = False
) -> list[dict[str, Any]]:
    """The result of each record of the categories, of all where none is named; ``folder`` is for the server's data."""
    data = conformance_data.folder()
    assert data is not None
    results = folder / "results.json"
    with DevProcess(folder / "data") as dev:
        command = [
            *(sys.executable, str(data / "conformance.py"), "--corpus", str(data / "aws")),
            *("--endpoint", dev.url, "--level", level, "--json", str(results), "--timeout", "60"),
            *(word for category in categories for word in ("--category", category)),
        ]
        subprocess.run(command, check=True, timeout=900, stdout=None if show else subprocess.DEVNULL)
    found: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["results"]
    return found


def main() -> int:
    """All categories, or those named as arguments. The exit code says whether the data was there."""
    if conformance_data.folder() is None:
        print(f"Nothing to compare with: {conformance_data.WHY_SKIPPED}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        replay(Path(folder), sys.argv[1:], show=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
