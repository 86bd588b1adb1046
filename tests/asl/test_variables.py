"""Variables: Assign, and who sees what."""

from __future__ import annotations

from typing import Any

from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.asl.text.jsontext import parse
from tests.asl.virtual_time import Play, begin, fails, run, states

JOB = {"Type": "Task", "Resource": "k8s:job"}


def output_of(play: Play) -> Any:
    assert play.outcome is not None
    assert play.outcome.output is not None, play.outcome
    return parse(play.outcome.output)


def show(*names: str) -> dict[str, Any]:
    return {"Type": "Pass", "Parameters": {f"{name}.$": f"${name}" for name in names}}


def test_a_variable_is_seen_by_later_states() -> None:
    play = run(
        states("A", A={"Type": "Pass", "Assign": {"x": 1, "y.$": "$.a"}, "Next": "B"}, B=show("x", "y")),
        {"a": [2]},
    )

    assert output_of(play) == {"x": 1, "y": [2]}


def test_the_exit_event_tells_what_was_assigned() -> None:
    play = run(states("A", A={"Type": "Pass", "Assign": {"x": "one", "y": 2}}))
    details = play.events[2]["stateExitedEventDetails"]

    assert details["assignedVariables"] == {"x": '"one"', "y": "2"}
    assert details["assignedVariablesDetails"] == {"truncated": False}


def test_assigned_values_are_computed_before_any_is_assigned() -> None:
    play = run(
        states(
            "A",
            A={"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"},
            B={"Type": "Pass", "Assign": {"x.$": "$y", "y.$": "$x"}, "Next": "C"},
            C=show("x", "y"),
        )
    )

    assert output_of(play) == {"x": 2, "y": 1}


def test_a_state_sees_its_variables_as_they_were_when_it_began() -> None:
    play = run(
        states(
            "A",
            A={"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
            B={"Type": "Pass", "Assign": {"x": 2}, "OutputPath": "$x"},
        )
    )

    assert output_of(play) == 1


def test_branches_see_outer_variables_and_keep_their_own() -> None:
    assign = {"Type": "Pass", "Assign": {"inner.$": "$outer"}}
    branches = [
        states("I", I={**assign, "Next": "J"}, J=show("outer", "inner")),
        states("K", K={**assign, "Next": "L"}, L=show("outer", "inner")),
    ]
    play = run(
        states(
            "A",
            A={"Type": "Pass", "Assign": {"outer": 1}, "Next": "P"},
            P={"Type": "Parallel", "Branches": branches, "Next": "B"},
            B={"Type": "Pass", "Parameters": {"inner.$": "$inner"}},
        )
    )

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"  # what a branch assigned ended with it
    exited = [e for e in play.events if e["type"] == "ParallelStateExited"]
    expected = [{"outer": 1, "inner": 1}, {"outer": 1, "inner": 1}]
    assert parse(exited[0]["stateExitedEventDetails"]["output"]) == expected


def test_iterations_see_outer_variables_after_a_reload() -> None:
    play = begin(
        states(
            "A",
            A={"Type": "Pass", "Assign": {"outer": {"n": 1.0}}, "Next": "M"},
            M={"Type": "Map", "ItemProcessor": states("T", T={**JOB, "Parameters": {"o.$": "$outer"}})},
        ),
        [1, 2],
    )
    play.send(TaskSucceeded(play.started[0].task, 1))

    assert [task.parameters for task in play.started] == [{"o": {"n": 1.0}}] * 2


def test_tasks_assign_from_their_result() -> None:
    play = run(
        states(
            "T", T={**JOB, "Assign": {"code.$": "$.code"}, "ResultPath": None, "Next": "B"}, B=show("code")
        ),
        {"a": 1},
        lambda task: TaskSucceeded(task.task, {"code": 0}),
    )

    assert output_of(play) == {"code": 0}


def test_catchers_assign_from_the_error() -> None:
    catcher = {"ErrorEquals": ["E"], "Assign": {"why.$": "$.Cause"}, "Next": "B"}
    definition = states("T", T={**JOB, "Catch": [catcher]}, B=show("why"))

    assert output_of(run(definition, {}, fails("E", "c"))) == {"why": "c"}


def test_choice_rules_assign() -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1, "Assign": {"x": "one"}, "Next": "B"}
    definition = states(
        "C", C={"Type": "Choice", "Choices": [rule], "Default": "D"}, B=show("x"), D={"Type": "Fail"}
    )

    assert output_of(run(definition, {"n": 1})) == {"x": "one"}


def test_a_variable_nobody_assigned() -> None:
    play = run(states("B", B=show("x")))

    assert play.outcome is not None
    assert play.outcome.status == "FAILED"


def test_retries_do_not_assign() -> None:
    definition = states("T", T={**JOB, "Assign": {"x": 1}, "Retry": [{"ErrorEquals": ["E"]}]})
    play = begin(definition)
    play.send(TaskFailed(play.started[0].task, "E", None))

    assert "assignedVariables" not in str(play.events)
