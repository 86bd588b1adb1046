"""The browser of the console's tests, from Debian: ``python -m tests.processes.chromium`` prints where it is."""

from __future__ import annotations

import shutil
import sys
from typing import Final

from tests.testcluster import packages
from tests.testcluster.interface import ClusterUnavailable

PACKAGE: Final = {"chromium": "chromium", "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu"}
"""With letters for what the console's own font has none for."""


def main() -> int:
    try:
        packages.ensure(PACKAGE)
    except ClusterUnavailable as unavailable:
        print(f"no browser: {unavailable} Or name one in CHROMIUM.", file=sys.stderr)
        return 1
    print(shutil.which("chromium"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
