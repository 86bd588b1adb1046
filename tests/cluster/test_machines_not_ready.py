"""Why executions of a state machine do not start, as its object says it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Unready
from stepwright.cluster.catalog.stored_machine import ListedMachine, StoredMachine

PLACE = Place("shop", "kubernetes")
CREATED = Millis(1_764_460_800_000)
"""2025-11-30T00:00:00Z"""


def unready(status: dict[str, Any], **metadata: Any) -> Unready | None:
    """What a list and the object itself say alike."""
    found = {
        "metadata": {
            "name": "order",
            "namespace": "shop",
            "uid": "1",
            "creationTimestamp": "2025-11-30T00:00:00Z",
            **metadata,
        },
        "spec": {"definition": {}},
        "status": status,
    }
    text = json.dumps(found)
    listed = msgspec.json.decode(text, type=ListedMachine).record(PLACE)
    assert msgspec.json.decode(text, type=StoredMachine).record(PLACE).unready == listed.unready
    return listed.unready


def ready(status: str, reason: str, message: str = "") -> dict[str, Any]:
    when = "2025-11-30T00:01:00Z"
    return {
        "type": "Ready",
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": when,
    }


def test_one_that_is_ready_has_no_reason() -> None:
    assert unready({"observedGeneration": 1, "conditions": [ready("True", "Valid")]}) is None


def test_the_first_finding_of_one_that_cannot_run_is_its_place() -> None:
    status = {
        "observedGeneration": 1,
        "conditions": [
            {"type": "Stalled", "status": "True"},
            ready("False", "InvalidDefinition", "The definition cannot run: there is no state Gone"),
        ],
        "diagnostics": [
            {
                "severity": "ERROR",
                "code": "X",
                "message": "there is no state Gone",
                "pointer": "/States/Ship/Next",
            },
            {"severity": "WARNING", "code": "Y", "message": "doubtful", "pointer": "/States/Ship"},
        ],
    }

    assert unready(status) == Unready(
        "InvalidDefinition",
        "The definition cannot run: there is no state Gone",
        Millis(CREATED + 60_000),
        Pointer("/States/Ship/Next"),
    )


def test_one_that_no_operator_has_looked_at_says_so_since_it_was_created() -> None:
    found = unready({"observedGeneration": 0})

    assert found is not None
    assert (found.reason, found.since, found.pointer) == ("NotChecked", CREATED, None)


@pytest.mark.parametrize("status", [{}, {"conditions": [ready("False", "Draining")]}])
def test_of_one_that_is_being_deleted_nothing_is_said(status: dict[str, Any]) -> None:
    assert unready(status, deletionTimestamp="2025-11-30T00:02:00Z") is None
