"""Workflows under test: what users of ``stepwright.testing`` see."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stepwright.testing import (
    InvalidWorkflow,
    TaskError,
    UnmockedTask,
    Workflow,
    after,
    in_turn,
    never,
    per_attempt,
)

LAMBDA = "arn:aws:states:::lambda:invoke"
DAY = 86_400


def states(start_at: str, **given: dict[str, Any]) -> dict[str, Any]:
    def ended(state: dict[str, Any]) -> dict[str, Any]:
        return (
            state
            if {"Next", "End"} & state.keys() or state["Type"] in ("Choice", "Fail")
            else {**state, "End": True}
        )

    return {"StartAt": start_at, "States": {name: ended(state) for name, state in given.items()}}


def task(**members: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA, **members}


def one(**members: Any) -> Workflow:
    return Workflow(states("A", A=task(**members)))


RETRIED = {"Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 3}]}


# --- Mocks ------------------------------------------------------------------------------------------------------------


def test_a_value_is_the_result_of_the_task() -> None:
    result = one().mock("A", {"n": [1.0, None]}).run()

    assert (result.status, result.output) == ("SUCCEEDED", {"n": [1.0, None]})


@pytest.mark.parametrize(
    ("mock", "error", "cause"),
    [
        pytest.param(TaskError("Bank.Busy", "come later"), "Bank.Busy", "come later", id="error with cause"),
        pytest.param(TaskError("Bank.Busy"), "Bank.Busy", None, id="error"),
        pytest.param(ValueError("seven"), "ValueError", "seven", id="exception"),
        pytest.param(KeyError, "KeyError", None, id="exception class"),
        pytest.param(lambda _: ValueError("seven"), "ValueError", "seven", id="returned"),
    ],
)
def test_an_exception_is_its_failure(mock: Any, error: str, cause: str | None) -> None:
    result = one().mock("A", mock).run()

    assert (result.status, result.error, result.cause) == ("FAILED", error, cause)


def test_a_function_is_given_the_input_and_may_raise() -> None:
    def charge(given: Any) -> Any:
        if given["amount"] > 10:
            raise TaskError("Bank.Refused", f"{given['amount']} is too much")
        given["charged"] = given.pop("amount")
        return given

    flow = one().mock("A", charge)

    assert flow.run({"amount": 7}).output == {"charged": 7}
    assert flow.run({"amount": 70}).cause == "70 is too much"
    assert flow.run({"amount": 7}).inputs_of("A") == [{"amount": 7}]


def test_what_a_function_raises_by_mistake_fails_the_test_and_names_the_state() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        one().mock("A", lambda given: 1 / given["n"]).run({"n": 0})

    assert raised.value.__notes__ == ['Raised by the mock of state A, which was given {"n":0}']


def test_answers_come_in_turn() -> None:
    result = one(**RETRIED).mock("A", in_turn(TaskError("Busy"), lambda _: TaskError("Busy"), "done")).run()

    assert (result.output, result.seconds) == ("done", 30)
    assert [call.attempt for call in result.calls] == [0, 1, 2]
    assert [call.after_seconds for call in result.calls] == [0, 10, 30]


def test_every_iteration_begins_with_the_first_attempt() -> None:
    inner = states("A", A=task(**RETRIED))
    flow = Workflow(states("Each", Each={"Type": "Map", "ItemProcessor": inner}))

    result = flow.mock("A", per_attempt(TaskError("Busy"), lambda given: given * 2)).run([1, 2])

    assert (result.output, result.seconds) == ([2, 4], 10)
    assert result.inputs_of("A") == [1, 2, 1, 2]


def test_a_task_that_is_not_mocked_fails_the_test() -> None:
    with pytest.raises(UnmockedTask) as told:
        one().run({"n": 1})

    assert str(told.value) == (
        f'state A called its task (Resource {LAMBDA}), and it is not mocked. It was given {{"n":1}}'
    )


def test_a_task_that_is_called_more_often_than_answers_were_given_fails_the_test() -> None:
    with pytest.raises(UnmockedTask) as told:
        one(**RETRIED).mock("A", in_turn(TaskError("Busy"))).run()

    assert "its mock has 1 answers, and this is call 2" in str(told.value)


def test_a_mock_for_no_task_is_refused() -> None:
    with pytest.raises(LookupError) as told:
        Workflow(states("Ship", Ship=task(Next="End"), End={"Type": "Pass"})).mock("Shipp", 1)

    assert str(told.value) == "'Shipp' is not a Task state of workflow; is 'Ship' meant?"


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(TypeError, match="a mock gives a JSON value, an exception or a function"):
        one().mock("A", object())


@pytest.mark.parametrize("resource", ["arn:aws:states:::sqs:sendMessage.waitForTaskToken", "arn:aws:states:::ecs:runTask.sync", "arn:aws:states:us-east-1:123456789012:activity:sign", "arn:aws:lambda:us-east-1:123456789012:function:f", "k8s:job"])  # fmt: skip
def test_any_resource_can_be_mocked(resource: str) -> None:
    flow = Workflow(states("A", A={"Type": "Task", "Resource": resource}))

    assert flow.mock("A", after(5, {"ok": True})).run().output == {"ok": True}


def test_a_job_is_given_what_its_container_reads() -> None:
    job = {"image": "example/charge:1", "input": {"order.$": "$.id"}}
    flow = Workflow(states("A", A={"Type": "Task", "Resource": "k8s:job", "Parameters": job}))

    result = flow.mock("A", lambda given: given["order"]).run({"id": 7, "secret": "x"})

    assert (result.output, result.inputs_of("A")) == (7, [{"order": 7}])
    assert result.calls[0].parameters == {"image": "example/charge:1", "input": {"order": 7}}


# --- Virtual time -----------------------------------------------------------------------------------------------------


def test_thirty_days_are_over_at_once() -> None:
    flow = Workflow(states("W", W={"Type": "Wait", "Seconds": 30 * DAY}))

    result = flow.run(start=datetime(2024, 2, 1, tzinfo=UTC))

    assert (result.status, result.seconds) == ("SUCCEEDED", 30 * DAY)
    assert (result.started, result.ended) == ("2024-02-01T00:00:00.000Z", "2024-03-02T00:00:00.000Z")


def test_a_moment_is_waited_for() -> None:
    flow = Workflow(states("W", W={"Type": "Wait", "TimestampPath": "$.at"}))

    assert flow.run({"at": "2024-01-02T03:00:00Z"}, start="2024-01-02T00:00:00Z").seconds == 3 * 3600


def test_a_task_that_takes_too_long_times_out() -> None:
    flow = one(TimeoutSeconds=60)

    assert flow.mock("A", after(60, "in time")).run().output == "in time"
    late = flow.mock("A", after(60.001, "late")).run()
    assert (late.status, late.error, late.seconds) == ("FAILED", "States.Timeout", 60)


def test_heartbeats_keep_a_task_alive() -> None:
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Lost"}]
    flow = Workflow(
        states("A", A=task(HeartbeatSeconds=10, Catch=catch), Lost={"Type": "Fail", "Error": "Lost"})
    )

    assert flow.mock("A", after(3600, "done", heartbeats_every=10)).run().seconds == 3600
    silent = flow.mock("A", after(3600, "done")).run()
    assert (silent.error, silent.seconds) == ("Lost", 10)
    assert flow.mock("A", after(3600, "done", heartbeats_every=11)).run().error == "Lost"


def test_a_task_that_never_ends_leaves_the_execution_running() -> None:
    result = one().mock("A", never()).run()

    assert (result.status, result.waits_for) == ("RUNNING", ["A"])


def test_the_machine_times_out() -> None:
    flow = Workflow({**states("A", A=task()), "TimeoutSeconds": 90})

    result = flow.mock("A", never()).run()

    assert (result.status, result.seconds) == ("TIMED_OUT", 90)


def test_a_loop_ends_where_aws_ends_it() -> None:
    again = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.over", "IsPresent": True, "Next": "End"}],
        "Default": "A",
    }
    flow = Workflow(
        states("A", A={"Type": "Wait", "Seconds": 60, "Next": "Again"}, Again=again, End={"Type": "Pass"})
    )

    result = flow.run()

    assert (result.status, result.error, len(result.events)) == ("FAILED", "States.Runtime", 25_000)


def test_branches_share_the_time() -> None:
    both = {"Type": "Parallel", "Branches": [states("A", A=task()), states("B", B=task())]}

    result = Workflow(states("Both", Both=both)).mock("A", after(5, "a")).mock("B", after(3, "b")).run()

    assert (result.output, result.seconds) == (["a", "b"], 5)
    assert [visit.seconds for visit in result.visits] == [5, 5, 3]


def test_the_same_seed_gives_the_same_execution() -> None:
    jitter = {"Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 100, "JitterStrategy": "FULL"}]}
    flow = one(**jitter).mock("A", in_turn(TaskError("Busy"), "done"))

    first, again, other = flow.run(seed=1), flow.run(seed=1), flow.run(seed=2)

    assert first.events == again.events
    assert first.seconds != other.seconds


# --- Results ----------------------------------------------------------------------------------------------------------


def test_the_path_tells_of_branches_and_iterations() -> None:
    each = {"Type": "Map", "ItemProcessor": states("M", M={"Type": "Pass"})}
    both = {"Type": "Parallel", "Branches": [states("P", P={"Type": "Pass", "Next": "Each"}, Each=each), states("Q", Q={"Type": "Pass"})], "Next": "End"}  # fmt: skip

    result = Workflow(states("Both", Both=both, End={"Type": "Pass"})).run([1, 2])

    assert result.path == [{"Both": [["P", {"Each": [["M"], ["M"]]}], ["Q"]]}, "End"]
    assert result.states == ["Both", "End"]
    assert result.visit("Both[1]/Q").outcome == "Succeeded"


def test_a_state_with_branches_that_is_visited_twice_is_in_the_path_twice() -> None:
    both = {"Type": "Parallel", "Branches": [states("A", A=task())], "Next": "More"}
    more = {
        "Type": "Choice",
        "Choices": [{"Variable": "$[0]", "BooleanEquals": True, "Next": "Both"}],
        "Default": "End",
    }
    flow = Workflow(states("Both", Both=both, More=more, End={"Type": "Pass"}))

    result = flow.mock("A", in_turn(True, False)).run()

    assert result.path == [{"Both": [["A"]]}, "More", {"Both": [["A"]]}, "More", "End"]


def test_the_history_is_as_aws_tells_it() -> None:
    result = one().mock("A", 1).run()

    kinds = ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]  # fmt: skip
    assert [event["type"] for event in result.events] == kinds
    assert result.events[0]["timestamp"] == "2024-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("resource", "kinds"),
    [
        ("k8s:job", ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]),
        ("arn:aws:states:::ecs:runTask.sync", ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]),
        ("arn:aws:states:us-east-1:123456789012:activity:a", ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"]),
    ],
)  # fmt: skip
def test_a_task_has_the_events_of_its_kind(resource: str, kinds: list[str]) -> None:
    flow = Workflow(states("A", A={"Type": "Task", "Resource": resource})).mock("A", 1)

    assert [event["type"] for event in flow.run().events][2:-2] == kinds


def test_a_text_as_input_stays_as_it_is() -> None:
    flow = Workflow(states("A", A={"Type": "Pass"}))

    from stepwright.asl.json_types import JsonText

    assert (
        flow.run_text(JsonText('{"n": 1.0}')).events[0]["executionStartedEventDetails"]["input"]
        == '{"n": 1.0}'
    )


# --- Definitions ------------------------------------------------------------------------------------------------------


def test_a_manifest_is_taken_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "order.yaml"
    path.write_text(
        "apiVersion: stepwright.dev/v1\nkind: StateMachine\nmetadata: {name: order}\nspec:\n"
        "  definitionSubstitutions: {Who: you}\n"
        "  definition: {StartAt: A, States: {A: {Type: Pass, Result: 'hello ${Who}', End: true}}}\n"
    )

    result = Workflow(path).run()

    assert (result.name, result.output) == ("order", "hello you")


def test_an_invalid_definition_is_refused_with_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}))

    with pytest.raises(InvalidWorkflow) as told:
        Workflow(path)

    assert f"{path}:1:" in str(told.value)
    assert "MISSING_END_STATE: Workflow has no terminal state at /" in str(told.value)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="/no/such/file cannot be read"):
        Workflow("/no/such/file")


def test_a_definition_written_for_sam_is_taken_with_its_substitutions() -> None:
    definition = json.dumps(states("A", A=task(Resource="${Charge}")))

    flow = Workflow(
        definition, substitutions={"Charge": "arn:aws:lambda:us-east-1:123456789012:function:charge"}
    )

    assert flow.tasks == {"A": "arn:aws:lambda:us-east-1:123456789012:function:charge"}
    assert Workflow(definition, substitutions={"Charg": "x"}).tasks == {"A": "${Charge}"}
