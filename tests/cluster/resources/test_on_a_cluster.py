"""What the API server itself makes of the CRDs and the admission policies: that of the cluster, and that of the oldest
Kubernetes that Stepwright supports.

The policies hold in this module's namespace only, so that a Stepwright installed in the same cluster is not disturbed.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.cluster.resources.helm_found import of_kind, template
from tests.processes.fixtures import with_resources
from tests.testcluster import Cluster, binaries
from tests.testcluster.alone import control_plane_of_its_own

pytestmark = pytest.mark.cluster

OPERATOR = "system:serviceaccount:{namespace}:stepwright"
RBAC = "rbac.authorization.k8s.io/v1"
WORKFLOWS = ["statemachines", "executions", "executions/status", "statemachines/status", "executionhistories"]


@dataclass(frozen=True)
class Desk:
    """A namespace with the policies, and the people who try things there."""

    cluster: Cluster
    namespace: str

    @property
    def operator(self) -> str:
        return OPERATOR.format(namespace=self.namespace)

    def kubectl(self, *args: str, who: str | None = None, body: Any = None) -> str:
        """What kubectl prints, errors included."""
        as_whom = ("--as", who) if who else ()
        text = None if body is None else json.dumps(body)
        return self.cluster.kubectl(*args, "-n", self.namespace, *as_whom, input=text, check=False)

    def create(self, body: dict[str, Any], who: str | None = None) -> str:
        return self.kubectl("create", "-f", "-", who=who, body=body)

    def patch(self, kind: str, name: str, patch: Any, *more: str, who: str | None = None) -> str:
        form = "json" if isinstance(patch, list) else "merge"
        return self.kubectl("patch", kind, name, "--type", form, "-p", json.dumps(patch), *more, who=who)

    def read(self, kind: str, name: str) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "-o", "json"))
        return body


OLDEST = "the oldest Kubernetes"


@pytest.fixture(scope="module", params=["the cluster", OLDEST])
def kubernetes(request: pytest.FixtureRequest, installed: Cluster) -> Iterator[Cluster]:
    """An API server that knows the CRDs, of each version that is tested."""
    if request.param == OLDEST:
        with control_plane_of_its_own(apiserver=binaries.OLDEST_APISERVER) as plane:
            yield with_resources(plane)
    else:
        yield installed


@pytest.fixture(scope="module")
def desk(kubernetes: Cluster) -> Iterator[Desk]:
    cluster = kubernetes
    namespace = f"test-{uuid.uuid4().hex[:10]}"
    cluster.kubectl("create", "namespace", namespace)
    chart = template(f"watchNamespaces={{{namespace}}}", namespace=namespace)
    policies = [
        item for kind in ("", "Binding") for item in of_kind(chart, f"ValidatingAdmissionPolicy{kind}")
    ]
    operator = [item for kind in ("ServiceAccount", "Role", "RoleBinding") for item in of_kind(chart, kind)]
    people = [*_may("lim", namespace, WORKFLOWS), *_may("robin", namespace, WORKFLOWS, ["robot"])]
    objects = yaml.safe_dump_all([*policies, *operator, *people])
    try:
        cluster.kubectl("apply", "-f", "-", input=objects)
        found = Desk(cluster, namespace)
        _await_policies(found)
        yield found
    finally:
        cluster.kubectl("delete", "--ignore-not-found", "-f", "-", input=yaml.safe_dump_all(policies))
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def _may(
    user: str, namespace: str, resources: list[str], accounts: list[str] | None = None
) -> list[dict[str, Any]]:
    """A role that allows all on the resources, and acting as the accounts; bound to the user."""
    rules: list[dict[str, Any]] = [
        {"apiGroups": ["stepwright.dev"], "resources": resources, "verbs": ["*"]},
        {"apiGroups": ["apps"], "resources": ["controllerrevisions"], "verbs": ["*"]},
    ]
    if accounts:
        rule = {"resources": ["serviceaccounts"], "resourceNames": accounts, "verbs": ["impersonate"]}
        rules.append({"apiGroups": [""], **rule})
    metadata = {"name": user, "namespace": namespace}
    group = {"apiGroup": "rbac.authorization.k8s.io"}
    return [
        {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {**group, "kind": "Role", "name": user},
            "subjects": [{**group, "kind": "User", "name": user}],
        },
    ]


def _await_policies(desk: Desk) -> None:
    """The API server takes a new policy up within a second or so; each of the four is asked until it answers."""
    probes = [
        execution("probe", input={}, inputJson="{}"),
        state_machine("probe", serviceAccountName="nobody"),
        history("probe", "probe", "0"),
        revision("probe"),
    ]
    end = time.monotonic() + 30
    while probes:
        assert time.monotonic() < end, "the admission policies did not come into force"
        answer = desk.kubectl("create", "--dry-run=server", "-f", "-", who="lim", body=probes[0])
        if "denied request" in answer:
            probes.pop(0)
        else:
            time.sleep(0.2)


def execution(name: str, **spec: Any) -> dict[str, Any]:
    return _object("Execution", name, spec={"stateMachineRef": {"name": "m"}, **spec})


def state_machine(name: str, **spec: Any) -> dict[str, Any]:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    return _object("StateMachine", name, spec={"definition": definition, **spec})


def history(name: str, of: str, uid: str) -> dict[str, Any]:
    page = {"content": "Events", "firstEventId": 1, "lastEventId": 1, "events": ["{}"]}
    return _object("ExecutionHistory", name, executionRef={"name": of, "uid": uid}, **page)


def revision(name: str) -> dict[str, Any]:
    # An owner that is not there: the garbage collector takes its time to see that.
    owner = {"apiVersion": "stepwright.dev/v1", "kind": "StateMachine", "name": "m", "uid": "0"}
    metadata = {"name": name, "ownerReferences": [owner], "labels": {"stepwright.dev/state-machine": "m"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "revision": 1,
        "data": {},
    }


def _object(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "stepwright.dev/v1", "kind": kind, "metadata": {"name": name}, **fields}


@pytest.mark.parametrize("value", [None, 7, "text", [None, 1], {"a": None}], ids=repr)
def test_an_input_is_any_json_value(desk: Desk, value: Any) -> None:
    name = f"input-{uuid.uuid4().hex[:8]}"

    desk.create(execution(name, input=value))

    assert desk.read("exec", name)["spec"]["input"] == value


def test_an_input_that_is_too_long_is_refused(desk: Desk) -> None:
    refused = desk.create(execution("long", inputJson="x" * 262_145))

    assert re.search(r"spec\.inputJson: Too long: may not be (more|longer) than 262144", refused)


def test_a_new_execution_reads_as_pending_and_its_first_commit_finds_seq_0(desk: Desk) -> None:
    desk.create(execution("fresh"))
    commit = [
        {"op": "test", "path": "/status/seq", "value": 0},
        {"op": "replace", "path": "/status/seq", "value": 1},
        {"op": "replace", "path": "/status/phase", "value": "Running"},
    ]
    by_phase = ("get", "exec", "-o", "name", "--field-selector")

    assert desk.read("exec", "fresh")["status"]["phase"] == "Pending"
    assert "execution.stepwright.dev/fresh" in desk.kubectl(*by_phase, "status.phase=Pending")
    # kubectl reads before it patches, which the operator's own role does not allow on the status.
    as_operator = ("--subresource=status", "--as-group=system:masters")
    assert "patched" in desk.patch("exec", "fresh", commit, *as_operator, who=desk.operator)
    assert "invalid" in desk.patch("exec", "fresh", commit, *as_operator, who=desk.operator)
    assert desk.kubectl(*by_phase, "status.phase=Running").split() == ["execution.stepwright.dev/fresh"]


def test_who_owns_the_fields_of_a_status_is_one_word_however_much_is_in_it(desk: Desk) -> None:
    desk.create(execution("owned"))
    status = {
        "phase": "Running",
        "seq": 1,
        "checkpoint": {f"part-{n}": "{}" for n in range(50)},
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
                "reason": "Running",
                "message": "It runs.",
            }
        ],
    }
    desk.patch(
        "execution",
        "owned",
        {"status": status},
        "--subresource=status",
        "--as-group=system:masters",
        who=desk.operator,
    )
    shown = json.loads(desk.kubectl("get", "execution", "owned", "-o", "json", "--show-managed-fields"))

    owners = [entry for entry in shown["metadata"]["managedFields"] if entry.get("subresource") == "status"]
    assert [entry["fieldsV1"] for entry in owners] == [{"f:status": {}}]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"stateMachineRef": {"name": "other"}}, "stateMachineRef cannot be changed"),
        ({"input": {"a": 2}}, "spec.input cannot be changed, added or removed; create another Execution"),
        ({"inputJson": "{}"}, "inputJson cannot be changed, added or removed; create another Execution"),
        ({"ttlSecondsAfterFinished": 1}, "ttlSecondsAfterFinished cannot be changed, added or removed"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_execution_cannot_be_changed(desk: Desk, spec: dict[str, Any], sentence: str) -> None:
    desk.create(execution("fixed", input={"a": 1}))

    assert sentence in desk.patch("exec", "fixed", {"spec": spec}, who="lim")


def test_where_a_redrive_goes_on_belongs_to_its_request(desk: Desk) -> None:
    desk.create(execution("again"))

    def patch(**redrive: Any) -> str:
        return desk.patch("exec", "again", {"spec": {"redrive": redrive}}, who="lim")

    assert "inputJson is for the state in from" in patch(requestId="r1", inputJson="{}")
    assert "at least 1 chars long" in patch(requestId="r1", **{"from": ""})
    assert "patched" in patch(requestId="r1", **{"from": "Ship"}, inputJson='{"a": 1.0}')
    assert "redrive.from goes with its requestId" in patch(**{"from": "Other"})
    assert "redrive.from goes with its requestId" in patch(**{"from": None}, inputJson=None)
    assert "patched" in patch(requestId="r2", **{"from": None}, inputJson=None)


def test_a_stop_can_be_asked_for_but_not_taken_back(desk: Desk) -> None:
    desk.create(execution("stopped"))

    assert "patched" in desk.patch("exec", "stopped", {"spec": {"stop": {"error": "E"}}}, who="lim")
    for again in ({"stop": None}, {"stop": {"error": "F"}}):
        refused = desk.patch("exec", "stopped", {"spec": again}, who="lim")
        assert "stop has been asked for: it cannot be changed or taken back" in refused
    redrive = {"redrive": {"requestId": "r1"}}
    refused = desk.patch("exec", "stopped", {"spec": redrive}, who="lim")
    assert "is redriven without its stop: set stop to null together with redrive" in refused
    assert "patched" in desk.patch("exec", "stopped", {"spec": {**redrive, "stop": None}}, who="lim")
    assert "patched" in desk.patch("exec", "stopped", {"spec": {"stop": {"error": "F"}}}, who="lim")
    assert "taken back" in desk.patch("exec", "stopped", {"spec": {**redrive, "stop": None}}, who="lim")


def test_other_bounds_of_map_runs_can_be_asked_for_and_no_others_than_there_are(desk: Desk) -> None:
    desk.create(execution("bounded"))
    entry = {"mapRunArn": "arn:a", "maxConcurrency": 0, "toleratedFailurePercentage": 12.5}
    wrong: list[tuple[list[Any], str]] = [
        ([{"maxConcurrency": 1}], "mapRunArn: Required value"),
        ([{**entry, "maxConcurrency": -1}], "should be greater than or equal to 0"),
        ([{**entry, "toleratedFailurePercentage": 100.5}], "should be less than or equal to 100"),
        ([entry, entry], "Duplicate value"),
        ([{"mapRunArn": f"arn:{number}"} for number in range(6)], "must have at most 5 items"),
    ]

    assert "patched" in desk.patch("exec", "bounded", {"spec": {"mapRuns": [entry]}}, who="lim")
    for asked, sentence in wrong:
        assert sentence in desk.patch("exec", "bounded", {"spec": {"mapRuns": asked}}, who="lim")
    assert "patched" in desk.patch("exec", "bounded", {"spec": {"mapRuns": None}}, who="lim")


def test_input_and_inputjson_exclude_each_other(desk: Desk) -> None:
    refused = desk.create(execution("both", input=1, inputJson="1"), who="lim")

    assert "spec.input and spec.inputJson exclude each other: give one of them" in refused


@pytest.mark.parametrize("field", ["serviceAccountName", "taskServiceAccountName"])
def test_an_account_can_be_named_only_by_who_may_use_it(desk: Desk, field: str) -> None:
    name = f"named-{field.lower()}"
    refused = f"spec.{field}: lim may not use the ServiceAccount robot in {desk.namespace}"

    assert refused in desk.create(state_machine(name, **{field: "robot"}), who="lim")
    assert "created" in desk.create(state_machine(name, **{field: "robot"}), who="robin")
    assert "may not use" in desk.patch("sm", name, {"spec": {field: "other"}}, who="robin")


def test_the_definition_of_a_machine_with_an_account_is_for_those_who_may_use_it(desk: Desk) -> None:
    desk.create(state_machine("borrowed", serviceAccountName="robot"), who="robin")
    change = {"spec": {"definition": {"Comment": "mine now"}}}

    assert "lim may not use the ServiceAccount robot" in desk.patch("sm", "borrowed", change, who="lim")
    assert "labeled" in desk.kubectl("label", "sm", "borrowed", "team=a", who="lim")
    assert "patched" in desk.patch("sm", "borrowed", change, who="robin")


@pytest.mark.parametrize("kind", ["sm", "exec"])
@pytest.mark.parametrize("who", ["lim", None], ids=["a user", "an administrator"])
def test_only_the_operator_writes_a_status(desk: Desk, kind: str, who: str | None) -> None:
    desk.create(execution("record"))
    desk.create(state_machine("record"))

    refused = desk.patch(
        kind, "record", {"status": {"observedGeneration": 9}}, "--subresource=status", who=who
    )

    assert "/status: only the Stepwright operator writes them, not " in refused


def test_only_the_operator_writes_history_and_nobody_changes_it(desk: Desk) -> None:
    desk.create(execution("told"))
    page = history("told-1", "told", desk.read("exec", "told")["metadata"]["uid"])

    assert "only the Stepwright operator writes them, not lim" in desk.create(page, who="lim")
    assert "created" in desk.create(page, who=desk.operator)
    assert "cannot be changed" in desk.patch("exechist", "told-1", {"events": ["[]"]})


def test_a_revision_cannot_be_made_by_hand(desk: Desk) -> None:
    assert "only the Stepwright operator writes them, not lim" in desk.create(revision("forged"), who="lim")
    assert "created" in desk.create(revision("made"), who=desk.operator)


@pytest.mark.parametrize(
    "kubernetes", ["the cluster"], indirect=True
)  # the other one has no garbage collector
@pytest.mark.parametrize("cascade", ["foreground", "background"])
def test_history_goes_with_its_execution(desk: Desk, cascade: str) -> None:
    desk.create(execution(cascade))
    uid = desk.read("exec", cascade)["metadata"]["uid"]
    owner = {"apiVersion": "stepwright.dev/v1", "kind": "Execution", "name": cascade, "uid": uid}
    page = history(f"{cascade}-1", cascade, uid)
    page["metadata"]["ownerReferences"] = [{**owner, "blockOwnerDeletion": True}]
    assert "created" in desk.create(page, who=desk.operator)

    desk.kubectl("delete", "exec", cascade, f"--cascade={cascade}", "--timeout=30s", who="lim")

    assert desk.kubectl("wait", "--for=delete", f"exechist/{cascade}-1", "--timeout=30s").count("rror") == 0
