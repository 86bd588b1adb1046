"""Tests of whole workflows: tasks are mocked, time is virtual, and nothing else is needed.

    from stepwright.testing import TaskError, Workflow, in_turn

    order = Workflow("order.yaml")
    order.mock("Ship", in_turn(TaskError("Carrier.Busy"), {"tracking": "SW-7"}))
    result = order.run({"orderId": 7})

    assert result.status == "SUCCEEDED"
    assert result.states == ["CheckOrder", "Ship", "Notify"]

pytest users get the fixture ``workflow`` (``stepwright.pytest_plugin``). Belongs here: playing an execution
on the language core in virtual time, mocks of tasks, and reports. Not: the engine, which keeps executions
alive in the real world.
"""

from stepwright.testing.mocking import TaskError, after, in_turn, never, per_attempt
from stepwright.testing.result import Call, Result, Visit
from stepwright.testing.workflow import InvalidWorkflow, UnmockedTask, Workflow

__all__ = [
    "Call",
    "InvalidWorkflow",
    "Result",
    "TaskError",
    "UnmockedTask",
    "Visit",
    "Workflow",
    "after",
    "in_turn",
    "never",
    "per_attempt",
]
