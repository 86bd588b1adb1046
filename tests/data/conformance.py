"""Where the recorded data lies: AWS histories, JSONPath and JSONata oracles.

The data is not part of the repository. It is looked for where ``STEPWRIGHT_CONFORMANCE`` says, else beside the
repository, in ``shared/conformance``; where it is missing the tests that need it are skipped with that reason.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

WHY_SKIPPED = "no conformance data: set STEPWRIGHT_CONFORMANCE or put it in ../shared/conformance"

T = TypeVar("T")


@cache
def folder() -> Path | None:
    """The folder with ``aws/``, ``jsonpath/`` and so on."""
    named = os.environ.get("STEPWRIGHT_CONFORMANCE")
    found = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "conformance"
    return found if (found / "README.md").is_file() else None


def records(*categories: str) -> list[dict[str, Any]]:
    """The AWS records of the named categories (``choice_operators``), of all if none is named; empty if missing."""
    root = folder()
    if root is None:
        return []
    names = categories or sorted(path.stem for path in (root / "aws").glob("*.json"))
    return [record for name in names for record in _read(root / "aws" / f"{name}.json")]


@cache
def runner() -> ModuleType:
    """The script of the data that replays records and judges answers."""
    root = folder()
    assert root is not None
    spec = importlib.util.spec_from_file_location("conformance", root / "conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["conformance"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def oracle(name: str) -> Any:
    """The content of ``name`` (``jsonpath/jayway-2.0.0``); None if missing."""
    root = folder()
    return None if root is None else _read(root / f"{name}.json") or None


def parameters(cases: Iterable[T], identify: Callable[[T], str]) -> list[Any]:
    """Arguments for ``parametrize``: a test id each, or a single one that is skipped with the reason."""
    found = [pytest.param(case, id=identify(case)) for case in cases]
    return found or [pytest.param(None, id="no-data", marks=pytest.mark.skip(reason=WHY_SKIPPED))]


@cache
def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
