"""Integrations of installed packages: those that are named are served, in every process, and what cannot be loaded is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stepwright.asl.definition import NO_DRIVER, check
from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.files import serving
from stepwright.integrations import loading
from stepwright.integrations.played import Objects, means
from stepwright.tasks import table
from stepwright.tasks.calls.connection_parts import BadConnection
from tests.integrations.distributions import install

MODULE = """
from stepwright.integrations import CONNECTION, Driver, Fields, text

def make(provided):
    raise AssertionError("no call is made here")

DRIVER = Driver(
    "acme",
    {"charge": Fields({"Connection": CONNECTION, "Amount": text(required=True)}), "ship.sync": Fields({})},
    make,
    processes=frozenset({"dev", "run"}),
)
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the path, and a table to which nothing has been added."""
    monkeypatch.setattr(table, "_added", [])
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def definition(resource: str, **arguments: Json) -> dict[str, Json]:
    state: Json = {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}
    return {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}}


def said(resource: str, spec: dict[str, Json] | None = None, **arguments: Json) -> list[str]:
    return [each.message for each in check(definition(resource, **arguments), task_check=table.check_for(spec or {}))]  # fmt: skip


def test_what_is_installed_is_not_loaded_by_itself(path: Path) -> None:
    install(path, "acme-one", "acme = acme_one:DRIVER", "raise AssertionError('nobody has named it')")

    assert table.row(parse("acme:charge")) is None
    loading.load([])
    assert table.row(parse("acme:charge")) is None


def test_what_is_named_is_served_where_it_says(path: Path) -> None:
    install(path, "acme-two", "acme = acme_two:DRIVER", MODULE)
    loading.load(["acme", "acme"])

    assert [row.name for row in table.rows() if row.serves(parse("acme:charge"))] == ["acme"]
    assert table.serves(parse("acme:charge"), "dev")
    assert table.serves(parse("acme:ship.sync"), "run")
    assert not table.serves(parse("acme:charge"), "operator")
    assert serving.Somewhere().lacks_resource(parse("acme:charge")) is None


def test_it_is_made_with_the_first_call_and_not_before(path: Path) -> None:
    install(path, "acme-three", "acme = acme_three:DRIVER", MODULE)
    loading.load(["acme"])
    row = next(row for row in table.rows() if row.name == "acme")
    assert row.integration is not None

    made = row.integration(means(Objects({}, {})))

    assert made.serves(parse("acme:charge"))
    assert not made.serves(parse("acme:refund"))


def test_its_tasks_are_checked_like_all_others(path: Path) -> None:
    install(path, "acme-four", "acme = acme_four:DRIVER", MODULE)
    loading.load(["acme"])

    assert said("acme:charge", Connection="shop", Amount="12") == []
    assert said("acme:chrage") == ["there is no acme:chrage; is acme:charge meant?"]
    assert said("acme:charge", Connection="shop", Amout="12") == [
        "acme:charge has no parameter 'Amout'; is 'Amount' meant?",
        "acme:charge: the parameter Amount is missing: a text",
    ]
    (unnamed,) = said("acme:charge", {"connections": ["other"]}, Connection="shop", Amount="12")
    assert unnamed.startswith("spec.connections of the state machine does not name the Connection 'shop': ")


def test_a_check_that_fails_costs_nobody_else_anything(path: Path) -> None:
    broken = MODULE.replace("text(required=True)", "Field('a sum', lambda value: 100 / value > 1)")
    broken = broken.replace("Fields, text", "Field, Fields, text")
    install(path, "acme-ten", "acme = acme_ten:DRIVER", broken)
    loading.load(["acme"])
    states: dict[str, Json] = {
        "A": {"Type": "Task", "Resource": "acme:charge", "Parameters": {"Amount": 0}, "Next": "B"},
        "B": {"Type": "Task", "Resource": "acme:charge", "Parameters": {"Amout": 1}, "Next": "C"},
        "C": {"Type": "Task", "Resource": "k8s:job", "Parameters": {}, "End": True},
    }

    found = check({"StartAt": "A", "States": states}, task_check=table.check_for({}))

    failed, *others = found
    assert (failed.severity, failed.code, failed.pointer) == ("WARNING", "CHECK_FAILED", "/States/A")
    assert failed.message == (
        "acme:charge is not checked any further, since the check of the driver 'acme' failed: ZeroDivisionError: division by zero "
        "(acme_ten.py, line 9). This is a defect of that driver: report it to those who make it"
    )
    assert {each.pointer.split("/")[2] for each in others} == {"B", "C"}
    assert {each.code for each in others} == {"SCHEMA_VALIDATION_FAILED"}


def test_without_it_a_definition_is_told_that_nobody_serves_it() -> None:
    found = check(definition("acme:charge"), installation=serving.Somewhere())

    assert [each.code for each in found] == [NO_DRIVER]


REFUSALS = {
    "acme = acme_x:DRIVER": ("raise ImportError('libacme is missing')", "cannot be loaded from acme_x:DRIVER: ImportError: libacme is missing"),
    "acme = acme_x:OTHER": (MODULE, "cannot be loaded from acme_x:OTHER: AttributeError: "),
    "acme = acme_x:make": (MODULE, "acme_x:make is not a stepwright.integrations.Driver."),
    "acme = acme_x": (MODULE, "acme_x is not a stepwright.integrations.Driver."),
}  # fmt: skip


@pytest.mark.parametrize("entry_point", REFUSALS)
def test_what_cannot_be_loaded_is_refused_with_its_reason(
    entry_point: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, why = REFUSALS[entry_point]
    install(path, "acme-x", entry_point, module)
    monkeypatch.delitem(sys.modules, "acme_x", raising=False)

    with pytest.raises(loading.Unusable) as refused:
        loading.load(["acme"])

    assert str(refused.value).startswith("The integration 'acme' of acme-x 1.0 ")
    assert why in str(refused.value)
    assert table.rows() == table.TABLE


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('(\n    "acme"', '(\n    "other"'), "its driver calls itself 'other'."),
        (("make,\n", "make,\n    api=2,\n"), "it is made for version 2 of what integrations rely on, and this Stepwright has version 1."),
        (('{"charge": Fields({"Connection": CONNECTION, "Amount": text(required=True)}), "ship.sync": Fields({})}', "{}"), "it serves no Resource."),
    ],
)  # fmt: skip
def test_a_driver_that_says_what_cannot_be_is_refused(
    change: tuple[str, str], why: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = MODULE.replace(*change)
    assert changed != MODULE
    install(path, "acme-y", "acme = acme_y:DRIVER", changed)
    monkeypatch.delitem(sys.modules, "acme_y", raising=False)

    with pytest.raises(loading.Unusable) as refused:
        loading.load(["acme"])

    assert str(refused.value) == f"The integration 'acme' of acme-y 1.0 cannot be loaded: {why}"


def test_nothing_is_loaded_where_one_of_several_cannot_be(path: Path) -> None:
    install(path, "acme-six", "acme = acme_six:DRIVER", MODULE)

    with pytest.raises(loading.Unusable) as refused:
        loading.load(["acme", "amce"])

    assert str(refused.value) == (
        "There is no integration 'amce': of those that installed packages ship (entry points of the group "
        "stepwright.integrations) there is acme."
    )
    assert table.rows() == table.TABLE


def test_two_packages_that_ship_one_name_are_both_refused(path: Path) -> None:
    install(path, "acme-seven", "acme = acme_seven:DRIVER", MODULE)
    install(path, "acme-eight", "acme = acme_eight:DRIVER", MODULE)

    with pytest.raises(
        loading.Unusable, match=r"acme-eight 1\.0 and acme-seven 1\.0 both ship one of that name"
    ):
        loading.load(["acme"])


@pytest.mark.parametrize("name", ["k8s", "arn", "http", "stepwright", "lambda"])
def test_no_package_takes_what_stepwright_itself_serves(name: str, path: Path) -> None:
    install(path, "acme-nine", f"{name} = acme_nine:DRIVER", MODULE)

    with pytest.raises(loading.Unusable, match=rf"Resources that begin so \({name}:\.\.\.\) are taken"):
        loading.load([name])


@pytest.mark.parametrize("name", ["Acme", "acme:charge", "", "../acme", "a" * 64])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(loading.Unusable, match="a name has small letters, digits and hyphens"):
        loading.load([name])


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({}, ", integration, and it has none of them."),
        ({"http": {}, "integration": {}}, ", integration, and it has http and integration."),
        ({"integration": {"name": "acme", "values": [{"name": "key"}]}}, "spec.integration.values: key has neither value nor valueFrom."),
        ({"integration": {"name": "acme", "values": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}}, "spec.integration.values names 'a' twice."),
    ],
)  # fmt: skip
def test_a_connection_that_cannot_be_is_refused(spec: dict[str, object], why: str) -> None:
    with pytest.raises(BadConnection) as bad:
        table.check_connection(spec)

    assert str(bad.value).endswith(why)


def test_a_connection_may_be_for_an_integration_of_others() -> None:
    table.check_connection({"integration": {"name": "acme", "values": [{"name": "host", "value": "acme.example"}]}})  # fmt: skip
