"""Nobody says of an execution that a task has started it but the account of a state machine, and nobody changes it: the
shipped policy ``children`` on a real API server, for one namespace.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.on_cluster import acting
from tests.on_cluster.kubectl import Kube, Object, execution
from tests.on_cluster.rights import shipped
from tests.processes.operators import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

LABELS = {"stepwright.dev/parent-uid": "u-1", "stepwright.dev/parent-task": "3"}
AGREES = "names an execution in the namespace of the account"


class Guarded:
    """A namespace in which the policy holds, with an account that Stepwright may act as and one that it may not."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube

    def user(self, name: str) -> str:
        return f"system:serviceaccount:{self.kube.namespace}:{name}"

    def create(self, by: str, started_by: str | None = None, **parent: Any) -> str:
        """What the API server says, without doing it."""
        body: Object = execution("child", "m")
        body["metadata"] |= {
            "labels": LABELS,
            "annotations": {"stepwright.dev/started-by": started_by or self.user(by)},
        }
        body["spec"]["parent"] = {
            "namespace": self.kube.namespace,
            "name": "order-7",
            "uid": "u-1",
            "task": 3,
            "scheduledTime": "2026-01-01T00:00:00.000Z",
            "depth": 1,
            "awaited": True,
            **parent,
        }
        arguments = ("create", "--dry-run=server", "-f", "-", "--as", self.user(by))
        return self.kube(*arguments, input=yaml.safe_dump(body), check=False)


@pytest.fixture
def guarded(kube: Kube) -> Iterator[Guarded]:
    label = {"stepwright-test/guarded": kube.namespace}
    name = f"children-of-{kube.namespace}"
    text = (ROOT / "deploy" / "policies.yaml").read_text()
    found = [
        each for each in yaml.safe_load_all(text) if each and each["metadata"]["name"].endswith("-children")
    ]
    for each in found:
        each["metadata"]["name"] = name
        if each["kind"].endswith("Binding"):
            each["spec"] |= {
                "policyName": name,
                "matchResources": {"namespaceSelector": {"matchLabels": label}},
            }
    kube("label", "namespace", kube.namespace, *(f"{key}={value}" for key, value in label.items()))
    for account in ("clerk", "stranger"):
        acting.account(kube, account, ("executions", "create,get,patch"))
    _, operator, namespace = shipped()
    acting.let_act_as(kube, f"system:serviceaccount:{namespace}:{operator}", "clerk")
    kube("apply", "-f", "-", input=yaml.safe_dump_all(found))
    made = Guarded(kube)
    try:
        # The API server takes up a policy, and roles, within a second or so.
        deadline = time.monotonic() + 60
        while "created" in made.create("stranger") or "created" not in made.create("clerk"):
            assert time.monotonic() < deadline, (made.create("stranger"), made.create("clerk"))
            time.sleep(0.3)
        yield made
    finally:
        kube("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def test_only_an_account_that_stepwright_may_act_as_gives_an_execution_a_parent(guarded: Guarded) -> None:
    assert "created" in guarded.create("clerk")
    assert "only tasks start them" in guarded.create("stranger")
    for wrong in ({"namespace": "elsewhere"}, {"uid": "u-2"}, {"task": 4}):
        assert AGREES in guarded.create("clerk", **wrong)
    assert AGREES in guarded.create("clerk", started_by="somebody-else")


def test_nobody_but_stepwright_makes_parts_of_distributed_maps(guarded: Guarded) -> None:
    kube = guarded.kube
    part = {"uid": "u-9", "mapRun": "arn", "first": 0, "count": 1}
    labelled = execution("labelled", "m")
    labelled["metadata"]["labels"] = {"stepwright.dev/map-shard": "u-9"}
    for body in (execution("part", "m", mapShard=part), labelled):
        arguments = ("create", "--dry-run=server", "-f", "-", "--as", guarded.user("clerk"))
        refusal = kube(*arguments, input=yaml.safe_dump(body), check=False)
        assert "only Stepwright makes parts of distributed Maps" in refusal
    kube("create", "-f", "-", input=yaml.safe_dump(execution("whole", "m")))
    refusal = kube("label", "exec", "whole", "stepwright.dev/map-shard=u-9", check=False)
    assert "when Stepwright makes them, or never" in refusal


def test_the_labels_of_a_child_are_given_when_it_is_started_or_never(guarded: Guarded) -> None:
    kube = guarded.kube
    kube("create", "-f", "-", input=yaml.safe_dump(execution("plain", "m")))

    for key, value in LABELS.items():
        assert "given when a task starts" in kube("label", "exec", "plain", f"{key}={value}", check=False)
    assert "labeled" in kube("label", "exec", "plain", "team=orders")
