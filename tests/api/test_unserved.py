"""Definitions with tasks that nothing here serves: taken, and said at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.api.conftest import PASS
from tests.processes.dev import ROLE, DevProcess, ended

Create = Callable[..., str]
UNSERVED = "k8s:get"
SAID = f"Nothing that stepwright dev runs serves '{UNSERVED}', so executions that reach it fail"
READS = {"apiVersion": "v1", "kind": "Pod", "name": "web"}
GET = {"Type": "Task", "Resource": UNSERVED, "Parameters": READS, "End": True}
GETS = {"StartAt": "Get", "States": {"Get": GET}}


def logged(dev: DevProcess, name: str) -> list[str]:
    lines = dev.log.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if f"stateMachine:{name}" in line]


def test_a_task_that_nothing_serves_is_said_in_the_log(dev: DevProcess, sfn: Any, create: Create) -> None:
    machine = create(GETS, name="unserved")

    [line] = logged(dev, "unserved")
    assert "warning" in line
    assert SAID in line
    assert "/States/Get/Resource" in line
    # As said.
    answer = ended(sfn, sfn.start_execution(stateMachineArn=machine)["executionArn"])
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")


def test_what_an_update_brings_is_said_and_what_is_served_is_not(
    dev: DevProcess, sfn: Any, create: Create
) -> None:
    machine = create(PASS, name="changing")
    served = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "End": True}
    kept = create({"StartAt": "S", "States": {"S": served}}, name="served")
    assert logged(dev, "changing") == []
    sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(GETS))
    sfn.update_state_machine(stateMachineArn=machine, roleArn=ROLE + "-other")
    sfn.update_state_machine(stateMachineArn=kept, roleArn=ROLE + "-other")

    assert [SAID in line for line in logged(dev, "changing")] == [True]
    assert logged(dev, "served") == []


def test_validation_warns_of_what_nothing_serves(sfn: Any) -> None:
    asked = {"definition": json.dumps(GETS), "severity": "WARNING"}

    answer = sfn.validate_state_machine_definition(**asked)

    assert (answer["result"], answer["diagnostics"]) == (
        "OK",
        [
            {
                "severity": "WARNING",
                "code": "NO_DRIVER",
                "message": SAID,
                "location": "/States/Get/Resource",
            }
        ],
    )
    assert sfn.validate_state_machine_definition(definition=asked["definition"])["diagnostics"] == []


def test_validation_finds_nothing_wrong_with_maps_that_read_from_s3(sfn: Any) -> None:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **PASS}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    each = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    definition = json.dumps({"StartAt": "Each", "States": {"Each": each}})

    answer = sfn.validate_state_machine_definition(definition=definition, severity="WARNING")

    assert answer["diagnostics"] == []
