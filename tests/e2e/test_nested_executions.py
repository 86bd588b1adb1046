"""Executions that tasks start, on a real API server: as which account, through kills, by several operators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.on_cluster import acting
from tests.on_cluster.acting import ACCOUNT
from tests.on_cluster.kubectl import Kube, Object, condition, execution, one, output, phase
from tests.processes.account import OperatorAccount
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

START = "arn:aws:states:::states:startExecution"
PASS = one({"Type": "Pass", "End": True})
FAIL = one({"Type": "Fail", "Error": "No.Stock", "Cause": "sold"})


def wait(seconds: int) -> Object:
    return one({"Type": "Wait", "Seconds": seconds, "End": True})


def starts(pattern: str, machine: str = "child", **fields: Any) -> Object:
    parameters = {"StateMachineArn": machine, "Input": {"n": [1.5]}, **fields.pop("Parameters", {})}
    return one({"Type": "Task", "Resource": START + pattern, "Parameters": parameters, "End": True, **fields})


@pytest.fixture
def here(kube: Kube, operator_account: OperatorAccount) -> Kube:
    acting.as_in_the_example(kube, operator_account.user)
    return kube


@pytest.fixture
def served(own_operator: OperatorProcess, here: Kube) -> Iterator[Kube]:
    """With an operator at work."""
    own_operator.start()
    yield here
    assert own_operator.alive, own_operator.log_tail()


def begin(kube: Kube, child: Object, parent: Object, name: str = "parent") -> None:
    kube.machine("child", child)
    kube.machine(name, parent, serviceAccountName=ACCOUNT)
    kube.start(name, name)


def children(kube: Kube) -> list[Object]:
    return kube.list("executions", "-l", "stepwright.dev/parent-uid")


def child(kube: Kube) -> Object:
    (found,) = children(kube)
    return found


def until_child(kube: Kube, name: str = "parent") -> Object:
    """The child, once it runs and its parent has recorded it or not."""
    kube.until("exec", name, lambda _: children(kube))
    return kube.until("exec", child(kube)["metadata"]["name"], lambda found: phase(found) == "Running")


def settled(kube: Kube, name: str) -> Object:
    return kube.until("exec", name, lambda found: (found.get("status") or {}).get("settled"))


@pytest.mark.parametrize(
    ("pattern", "given"), [(".sync", '{"n":[1.5]}'), (".sync:2", {"n": [1.5]})], ids=["text", "JSON"]
)
def test_a_task_goes_on_with_what_the_execution_has_come_to(
    served: Kube, audit: Audit, pattern: str, given: object
) -> None:
    since = audit.mark()
    begin(served, PASS, starts(pattern))
    ended = served.ended("parent")

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    told, found = output(ended), child(served)
    assert (told["Status"], told["Output"], told["Input"]) == ("SUCCEEDED", given, given)
    assert told["Name"] == found["spec"]["name"]
    assert found["spec"]["parent"]["uid"] == ended["metadata"]["uid"]
    assert ended["status"]["transitions"][-1]["execution"] == found["metadata"]["name"]
    robot = f"system:serviceaccount:{served.namespace}:{ACCOUNT}"
    assert found["metadata"]["annotations"]["stepwright.dev/started-by"] == robot
    user = {
        write.user
        for write in audit.writes(since, namespace=served.namespace)
        if (write.verb, write.resource, write.name) == ("create", "executions", found["metadata"]["name"])
    }
    assert user <= {robot}  # it comes to the log a moment later
    # Its own two commits, its creation, and two of the parent: what a Pass state and a child take.
    seqs = found["status"]["seq"], ended["status"]["seq"]
    assert seqs == (1, 2), seqs


def test_the_failure_of_an_awaited_execution_is_told_as_on_aws(served: Kube) -> None:
    begin(served, FAIL, starts(".sync"))
    status = served.ended("parent")["status"]

    cause = json.loads(status["cause"])
    assert status["error"] == "States.TaskFailed"
    assert (cause["Error"], cause["Cause"], cause["Status"]) == ("No.Stock", "sold", "FAILED")
    assert cause["StateMachineArn"] == f"arn:aws:states:kubernetes:{served.namespace}:stateMachine:child"


@pytest.mark.parametrize("ends", ["stopped", "deleted", "timed out"])
def test_an_awaited_execution_does_not_outlive_the_task_that_waits(served: Kube, ends: str) -> None:
    fields: dict[str, Any] = {"TimeoutSeconds": 4} if ends == "timed out" else {}
    begin(served, wait(3600), starts(".sync", **fields))
    found = until_child(served)
    if ends == "stopped":
        served("patch", "exec", "parent", "--type=merge", "-p", '{"spec":{"stop":{"cause":"enough"}}}')
    elif ends == "deleted":
        served("delete", "exec", "parent")

    assert phase(settled(served, found["metadata"]["name"])) == "Aborted"
    if ends != "deleted":
        assert phase(settled(served, "parent")) == ("Aborted" if ends == "stopped" else "Failed")


def test_one_that_is_only_started_is_left_alone(served: Kube) -> None:
    begin(served, wait(3600), starts(""))
    assert phase(settled(served, "parent")) == "Succeeded"
    served("delete", "exec", "parent")
    served.start("later", "child", input={})
    served.until("exec", "later", lambda found: phase(found) == "Running")

    assert phase(child(served)) == "Running"


def test_an_operator_that_is_killed_starts_nothing_twice_and_misses_no_end(
    own_operator: OperatorProcess, here: Kube
) -> None:
    own_operator.start()
    begin(here, wait(6), starts(".sync:2"))
    until_child(here)
    own_operator.kill()
    own_operator.start()
    own_operator.kill()
    own_operator.start()

    ended = here.ended("parent", seconds=90)
    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    assert len(children(here)) == 1


def test_a_parent_that_is_deleted_while_no_operator_is_there_takes_its_child_with_it(
    own_operator: OperatorProcess, here: Kube
) -> None:
    own_operator.start()
    begin(here, wait(3600), starts(".sync"))
    found = until_child(here)
    own_operator.kill()
    here("delete", "exec", "parent")
    own_operator.start()

    assert phase(settled(here, found["metadata"]["name"])) == "Aborted"


def test_two_operators_tell_each_other_of_the_ends_of_children(
    served: Kube,
    installed: Cluster,
    operator_account: OperatorAccount,
    tmp_path: Path,
) -> None:
    second = OperatorProcess(
        installed,
        tmp_path / "second.log",
        f"--namespace={served.namespace}",
        lease_namespace=served.namespace,
        account=operator_account,
    )
    second.start()
    try:
        served.machine("child", wait(2))
        served.machine("parent", starts(".sync:2"), serviceAccountName=ACCOUNT)
        for number in range(12):
            served.start(f"p{number}", "parent")
        ended = [served.ended(f"p{number}") for number in range(12)]
    finally:
        second.stop()

    assert {phase(found) for found in ended} == {"Succeeded"}
    assert len(children(served)) == 12
    assert {found["spec"]["parent"]["name"] for found in children(served)} == {f"p{n}" for n in range(12)}


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        ((), "may not get executions"),
        ((("executions", "get"),), "may not create executions"),
    ],
    ids=["none", "read only"],
)
def test_a_right_that_the_account_lacks_is_said_plainly(
    served: Kube,
    operator_account: OperatorAccount,
    rights: tuple[tuple[str, str], ...],
    words: str,
) -> None:
    acting.account(served, "clerk", *rights)
    acting.let_act_as(served, operator_account.user, "clerk")
    served.machine("child", PASS)
    served.machine("parent", starts(".sync"), serviceAccountName="clerk")
    served.start("parent", "parent")
    status = served.ended("parent")["status"]

    assert status["error"] == "StepFunctions.AWSStepFunctionsException"
    assert (
        f"ServiceAccount {served.namespace}/clerk {words} in namespace {served.namespace}" in status["cause"]
    )
    assert children(served) == []


def test_a_task_lists_executions_the_newest_first_page_by_page(served: Kube) -> None:
    fails: Object = {"Variable": "$.fails", "IsPresent": True, "Next": "Fail"}
    states: Object = {
        "Which": {"Type": "Choice", "Choices": [fails], "Default": "Wait"},
        "Fail": {"Type": "Fail"},
        "Wait": {"Type": "Wait", "Seconds": 300, "End": True},
    }
    served.machine("child", {"StartAt": "Which", "States": states})
    for name in ("a", "b"):
        served.start(name, "child", input={"fails": True})
        served.ended(name)
    served.start("c", "child")
    served.until("exec", "c", lambda found: phase(found) == "Running")
    lists: Object = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:listExecutions"}
    named = {"StateMachineArn": "child"}
    states = {
        "Failed": {**lists, "Parameters": {**named, "StatusFilter": "FAILED"}},
        "Running": {**lists, "Parameters": {**named, "StatusFilter": "RUNNING"}},
        "First": {**lists, "Parameters": {**named, "MaxResults": 2}},
        "Second": {**lists, "Parameters": {**named, "NextToken.$": "$.First.NextToken"}},
    }
    for name, following in zip(states, [*list(states)[1:], None], strict=True):
        states[name] |= {"ResultPath": f"$.{name}"} | ({"Next": following} if following else {"End": True})
    served.machine("parent", {"StartAt": "Failed", "States": states}, serviceAccountName=ACCOUNT)
    served.start("parent", "parent")
    listed = output(served.ended("parent"))

    assert {name: names(answer) for name, answer in listed.items()} == {
        "Failed": ["b", "a"],
        "Running": ["c"],
        "First": ["c", "b"],
        "Second": ["a"],
    }
    assert listed["Running"]["Executions"][0]["Status"] == "RUNNING"
    assert "NextToken" not in listed["Second"]


def names(listed: Object) -> list[str]:
    return [execution["Name"] for execution in listed["Executions"]]


def test_a_state_machine_without_an_account_is_not_ready(served: Kube) -> None:
    served.machine("parent", starts(".sync"))
    found = served.until("sm", "parent", lambda found: condition(found, "Ready"))

    assert condition(found, "Ready")["status"] == "False"
    assert "spec.serviceAccountName" in condition(found, "Ready")["message"]


def test_who_has_started_an_execution_is_not_changed(served: Kube) -> None:
    begin(served, wait(3600), starts(".sync"))
    name = until_child(served)["metadata"]["name"]

    for patch in (
        '{"spec":{"parent":null}}',
        '{"spec":{"parent":{"task":9}}}',
        '{"spec":{"name":"another"}}',
    ):
        said = served("patch", "exec", name, "--type=merge", "-p", patch, check=False)
        assert "cannot be changed" in said, (patch, said)
    forged = {
        **execution("forged", "child"),
        "spec": {"stateMachineRef": {"name": "child"}, "parent": {"name": "x"}},
    }
    assert "spec.parent.uid: Required value" in served(
        "create", "-f", "-", input=yaml.safe_dump(forged), check=False
    )
