"""Objects that something keeps as they stand in Git are told from those that people may change."""

from __future__ import annotations

import json

import msgspec
import pytest

from stepwright.catalog.arns import Place
from stepwright.cluster.catalog.stored_machine import StoredMachine
from stepwright.cluster.managed import managed_by


@pytest.mark.parametrize(
    ("labels", "annotations", "by"),
    [
        (
            {},
            {"argocd.argoproj.io/tracking-id": "shop:stepwright.dev/StateMachine:shop/order"},
            "Argo CD (shop)",
        ),
        ({"argocd.argoproj.io/instance": "shop"}, {}, "Argo CD (shop)"),
        ({"kustomize.toolkit.fluxcd.io/name": "apps"}, {}, "Flux (apps)"),
        ({"helm.toolkit.fluxcd.io/name": "release"}, {}, "Flux (release)"),
        ({"app.kubernetes.io/managed-by": "Helm"}, {"note": "by hand"}, None),
    ],
)
def test_what_keeps_an_object_is_told_by_its_marks(
    labels: dict[str, str], annotations: dict[str, str], by: str | None
) -> None:
    assert managed_by(labels, annotations) == by


def test_the_catalog_tells_it_of_a_state_machine() -> None:
    found = {
        "metadata": {
            "name": "order",
            "namespace": "shop",
            "uid": "1",
            "creationTimestamp": "2026-11-30T00:00:00Z",
            "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"},
        },
        "spec": {"definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}},
    }
    machine = msgspec.json.decode(json.dumps(found), type=StoredMachine).record(Place("shop", "kubernetes"))

    assert machine.managed_by == "Flux (apps)"
