"""What Argo CD says of an Execution's health, by the Lua script that docs/argocd.md has people install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lupa import LuaRuntime

SCRIPTS = Path(__file__).resolve().parents[2] / "deploy" / "argocd"


def health(kind: str, body: dict[str, Any]) -> tuple[str, str]:
    """As Argo CD has it: the script sees the object as ``obj`` and returns status and message
    (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#custom-health-checks)."""
    lua = LuaRuntime(unpack_returned_tuples=True)
    lua.globals().obj = lua.table_from(body, recursive=True)
    found = lua.execute((SCRIPTS / f"{kind}-health.lua").read_text())
    return found.status, found.message


def condition(type: str, status: str, reason: str) -> dict[str, str]:
    return {"type": type, "status": status, "reason": reason, "message": f"it is {reason}"}


def stalled(reason: str) -> dict[str, Any]:
    conditions = [condition("Reconciling", "False", reason), condition("Stalled", "True", reason)]
    return {"phase": "Running", "conditions": conditions}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, ("Progressing", "Pending")),
        (
            {"phase": "Pending", "conditions": [condition("Reconciling", "True", "Delayed")]},
            ("Progressing", "it is Delayed"),
        ),
        ({"phase": "Succeeded", "duration": "3s"}, ("Healthy", "Succeeded after 3s")),
        ({"phase": "Failed", "error": "E", "cause": "why"}, ("Degraded", "E: why")),
        ({"phase": "TimedOut"}, ("Degraded", "TimedOut")),
        ({"phase": "Aborted", "cause": "enough"}, ("Suspended", "enough")),
        (stalled("Quarantined"), ("Degraded", "it is Quarantined")),
        (stalled("NewerVersion"), ("Degraded", "it is NewerVersion")),
        (stalled("InternalError"), ("Degraded", "it is InternalError")),
        (stalled("Restored"), ("Suspended", "it is Restored")),
    ],
)
def test_argo_cd_tells_the_health_of_an_execution(status: dict[str, Any], expected: tuple[str, str]) -> None:
    assert health("execution", {"status": status}) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], "Progressing"),
        ([condition("Ready", "True", "Valid")], "Healthy"),
        ([condition("Stalled", "True", "InvalidDefinition")], "Degraded"),
        (
            [condition("Ready", "False", "Draining"), condition("Reconciling", "True", "Draining")],
            "Progressing",
        ),
    ],
)
def test_argo_cd_tells_the_health_of_a_state_machine(conditions: list[dict[str, str]], expected: str) -> None:
    body = {"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "conditions": conditions}}

    assert health("statemachine", body)[0] == expected
