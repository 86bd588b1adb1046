"""What somebody has changed of a state machine that something keeps as it stands in Git is seen, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Drift
from stepwright.cluster.catalog.stored_machine import StoredMachine
from stepwright.cluster.drift import APPLIED

ONE: Any = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
OTHER = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
ARGO_CD = {"argocd.argoproj.io/instance": "shop"}
FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps"}


def owns(manager: str, second: int, *fields: str, **more: Any) -> dict[str, Any]:
    """An entry of ``managedFields``."""
    owned: dict[str, Any] = {f"f:{field}": {} for field in fields}
    time = f"2026-11-30T00:00:{second:02}Z"
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": {"f:spec": owned}, **more}


def found(
    spec: dict[str, Any],
    labels: dict[str, str],
    *entries: dict[str, Any],
    applied: Any = None,
) -> Drift | None:
    """``applied``: the spec, or the text of the whole annotation."""
    annotations = {}
    if applied is not None:
        annotations[APPLIED] = applied if isinstance(applied, str) else json.dumps({"spec": applied})
    metadata = {"name": "order", "namespace": "shop", "uid": "1", "creationTimestamp": "2026-11-30T00:00:00Z"}
    body = {
        "metadata": {**metadata, "labels": labels, "annotations": annotations, "managedFields": entries},
        "spec": spec,
    }
    machine = msgspec.json.decode(json.dumps(body), type=StoredMachine).record(Place("shop", "kubernetes"))
    return machine.drift


def at(second: int) -> Millis:
    return Millis(1_795_996_800_000 + 1_000 * second)


ARGO_OWNS, EDIT_OWNS = owns("argocd-controller", 1, "definition"), owns("kubectl-edit", 9, "definition")


def test_another_definition_than_was_applied_is_told_with_who_changed_it() -> None:
    drift = found({"definition": OTHER}, ARGO_CD, ARGO_OWNS, EDIT_OWNS, applied={"definition": ONE})

    assert drift == Drift(("definition",), "kubectl-edit", at(9), ONE)


def test_where_it_is_not_noted_what_was_applied_the_owners_of_fields_say_what_was_changed() -> None:
    flux = owns("kustomize-controller", 1, "type", operation="Apply")

    drift = found({"definition": OTHER}, FLUX, flux, owns("stepwright-server", 5, "definition", "logging"))

    assert drift == Drift(("definition", "logging"), "stepwright-server", at(5), None)


@pytest.mark.parametrize(
    ("spec", "applied"),
    [
        ({"definition": ONE}, {"definition": ONE}),
        # Written otherwise, and with what the API server fills in.
        (
            {
                "definition": ONE,
                "type": "Standard",
                "logging": {"level": "OFF", "includeExecutionData": False},
            },
            {"definition": dict(reversed(ONE.items())), "logging": {}},
        ),
        # What Git does not say may be anything.
        ({"definition": ONE, "connections": ["bank"]}, {"definition": ONE}),
    ],
)
def test_what_is_as_it_was_applied_is_no_drift(spec: dict[str, Any], applied: dict[str, Any]) -> None:
    assert found(spec, ARGO_CD, ARGO_OWNS, applied=applied) is None


def test_who_had_it_before_has_not_changed_it() -> None:
    assert (
        found(
            {"definition": ONE},
            FLUX,
            owns("kubectl", 1, "definition"),
            owns("kustomize-controller", 3, "type"),
        )
        is None
    )


def test_the_operator_that_writes_a_status_has_changed_nothing() -> None:
    status = owns("stepwright", 9, "definition", subresource="status")

    assert found({"definition": ONE}, FLUX, owns("kustomize-controller", 1, "definition"), status) is None


def test_what_nothing_keeps_does_not_drift() -> None:
    assert found({"definition": OTHER}, {}, EDIT_OWNS, applied={"definition": ONE}) is None


@pytest.mark.parametrize(
    "applied",
    ["", "{", "[]", '{"spec": 3}', '{"spec": {"definitionSubstitutions": 7}}', '{"spec":' + "[" * 50_000],
)
def test_whatever_somebody_has_written_into_the_annotation_harms_nobody(applied: str) -> None:
    assert found({"definition": ONE}, ARGO_CD, ARGO_OWNS, applied=applied) is None


def test_whatever_is_in_the_managed_fields_harms_nobody() -> None:
    odd: list[Any] = [{"manager": 3}, {"fieldsV1": {"f:spec": []}}]
    assert found({"definition": ONE}, FLUX, *odd) is None
