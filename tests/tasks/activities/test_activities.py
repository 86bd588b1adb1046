"""Activities: workers, their answers, and what a kill does to them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.task_token import task_name
from stepwright.catalog.task_tokens import TaskTokens
from stepwright.sql import token_keys
from stepwright.sql.database import NAMESPACE
from tests.data.earlier import seal_tokens, sealed_token, turn_back
from tests.processes.dev import DevProcess, ended
from tests.sql.test_killed import machine, restart


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("activities") / "data") as process:
        yield process


def begin(dev: DevProcess, **fields: Any) -> tuple[Any, str, str]:
    """A client, the activity, and an execution that waits for a worker."""
    client = dev.client()
    name = f"work-{time.monotonic_ns()}"
    activity = client.create_activity(name=name)["activityArn"]
    state = {"Type": "Task", "Resource": activity, "End": True, **fields}
    arn = machine(client, {"StartAt": "A", "States": {"A": state}}, name)
    return client, activity, client.start_execution(stateMachineArn=arn, input='{"n": 1}')["executionArn"]


def take(client: Any, activity: str) -> dict[str, Any]:
    task: dict[str, Any] = client.get_activity_task(activityArn=activity, workerName="me")
    del task["ResponseMetadata"]
    return task


def test_a_worker_takes_a_task_and_answers_it(dev: DevProcess) -> None:
    client, activity, execution = begin(dev)

    task = take(client, activity)
    client.send_task_heartbeat(taskToken=task["taskToken"])
    client.send_task_success(taskToken=task["taskToken"], output='"done"')
    answer = ended(client, execution)

    events = client.get_execution_history(executionArn=execution)["events"]
    assert json.loads(task["input"]) == {"n": 1}
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '"done"')
    assert [event["type"] for event in events[2:5]] == [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
    ]
    assert events[3]["activityStartedEventDetails"] == {"workerName": "me"}


def test_a_worker_says_that_a_task_has_failed(dev: DevProcess) -> None:
    client, activity, execution = begin(dev)

    client.send_task_failure(taskToken=take(client, activity)["taskToken"], error="Mine", cause="because")

    answer = ended(client, execution)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "Mine", "because")


def test_only_the_first_answer_counts(dev: DevProcess) -> None:
    client, activity, execution = begin(dev)
    token = take(client, activity)["taskToken"]
    client.send_task_success(taskToken=token, output="1")

    again: tuple[Callable[[], Any], ...] = (
        lambda: client.send_task_success(taskToken=token, output="2"),
        lambda: client.send_task_failure(taskToken=token),
    )
    for call in again:
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["Error"] == {
            "Code": "TaskTimedOut",
            "Message": f"Task Timed Out: '{activity}'",
        }
    assert ended(client, execution)["output"] == "1"


def test_a_token_cannot_be_made_of_what_is_no_secret(dev: DevProcess) -> None:
    client, activity, execution = begin(dev)
    token = take(client, activity)["taskToken"]
    named = tokens_of(dev.data).read(token)
    name = task_name(named.uid, named.task)

    made = (
        name,
        f"{name}.",
        sealed_token(named.uid, named.task),
        f"{named.uid}-0{named.task}",
        f"{named.uid}-{'9' * 40}",
        f"{name}.é",
        token[:-1],
        token[::-1],
        token.swapcase(),
        TaskTokens([bytes(32)]).make(NAMESPACE, named.uid, named.task, named.scheduled),
    )
    for each in made:
        answers: tuple[tuple[Callable[..., Any], dict[str, str]], ...] = (
            (client.send_task_success, {"output": "1"}),
            (client.send_task_failure, {}),
            (client.send_task_heartbeat, {}),
        )
        for answer, said in answers:
            with pytest.raises(ClientError) as error:
                answer(taskToken=each, **said)
            assert error.value.response["Error"]["Code"] == "InvalidToken", each
    client.send_task_success(taskToken=token, output="1")
    assert ended(client, execution)["output"] == "1"


def test_the_token_of_a_task_of_that_id_that_was_scheduled_at_another_moment_is_over(dev: DevProcess) -> None:
    """As after the folder was restored from a backup: what happened since then is done again, otherwise."""
    client, activity, execution = begin(dev)
    token = take(client, activity)["taskToken"]
    tokens = tokens_of(dev.data)
    named = tokens.read(token)
    other = tokens.make(NAMESPACE, named.uid, named.task, Millis(named.scheduled - 1))

    with pytest.raises(ClientError) as error:
        client.send_task_success(taskToken=other, output="1")
    assert error.value.response["Error"]["Code"] == "TaskTimedOut"

    client.send_task_success(taskToken=token, output="2")
    assert ended(client, execution)["output"] == "2"


@pytest.mark.parametrize(
    ("turned_back", "former"),
    [(lambda data: turn_back(data, 4), task_name), (seal_tokens, sealed_token)],
    ids=["names of tasks", "sealed names"],
)
def test_tokens_of_an_earlier_version_are_taken_from_executions_that_it_began(
    tmp_path: Path, turned_back: Callable[[Path], None], former: Callable[[str, TaskId], str]
) -> None:
    data = tmp_path / "data"
    with DevProcess(data) as old:
        client, activity, execution = begin(old)
        open_task = tokens_of(data).read(take(client, activity)["taskToken"])
    turned_back(data)

    with DevProcess(data) as dev:
        client = dev.client()
        arn = execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
        later = client.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
        token = take(client, activity)["taskToken"]
        named = tokens_of(data).read(token)
        for made in (task_name, sealed_token):
            with pytest.raises(ClientError) as error:
                client.send_task_success(taskToken=made(named.uid, named.task), output="1")
            assert error.value.response["Error"]["Code"] == "InvalidToken"
        client.send_task_success(taskToken=former(open_task.uid, open_task.task), output="1")
        client.send_task_success(taskToken=token, output="2")
        assert (ended(client, execution)["output"], ended(client, later)["output"]) == ("1", "2")


def test_a_task_that_is_open_while_the_key_is_rotated_can_be_answered(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        client, activity, execution = begin(dev)
        token = take(client, activity)["taskToken"]
        dev.kill()
        keys, new = dev.data / token_keys.FILE, "ab" * 32
        keys.write_text(f"{new}\n{keys.read_text()}")
        dev.start()
        client = dev.client()
        later = client.start_execution(
            stateMachineArn=execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
        )["executionArn"]
        client.send_task_success(taskToken=token, output="1")
        token = take(client, activity)["taskToken"]
        client.send_task_success(taskToken=token, output="2")

        assert TaskTokens([bytes.fromhex(new)]).read(token)
        assert (ended(client, execution)["output"], ended(client, later)["output"]) == ("1", "2")


def tokens_of(data: Path) -> TaskTokens:
    """What the server of this folder makes and reads tokens with."""
    return TaskTokens(token_keys.of_folder(data))


def test_invalid_output_is_told_before_that_a_task_is_over(dev: DevProcess) -> None:
    client, activity, execution = begin(dev)
    token = take(client, activity)["taskToken"]

    def told(**arguments: str) -> tuple[str, str]:
        with pytest.raises(ClientError) as error:
            client.send_task_success(**arguments)
        answer = error.value.response["Error"]
        return answer["Code"], answer["Message"]

    assert told(taskToken=token, output="{")[0] == "InvalidOutput"
    client.send_task_success(taskToken=token, output="1")
    ended(client, execution)
    assert told(taskToken=token, output="{")[0] == "InvalidOutput"
    assert told(taskToken=token, output="1") == ("TaskTimedOut", f"Task Timed Out: '{activity}'")
    assert told(taskToken="none", output="{") == ("InvalidToken", "Invalid Token: 'Invalid token'")


def test_an_output_that_no_task_may_have_is_refused(dev: DevProcess) -> None:
    client, activity, execution = begin(dev)
    token = take(client, activity)["taskToken"]

    with pytest.raises(ClientError) as refused:
        client.send_task_success(taskToken=token, output=json.dumps("x" * 262_144))
    assert refused.value.response["Error"]["Code"] == "ValidationException"

    client.send_task_success(taskToken=token, output="1")
    assert ended(client, execution)["output"] == "1"


def test_an_activity_that_nobody_asks_for_waits_whatever_its_times(dev: DevProcess) -> None:
    client, activity, execution = begin(dev, TimeoutSeconds=2, HeartbeatSeconds=1)
    pause = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "End": True}}}
    later = machine(client, pause, f"pause-{time.monotonic_ns()}")
    ended(client, client.start_execution(stateMachineArn=later)["executionArn"])
    assert client.describe_execution(executionArn=execution)["status"] == "RUNNING"

    token = take(client, activity)["taskToken"]

    assert (ended(client, execution)["status"], ended(client, execution)["error"]) == (
        "FAILED",
        "States.Timeout",
    )
    events = client.get_execution_history(executionArn=execution)["events"]
    scheduled, started, timed_out = events[2:5]
    assert [event["type"] for event in (started, timed_out)] == ["ActivityStarted", "ActivityTimedOut"]
    assert (started["timestamp"] - scheduled["timestamp"]).total_seconds() >= 2
    assert (timed_out["timestamp"] - started["timestamp"]).total_seconds() >= 1
    with pytest.raises(ClientError) as error:
        client.send_task_success(taskToken=token, output="1")
    assert error.value.response["Error"]["Message"] == f"Task Timed Out: '{activity}'"


def test_a_worker_that_falls_silent_loses_its_task(dev: DevProcess) -> None:
    client, activity, execution = begin(dev, HeartbeatSeconds=1)
    token = take(client, activity)["taskToken"]

    answer = ended(client, execution)

    assert (answer["status"], answer["error"]) == ("FAILED", "States.Timeout")
    with pytest.raises(ClientError) as error:
        client.send_task_heartbeat(taskToken=token)
    assert error.value.response["Error"]["Code"] == "TaskTimedOut"


def test_a_task_that_was_taken_is_not_handed_out_again_after_a_kill(dev: DevProcess) -> None:
    client, activity, execution = begin(dev)
    token = take(client, activity)["taskToken"]

    client = restart(dev)
    other = client.start_execution(
        stateMachineArn=execution.replace(":execution:", ":stateMachine:").rpartition(":")[0], input="2"
    )
    second = take(client, activity)
    client.send_task_success(taskToken=token, output='"kept"')

    assert second["input"] == "2"
    assert ended(client, execution)["output"] == '"kept"'
    client.stop_execution(executionArn=other["executionArn"])


def test_a_worker_that_was_gone_before_a_kill_loses_its_task_after_it(dev: DevProcess) -> None:
    client, activity, execution = begin(dev, HeartbeatSeconds=2)
    take(client, activity)

    client = restart(dev)
    answer = ended(client, execution)

    assert (answer["status"], answer["error"]) == ("FAILED", "States.Timeout")
    events = client.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in events[2:5]] == [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivityTimedOut",
    ]
    assert events[3]["activityStartedEventDetails"] == {"workerName": "me"}


def test_a_task_that_nobody_took_is_there_after_a_kill(dev: DevProcess) -> None:
    _, activity, execution = begin(dev)

    client = restart(dev)
    client.send_task_success(taskToken=take(client, activity)["taskToken"], output="1")

    assert ended(client, execution)["output"] == "1"


def test_activities_are_described_listed_tagged_and_deleted(dev: DevProcess) -> None:
    client = dev.client()
    arn = client.create_activity(name="listed", tags=[{"key": "a", "value": "b"}])["activityArn"]

    described = client.describe_activity(activityArn=arn)
    client.tag_resource(resourceArn=arn, tags=[{"key": "c", "value": "d"}])
    tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
    listed = [activity["activityArn"] for activity in client.list_activities()["activities"]]
    client.delete_activity(activityArn=arn)
    client.delete_activity(activityArn=arn)

    assert (arn, described["name"]) == ("arn:aws:states:us-east-1:123456789012:activity:listed", "listed")
    assert tags == [{"key": "a", "value": "b"}, {"key": "c", "value": "d"}]
    assert arn in listed
    with pytest.raises(ClientError) as error:
        client.get_activity_task(activityArn=arn)
    assert error.value.response["Error"] == {
        "Code": "ActivityDoesNotExist",
        "Message": f"Activity Does Not Exist: '{arn}'",
    }
