"""Whoever tells mypy to look away says why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[2] / "operator" / "stepwright"

_WITHOUT_A_REASON: Final = re.compile(r"# type: ignore\b(?!(\[[\w, -]+\])? *# *\w)")


def test_each_type_that_is_ignored_has_its_reason_on_the_line() -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)}:{number}"
        for file in PACKAGE.rglob("*.py")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if _WITHOUT_A_REASON.search(line)
    ]

    assert wrong == []
