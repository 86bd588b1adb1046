"""The browser of the console's tests, from Debian: ``python -m tests.processes.chromium`` prints where it is."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Final

from tests.testcluster import packages
from tests.testcluster.interface import ClusterUnavailable

PACKAGE: Final = {"chromium": "chromium", "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu"}
"""With letters for what the console's own font has none for."""


def chromium() -> str:
    """Where it is; installs it. CHROMIUM names another one. Raises ClusterUnavailable where it cannot be had."""
    if named := os.environ.get("CHROMIUM"):
        return named
    packages.ensure(PACKAGE)
    found = shutil.which("chromium")
    assert found is not None
    return found


def main() -> int:
    try:
        print(chromium())
    except ClusterUnavailable as unavailable:
        print(f"no browser: {unavailable} Or name one in CHROMIUM.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
