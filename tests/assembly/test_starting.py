"""What ``stepwright dev`` has to import before it serves: counted, as seconds depend on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HEAVY = ("botocore", "kubernetes", "kopf", "pydantic", "prometheus_client", "rich", "yaml")
MOST_MODULES = 900
"""There were 929 when botocore was among them."""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, stepwright.cli.logs, stepwright.assembly.dev; print(*sys.modules)",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("library", HEAVY)
def test_a_library_that_nothing_needs_before_the_first_request_is_not_imported(
    imported: set[str], library: str
) -> None:
    assert library not in imported


def test_few_modules_are_imported(imported: set[str]) -> None:
    assert len(imported) < MOST_MODULES
