"""What is said of a task with a verb before it runs."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.json_types import Pointer
from stepwright.asl.resource import parse
from stepwright.tasks import table

SPEC = {"definition": {}, "serviceAccountName": "clerk"}
HERE = Pointer("/States/S")
GET = {"apiVersion": "v1", "kind": "Pod", "name": "p"}


def found(verb: str, parameters: Any, spec: Any = SPEC, **fields: Any) -> list[tuple[str, str]]:
    state = {"Type": "Task", "Resource": f"k8s:{verb}", "Parameters": parameters, **fields}
    return [
        (str(each.pointer), each.message) for each in table.check_for(spec)(parse(f"k8s:{verb}"), state, HERE)
    ]


@pytest.mark.parametrize(
    ("verb", "parameters"),
    [
        ("get", GET),
        ("get", {"apiVersion": "v1", "kind.$": "$.kind", "name": "{% $name %}"}),
        ("list", {"apiVersion": "v1", "kind": "Pod"}),
        ("create", {"manifest": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name.$": "$.n"}}}),
    ],
)
def test_nothing_is_wrong(verb: str, parameters: Any) -> None:
    assert found(verb, parameters) == []


@pytest.mark.parametrize(
    ("verb", "parameters", "pointer", "message"),
    [
        ("gett", {}, "/Resource", "there is no k8s:gett; is k8s:get meant?"),
        (
            "get",
            {**GET, "nmae": "p"},
            "/Parameters/nmae",
            "k8s:get has no parameter 'nmae'; is 'name' meant?",
        ),
        (
            "get",
            {"apiVersion": "v1", "kind": "Pod"},
            "/Parameters",
            "k8s:get: the parameter name is missing: the name of an object",
        ),
        (
            "get",
            {**GET, "select": "status"},
            "/Parameters/select",
            "select of k8s:get must be a list of paths such as status.phase, not 'status'",
        ),
        (
            "get",
            {**GET, "select": ["a..b"]},
            "/Parameters/select",
            "select of k8s:get has 'a..b', which is not a path such as status.phase or metadata.labels[\"a.b/c\"]",
        ),
        (
            "list",
            {"apiVersion": "v1", "kind": "Pod", "namespace": "a", "allNamespaces": True},
            "/Parameters",
            "k8s:list: the parameters namespace and allNamespaces exclude one another",
        ),
        (
            "create",
            {"manifest": {"kind": "Pod", "metadata": {"name": "a"}}},
            "/Parameters/manifest",
            "manifest of k8s:create must say its apiVersion",
        ),
    ],
)
def test_what_is_wrong_is_said_where(verb: str, parameters: Any, pointer: str, message: str) -> None:
    assert found(verb, parameters) == [(f"{HERE}{pointer}", message)]


def test_a_state_machine_without_an_account_is_refused() -> None:
    [(pointer, message)] = found("get", GET, {"definition": {}})

    assert pointer == "/States/S/Resource"
    assert "set spec.serviceAccountName" in message


def test_a_definition_by_itself_says_nothing_of_accounts() -> None:
    assert found("get", GET, {}) == []


def test_heartbeats_are_refused() -> None:
    [(pointer, _)] = found("get", GET, HeartbeatSeconds=5)

    assert pointer == "/States/S/HeartbeatSeconds"
