"""What ``make coverage`` prints: how many lines and branches of each package the tests have taken.

It reads the report that ``coverage json`` writes. There is no threshold: a figure says where to look, not whether tests
are good.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_COUNTED = ("num_statements", "covered_lines", "num_branches", "covered_branches")


def by_package(report: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Modules that no test has imported are in the report, too."""
    packages: dict[str, Counter[str]] = {}
    for file, found in report["files"].items():
        parts = Path(file).parent.parts
        package = ".".join(parts[parts.index("stepwright") :])
        packages.setdefault(package, Counter()).update({name: found["summary"][name] for name in _COUNTED})
    return packages


def table(report: Mapping[str, Any]) -> Iterator[str]:
    packages = by_package(report)
    yield "| package | lines | taken | branches | taken |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, counted in [*sorted(packages.items()), ("**all**", sum(packages.values(), Counter()))]:
        lines, lines_taken, branches, branches_taken = (counted[name] for name in _COUNTED)
        shares = _share(lines_taken, lines), _share(branches_taken, branches)
        yield f"| {name} | {lines:,} | {shares[0]} | {branches:,} | {shares[1]} |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


if __name__ == "__main__":
    print("\n".join(table(json.load(sys.stdin))))
