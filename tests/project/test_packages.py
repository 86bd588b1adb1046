"""Each package of Stepwright says what belongs in it and what does not, and a contract of its imports holds it to that."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "operator" / "stepwright"
PACKAGES = sorted(found.parent.name for found in SOURCES.glob("*/__init__.py"))
KNOWS_ALL_BELOW = {"assembly"}
"""What the layers say of it is all there is to say."""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_belongs_in_it(package: str) -> None:
    text = (SOURCES / package / "__init__.py").read_text(encoding="utf-8")
    said = " ".join((ast.get_docstring(ast.parse(text)) or "").split())

    belongs, _, does_not = said.partition("Belongs here: ")[2].partition(" Not: ")
    assert belongs.endswith(".")
    assert does_not.endswith(".")


def test_a_package_has_a_contract_of_its_own_beside_the_layers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers, *contracts = project["tool"]["importlinter"]["contracts"]
    named = {
        module.split(".")[1]
        for contract in contracts
        for module in (*contract.get("source_modules", ()), *contract.get("modules", ()))
    }

    assert layers["exhaustive"]
    assert named >= set(PACKAGES) - KNOWS_ALL_BELOW
    assert all(" " in contract["name"] for contract in contracts)
