"""Where tests lie: beside what they test, by name, and so that what they import is what they mean."""

from __future__ import annotations

import re
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
FOLDERS = {found.name for found in TESTS.iterdir() if found.is_dir() and any(found.rglob("*.*"))} - {
    "__pycache__"
}


def test_every_package_has_a_folder_of_tests_with_its_name() -> None:
    packages = {found.parent.name for found in ROOT.glob("operator/stepwright/*/__init__.py")}

    assert packages - FOLDERS == set()


def test_the_page_says_what_is_in_every_folder() -> None:
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| (`tests/.*) \| .* \|$", page, re.MULTILINE))

    assert set(re.findall(r"`tests/(\w+)`", rows)) == FOLDERS


def test_no_module_beside_tests_hides_one_of_pythons_own() -> None:
    """pytest puts the folder of a test first on the path, and processes that a test starts inherit that."""
    folders = {test.parent for test in TESTS.rglob("test_*.py") if not (test.parent / "__init__.py").exists()}
    modules = [module for folder in folders for module in folder.glob("*.py")]

    assert len(modules) > 100
    assert not [str(module) for module in modules if module.stem in sys.stdlib_module_names]


def test_no_two_test_modules_are_one_module_to_python() -> None:
    """In folders that are not packages a module has no name but its own: two of one name cannot be collected by one process."""
    alone = [test for test in TESTS.rglob("test_*.py") if not (test.parent / "__init__.py").exists()]
    paths: dict[str, list[str]] = {}
    for test in alone:
        paths.setdefault(test.stem, []).append(str(test.relative_to(TESTS)))

    assert {name: found for name, found in paths.items() if len(found) > 1} == {}
