"""docs/faults.toml has a test for each driver and each fault, or says why there is none; and these tests are there."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from stepwright.integrations.testing import Contract, Fault
from stepwright.tasks import table
from tests.tasks.faulty_servers import ANY

ROOT: Final = Path(__file__).resolve().parents[2]
TOLD: Final[dict[str, Any]] = tomllib.loads((ROOT / "docs" / "faults.toml").read_text(encoding="utf-8"))
BESIDE: Final = {"workers", "others"}
"""What the table of drivers has no row for: functions that workers run, and integrations that others ship."""


def cells() -> Iterator[tuple[str, str]]:
    for name, driver in TOLD["drivers"].items():
        for fault in TOLD["faults"]:
            for test in driver[fault] if isinstance(driver[fault], list) else ():
                yield f"{name}, {fault}", test


def test_every_driver_has_a_cell_for_every_fault() -> None:
    drivers = TOLD["drivers"]
    about = {"title", "page"}

    assert {row.name for row in table.TABLE} | BESIDE == set(drivers)
    assert {name: set(driver) ^ {*TOLD["faults"], *about} for name, driver in drivers.items()} == {
        name: set() for name in drivers
    }
    assert [
        (name, fault) for name, driver in drivers.items() for fault in TOLD["faults"] if not driver[fault]
    ] == []


def test_why_there_is_no_test_is_a_sentence() -> None:
    reasons = [
        driver[fault]
        for driver in TOLD["drivers"].values()
        for fault in TOLD["faults"]
        if isinstance(driver[fault], str)
    ]

    assert [reason for reason in reasons if not re.fullmatch(r"[A-Z].{20,}\.", reason)] == []
    assert len(reasons) < len(TOLD["drivers"])


def test_the_tests_are_there_and_play_the_fault() -> None:
    assert [(cell, test) for cell, test in cells() if not exists(test)] == []


@pytest.mark.parametrize(
    "test",
    [
        "tasks/test_no_module.py::test_nobody_listens",
        "tasks/aws/test_aws_faults.py::test_that_is_not_there",
        "tasks/amqp/test_amqp_contract.py::TestPublish::test_that_is_not_there",
        "tasks/amqp/test_amqp_contract.py::TestNothing::test_nobody_listens",
        # The contract has it, and this class skips it.
        "tasks/amqp/test_amqp_contract.py::TestPublish::test_no_more_is_taken_for_now",
    ],
)
def test_one_that_is_not_there_is_found(test: str) -> None:
    assert not exists(test)


def exists(test: str) -> bool:
    """Whether pytest would run it: ``FILE::TEST`` or ``FILE::CLASS::TEST``, from tests/."""
    file, *within = test.split("::")
    path = (ROOT / "tests" / file).resolve()
    if not path.is_file():
        return False
    top = definitions(path)
    if len(within) == 1:
        return isinstance(top.get(within[0]), ast.FunctionDef | ast.AsyncFunctionDef)
    chain = tuple(lineage(top, within[0]))
    if any(
        isinstance(each, ast.FunctionDef) and each.name == within[1] for one in chain for each in one.body
    ):
        return True
    if not chain or "Contract" not in names_of_bases(chain[-1]) or not hasattr(Contract, within[1]):
        return False
    fault = re.search(r'self\._faulty\("(\w+)"\)', inspect.getsource(getattr(Contract, within[1])))
    return fault is None or fault[1] in faults(chain)


@functools.cache
def definitions(path: Path) -> dict[str, ast.stmt]:
    """What a module defines by itself, by name."""
    parsed = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {each.name: each for each in parsed.body if isinstance(each, kinds)}


def lineage(top: dict[str, ast.stmt], name: str) -> Iterator[ast.ClassDef]:
    """A class, and those of its module that it inherits from."""
    found = top.get(name)
    while isinstance(found, ast.ClassDef):
        yield found
        found = next((top[base] for base in names_of_bases(found) if base in top), None)


def names_of_bases(of: ast.ClassDef) -> list[str]:
    return [base.id for base in of.bases if isinstance(base, ast.Name)]


def faults(chain: tuple[ast.ClassDef, ...]) -> set[str]:
    """Those that such a test plays, as the text says it."""
    said = next(
        ast.unparse(each.value)
        for one in chain
        for each in one.body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "faults"
    )
    named = {"ANY": ANY, "get_args(Fault)": frozenset(get_args(Fault))}
    return set(re.findall(r"'(\w+)'", said)).union(*(of for name, of in named.items() if name in said))
