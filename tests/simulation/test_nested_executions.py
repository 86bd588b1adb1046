"""Executions that tasks have started, in a cluster in which only what a test says happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.simulation import scene
from tests.simulation.scene import TASK, Scene
from tests.simulation.world import ACCOUNT, NAMESPACE

START = "arn:aws:states:::states:startExecution"


def starts(pattern: str, machine: str = "child", **fields: Any) -> dict[str, Any]:
    """A state machine of one task that starts an execution."""
    parameters = {"StateMachineArn": machine, "Input": {"n": 1}, **fields.pop("Parameters", {})}
    task = {"Type": "Task", "Resource": START + pattern, "Parameters": parameters, "End": True, **fields}
    return {"StartAt": "Call", "States": {"Call": task}}


WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
FAILS = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "No.Stock", "Cause": "sold"}}}
DOES = {"StartAt": "D", "States": {"D": {**TASK, "End": True}}}
LONG = {"StartAt": "L", "States": {"L": {"Type": "Pass", "Result": {"t": "x" * 20_000}, "End": True}}}
TELLS = {
    "StartAt": "P",
    "States": {
        "P": {
            "Type": "Pass",
            "Parameters": {"id.$": "$$.Execution.Id", "name.$": "$$.Execution.Name"},
            "End": True,
        }
    },
}
STARTS_AND_HOLDS = {
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Resource": START,
            "Parameters": {"StateMachineArn": "child"},
            "Next": "Hold",
        },
        "Hold": {"Type": "Wait", "Seconds": 3600, "End": True},
    },
}


def child_is(definition: dict[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return {"child": definition}


class Nested(Scene):
    machine: Mapping[str, Any] = starts(".sync:2")
    others = child_is({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    settings: Mapping[str, Any] = {"serviceAccountName": ACCOUNT}
    operators_begun = 1

    async def script(self) -> None:
        for slot in range(self.operators_begun):
            self.begin_operator(slot)
        await asyncio.sleep(5)
        self.create("parent")
        await self.then()
        assert not self.access.missing, self.access.missing
        if all(body["status"].get("settled") for body in self.server.all("executions")):
            await self.until(lambda: not any(each.left_over() for each in self.operators.values()))

    async def then(self) -> None:
        await self.until(lambda: self.status("parent").get("settled", False))

    def started(self) -> list[dict[str, Any]]:
        return [body for body in self.server.all("executions") if body["metadata"]["name"] != "parent"]

    @property
    def child(self) -> dict[str, Any]:
        (child,) = self.started()
        return child

    def output(self) -> Any:
        status = self.status("parent")
        if "outputRef" not in status:
            return msgspec.json.decode(status["output"])
        history = self.server.get("executionhistories", NAMESPACE, status["outputRef"]["name"])
        assert history is not None
        return msgspec.json.decode(history["payload"])

    def requests(self, method: str, words: str = "") -> list[str]:
        return [
            what[3]
            for what in self.result.trace
            if len(what) > 3 and what[2] == method and words in str(what[3])
        ]

    def child_phase(self) -> str:
        phase: str = self.child["status"]["phase"]
        return phase

    async def until_child(self, phase: str = "Running") -> None:
        await self.until(lambda: len(self.started()) == 1 and self.child_phase() == phase)


def test_a_task_has_the_output_of_the_execution_that_it_has_started() -> None:
    played = scene.play(Nested)

    told = played.output()
    child = played.child
    assert (told["Status"], told["Output"], told["Input"]) == ("SUCCEEDED", {"n": 1}, {"n": 1})
    name = child["spec"]["name"]
    assert child["metadata"]["name"] == f"child.{name}"
    assert told["ExecutionArn"] == f"arn:aws:states:kubernetes:{NAMESPACE}:execution:child:{name}"
    parent = played.execution("parent")["metadata"]
    assert child["metadata"]["labels"] == {
        "stepwright.dev/parent-uid": parent["uid"],
        "stepwright.dev/parent-task": "3",
    }
    said = {name: child["spec"]["parent"][name] for name in ("name", "uid", "task", "depth", "awaited")}
    assert said == {"name": "parent", "uid": parent["uid"], "task": 3, "depth": 1, "awaited": True}
    assert played.status("parent")["transitions"][0]["execution"] == f"child.{name}"


def test_a_child_sees_its_name_as_aws_has_it() -> None:
    class Tells(Nested):
        machine = starts(".sync:2", Parameters={"Name": "Order 7"})
        others = child_is(TELLS)

    told = scene.play(Tells)

    assert told.phase("parent") == "Failed"  # a blank is in no name
    Tells.machine = starts(".sync:2", Parameters={"Name": "Order_7"})
    told = scene.play(Tells)
    arn = f"arn:aws:states:kubernetes:{NAMESPACE}:execution:child:Order_7"
    assert told.output()["Output"] == {"id": arn, "name": "Order_7"}
    assert told.child["metadata"]["name"].startswith("child.order-7-")


def test_a_long_output_is_whole() -> None:
    class Long(Nested):
        others = child_is(LONG)

    assert scene.play(Long).output()["Output"] == {"t": "x" * 20_000}


def test_the_failure_of_an_awaited_execution_says_what_failed() -> None:
    class Failing(Nested):
        others = child_is(FAILS)

    played = scene.play(Failing)

    status = played.status("parent")
    cause = msgspec.json.decode(status["cause"])
    assert (status["phase"], status["error"]) == ("Failed", "States.TaskFailed")
    assert (cause["Error"], cause["Cause"], cause["Status"]) == ("No.Stock", "sold", "FAILED")


def test_a_task_that_does_not_wait_goes_on_at_once_and_stops_nothing() -> None:
    class Starting(Nested):
        machine = starts("")
        others = child_is(WAITS)

    played = scene.play(Starting)

    assert (played.phase("parent"), played.child_phase()) == ("Succeeded", "Running")
    assert "parent" in played.child["spec"]
    assert not played.child["spec"]["parent"]["awaited"]


def test_an_awaited_execution_is_stopped_with_its_parent() -> None:
    class Stopped(Nested):
        others = child_is(WAITS)

        async def then(self) -> None:
            await self.until_child()
            self._stop_execution("parent")
            await self.until(lambda: self.status("parent").get("settled", False))
            await self.until(lambda: self.child["status"].get("settled", False))

    played = scene.play(Stopped)

    assert (played.phase("parent"), played.child_phase()) == ("Aborted", "Aborted")
    assert played.child["metadata"]["annotations"]["stepwright.dev/stopped-by"].endswith(f":{ACCOUNT}")


def test_an_awaited_execution_is_stopped_when_its_task_times_out() -> None:
    class Late(Nested):
        machine = starts(".sync", TimeoutSeconds=5)
        others = child_is(WAITS)

        async def then(self) -> None:
            await super().then()
            await self.until(lambda: self.child["status"].get("settled", False))

    played = scene.play(Late)

    assert played.status("parent")["error"] == "States.Timeout"
    assert played.child_phase() == "Aborted"


def test_an_awaited_execution_is_stopped_when_its_parent_is_deleted() -> None:
    class Deleted(Nested):
        others = child_is(WAITS)
        operators_begun = 2

        async def then(self) -> None:
            await self.until_child()
            self._delete_execution("parent", again=False)
            await self.until(lambda: self.child["status"].get("settled", False))

    assert scene.play(Deleted).child_phase() == "Aborted"


def test_an_awaited_execution_is_stopped_when_its_parent_was_deleted_while_nobody_looked() -> None:
    class Deleted(Nested):
        others = child_is(WAITS)

        async def then(self) -> None:
            await self.until_child()
            await asyncio.sleep(3)
            self._strike(self.operator, "killed")
            self._delete_execution("parent", again=False)
            await self.until(lambda: self.child["status"].get("settled", False))

    assert scene.play(Deleted).child_phase() == "Aborted"


def test_one_that_is_not_awaited_stays_when_its_parent_is_deleted() -> None:
    class Deleted(Nested):
        machine = STARTS_AND_HOLDS
        others = child_is(WAITS)

        async def then(self) -> None:
            await self.until_child()
            self._delete_execution("parent", again=False)
            await asyncio.sleep(60)

    assert scene.play(Deleted).child_phase() == "Running"


def test_a_parent_learns_of_an_end_that_came_while_no_operator_was_there() -> None:
    class Away(Nested):
        others = child_is(DOES)

        async def then(self) -> None:
            await self.until_child()
            self._strike(self.operator, "killed")
            await super().then()

    played = scene.play(Away)

    assert played.phase("parent") == "Succeeded"
    assert len(played.started()) == 1


def test_waiting_costs_no_request() -> None:
    class Patient(Nested):
        others = child_is({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}})

        async def then(self) -> None:
            await self.until_child()
            await asyncio.sleep(20)
            before = len(self.requests("GET", "/executions/"))
            await asyncio.sleep(500)
            assert len(self.requests("GET", "/executions/")) == before
            await super().then()

    assert scene.play(Patient).phase("parent") == "Succeeded"


def test_a_name_that_is_taken_is_refused() -> None:
    class Taken(Nested):
        machine = starts(".sync", Parameters={"Name": "mine"})
        others = child_is(WAITS)

        async def script(self) -> None:
            spec = {"stateMachineRef": {"name": "child"}, "input": {"another": 1}}
            self._create_execution("mine", spec)
            await super().script()

    played = scene.play(Taken)

    assert played.status("parent")["error"] == "StepFunctions.ExecutionAlreadyExistsException"
    assert len(played.started()) == 1


def test_a_child_may_have_the_name_of_its_parent() -> None:
    class Same(Nested):
        machine = starts(".sync:2", Parameters={"Name.$": "$$.Execution.Name"})

    played = scene.play(Same)

    assert (played.phase("parent"), played.child["metadata"]["name"]) == ("Succeeded", "child.parent")


def test_a_state_machine_that_is_not_there_is_refused() -> None:
    class Nowhere(Nested):
        machine = starts(".sync", "arn:aws:states:us-east-1:123456789012:stateMachine:none")

    status = scene.play(Nowhere).status("parent")

    assert status["error"] == "StepFunctions.StateMachineDoesNotExistException"
    assert f":{NAMESPACE}:stateMachine:none'" in status["cause"]


def test_the_arn_that_a_state_machine_had_on_aws_means_the_one_here() -> None:
    class Moved(Nested):
        machine = starts(".sync:2", "arn:aws:states:eu-west-1:123456789012:stateMachine:child")

    assert scene.play(Moved).phase("parent") == "Succeeded"


def test_a_state_machine_that_starts_itself_comes_to_an_end() -> None:
    class Cycle(Nested):
        machine = starts(".sync", "m0")

    played = scene.play(Cycle)

    depths = sorted(body["spec"]["parent"]["depth"] for body in played.started())
    assert depths == list(range(1, 21))
    deepest = next(body for body in played.started() if body["spec"]["parent"]["depth"] == 20)
    assert deepest["status"]["error"] == "StepFunctions.ExecutionLimitExceededException"
    assert "20 executions" in deepest["status"]["cause"]


def test_without_an_account_nothing_is_started() -> None:
    class Nobody(Nested):
        settings: Mapping[str, Any] = {}

    played = scene.play(Nobody)

    assert played.status("parent")["error"] == "StepFunctions.AWSStepFunctionsException"
    cause = played.status("parent")["cause"]
    assert "spec.serviceAccountName" in cause
    assert "Error Code: AccessDeniedException" in cause
    assert played.started() == []


def test_a_child_that_is_deleted_fails_the_task_that_waits() -> None:
    class Gone(Nested):
        others = child_is(WAITS)

        async def then(self) -> None:
            await self.until_child()
            self._delete_execution(self.child["metadata"]["name"], again=False)
            await super().then()

    status = scene.play(Gone).status("parent")

    assert status["error"] == "StepFunctions.ExecutionDoesNotExistException"


def test_a_child_whose_time_is_over_stays_until_its_parent_has_its_output() -> None:
    class Short(Nested):
        others = child_is(DOES)
        operators_begun = 2

        async def then(self) -> None:
            await self.until_child()

            def edit(body: dict[str, Any]) -> None:
                body["spec"]["ttlSecondsAfterFinished"] = 0

            self.change(self.child["metadata"]["name"], edit)
            await super().then()
            await self.until(lambda: not self.started())

    assert scene.play(Short).output()["Status"] == "SUCCEEDED"
