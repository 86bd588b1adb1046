"""The table of drivers says what the processes that run tasks do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.resource import Resource, parse
from stepwright.tasks import table
from tests.processes.dev import DevProcess

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = [(row, example) for row in table.TABLE for example in row.examples]
NOT_SERVED = ("arn:aws:states:::sqs:sendMessage.sync", "k8s:something", "https://example.org/x")


@pytest.mark.parametrize("example", [example for _, example in EXAMPLES])
def test_a_resource_is_served_by_one_driver(example: str) -> None:
    assert [row.name for row in table.TABLE if row.serves(parse(example))] == [
        row.name for row, own in EXAMPLES if own == example
    ]


@pytest.mark.parametrize("resource", NOT_SERVED)
def test_what_is_in_no_row_is_served_nowhere(resource: str) -> None:
    assert table.row(parse(resource)) is None
    assert not any(table.serves(parse(resource), process) for process in ("operator", "dev", "run"))


@pytest.mark.parametrize("resource", [own for row in table.OF_THE_ENGINE for own in row.resources], ids=str)
def test_no_definition_gets_what_the_engine_starts_for_itself(resource: Resource) -> None:
    assert table.row(resource) is None
    assert not any(table.serves(resource, process) for process in ("operator", "dev", "run"))


@pytest.mark.parametrize(
    ("row", "example"), EXAMPLES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_page_tells_of_each_resource(row: table.Row, example: str) -> None:
    assert parse(example).service in (DOCS / row.page).read_text(encoding="utf-8")


def unserved(resources: Sequence[str], client: Any) -> set[str]:
    """Those of which the server says that no driver serves them."""
    states = {
        f"S{number}": {"Type": "Task", "Resource": resource, "End": True}
        for number, resource in enumerate(resources)
    }
    choice = {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.n", "NumericEquals": number, "Next": name} for number, name in enumerate(states)
        ],
    }
    definition = {"StartAt": "Which", "States": {"Which": choice, **states}}
    found = client.validate_state_machine_definition(
        definition=json.dumps(definition), severity="WARNING", maxResults=100
    )
    assert not found["truncated"]
    named = {each["location"].split("/")[2] for each in found["diagnostics"] if each["code"] == "NO_DRIVER"}
    return {resources[int(name[1:])] for name in named}


def test_stepwright_dev_warns_of_exactly_the_resources_that_it_does_not_serve(tmp_path: Path) -> None:
    resources = [*(example for _, example in EXAMPLES), *NOT_SERVED]
    with DevProcess(tmp_path / "data") as dev:
        client = dev.client()
        found = {
            one for at in range(0, len(resources), 10) for one in unserved(resources[at : at + 10], client)
        }

    assert found == {resource for resource in resources if not table.serves(parse(resource), "dev")}
