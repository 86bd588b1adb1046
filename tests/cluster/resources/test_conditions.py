"""Conditions of the kstatus convention."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.cluster import conditions
from stepwright.cluster.resources import Phase

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"


def truths(found: list[dict[str, Any]]) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in found}


def one(found: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(condition for condition in found if condition["type"] == kind)


def test_the_transition_time_changes_only_with_the_status() -> None:
    first = conditions.updated([], "Ready", "False", conditions.NO_DRIVER, now=EARLY, generation=1)
    second = conditions.updated(
        first, "Ready", "False", conditions.INVALID_DEFINITION, now=LATE, generation=2
    )
    third = conditions.updated(second, "Ready", "True", conditions.VALID, now=LATE, generation=3)

    assert [one(c, "Ready")["lastTransitionTime"] for c in (first, second, third)] == [EARLY, EARLY, LATE]
    assert (
        one(second, "Ready")["reason"],
        one(second, "Ready")["observedGeneration"],
    ) == ("InvalidDefinition", 2)


def test_an_update_leaves_other_conditions_and_their_order_alone() -> None:
    other = {"type": "Theirs", "status": "True", "lastTransitionTime": EARLY, "reason": "R", "message": ""}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": EARLY, "reason": "R", "message": ""}

    found = conditions.updated([ready, other], "Ready", "False", conditions.DRAINING, now=LATE, generation=1)

    assert [condition["type"] for condition in found] == ["Ready", "Theirs"]
    assert other == found[1]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        pytest.param(conditions.VALID, ("True", "False", "False"), id="valid is ready"),
        pytest.param(conditions.INVALID_DEFINITION, ("False", "False", "True"), id="invalid is stalled"),
        pytest.param(conditions.NO_DRIVER, ("False", "False", "True"), id="no driver is stalled"),
        pytest.param(conditions.DELAYED, ("False", "True", "False"), id="delayed is in progress"),
        pytest.param(conditions.DRAINING, ("False", "True", "False"), id="draining is in progress"),
    ],
)
def test_conditions_of_a_state_machine(reason: conditions.Reason, expected: tuple[str, ...]) -> None:
    found = truths(conditions.of_usable([], reason, now=EARLY, generation=1))

    assert expected == (found["Ready"], found["Reconciling"], found["Stalled"])


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("Pending", ("False", "True", "False", "False")),
        ("Running", ("False", "True", "False", "False")),
        ("Succeeded", ("True", "False", "False", "True")),
        ("Failed", ("False", "False", "True", "True")),
        ("TimedOut", ("False", "False", "True", "True")),
        ("Aborted", ("False", "False", "True", "True")),
    ],
)
def test_conditions_of_an_execution(phase: Phase, expected: tuple[str, ...]) -> None:
    found = truths(conditions.of_execution([], phase, now=EARLY, generation=1))

    assert expected == tuple(found[kind] for kind in ("Ready", "Reconciling", "Stalled", "Complete"))


def test_complete_has_the_phase_as_its_reason_whatever_else_is_known() -> None:
    found = conditions.of_execution(
        [],
        "Failed",
        now=EARLY,
        generation=1,
        reason=conditions.INVALID_INPUT,
        detail="unexpected end at column 7",
    )

    assert one(found, "Complete")["reason"] == "Failed"
    assert one(found, "Ready")["reason"] == "InvalidInput"
    assert (
        one(found, "Stalled")["message"]
        == "The execution cannot start with its input: unexpected end at column 7"
    )


def test_a_message_never_exceeds_what_the_api_server_takes() -> None:
    message = conditions.FAILED.message("x" * 40_000)

    assert len(message) == 32_768
    assert message.endswith("...")
