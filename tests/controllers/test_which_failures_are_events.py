"""Kubernetes Events about failures: what they say, and that they never stand in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.controllers.failure_events import MOST_AT_ONCE, FailureEvents
from stepwright.engine.ports import Commit, ExecutionRef, Uid
from stepwright.kube.api_errors import Forbidden
from tests.engine.virtual_loop import BEGIN, VirtualClock, run

ORDER = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")


class Server:
    """In place of the API: keeps what is posted, a second later."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.refuses = False

    async def create(self, path: str, body: dict[str, Any]) -> None:
        await asyncio.sleep(1)
        if self.refuses:
            raise Forbidden(403, "Forbidden", "no rights")
        self.posted.append((path, body))


class Telling:
    def __init__(self) -> None:
        self.server = Server()
        self.dropped = 0
        api: Any = self.server
        self.events = FailureEvents(api, "operator-1", VirtualClock(), self._drop)

    def _drop(self) -> None:
        self.dropped += 1

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(body["reason"], body["note"]) for _, body in self.server.posted]


def told(script: Callable[[Telling], Awaitable[None]]) -> Telling:
    async def main() -> Telling:
        telling = Telling()
        await script(telling)
        await asyncio.sleep(2)
        return telling

    return run(main)


def commit(outcome: Outcome | None) -> Commit:
    return Commit("c", 3, Millis(BEGIN), Millis(BEGIN), {}, outcome=outcome)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, []),
        (Outcome("SUCCEEDED", output=JsonText("1")), []),
        (Outcome("ABORTED", error="E", cause="secret"), []),
        (
            Outcome("FAILED", error="Shop.Closed", cause="secret"),
            [("Failed", "The execution failed with Shop.Closed; status.cause says more")],
        ),
        (Outcome("FAILED"), [("Failed", "The execution failed")]),
        (
            Outcome("TIMED_OUT", error="States.Timeout"),
            [("TimedOut", "The execution ran out of time with States.Timeout")],
        ),
    ],
    ids=repr,
)
def test_failures_are_told_and_never_what_a_task_has_said(
    outcome: Outcome | None, said: list[tuple[str, str]]
) -> None:
    async def script(telling: Telling) -> None:
        telling.events.committed(ORDER, commit(outcome))

    assert told(script).said == said


def test_other_trouble_is_told_with_what_to_do() -> None:
    async def script(telling: Telling) -> None:
        telling.events.failed(ORDER, "InvalidExecutionInput")
        telling.events.restored(ORDER, 9, 4)
        telling.events.unwritable(ORDER)
        telling.events.stalled(ORDER, "nothing can be written")
        telling.events.broke(ORDER)

    reasons = dict(told(script).said)

    assert [*reasons] == ["Failed", "Restored", "TooLarge"]
    assert reasons["Restored"].endswith("goes on from commit 4, the newest was 9")
    assert "Delete it" in reasons["TooLarge"]


def test_an_event_is_one_that_the_api_server_takes_whatever_the_execution_is_called() -> None:
    async def script(telling: Telling) -> None:
        name = "x" * 199 + ".long"
        telling.events.failed(ExecutionRef(Uid("1"), "shop", name, "orders"), "E" * 2000)

    [(path, body)] = told(script).server.posted

    assert path == "/apis/events.k8s.io/v1/namespaces/shop/events"
    assert body["metadata"] == {"generateName": "x" * 199 + "-", "namespace": "shop"}
    assert body["regarding"] == {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Execution",
        "namespace": "shop",
        "name": "x" * 199 + ".long",
        "uid": "1",
    }
    assert len(body["note"]) == 1024
    assert body["eventTime"] == "2026-01-01T00:00:00.000000Z"


def test_of_a_burst_as_many_are_told_as_can_be_and_the_rest_is_counted() -> None:
    async def script(telling: Telling) -> None:
        for _ in range(MOST_AT_ONCE + 7):
            telling.events.failed(ORDER, "E")
        assert telling.dropped == 7
        await asyncio.sleep(1.5)
        telling.events.failed(ORDER, "E")

    telling = told(script)

    assert (len(telling.said), telling.dropped) == (MOST_AT_ONCE + 1, 7)


def test_who_may_not_post_events_goes_on() -> None:
    async def script(telling: Telling) -> None:
        telling.server.refuses = True
        telling.events.failed(ORDER, "E")
        await asyncio.sleep(1.5)
        telling.server.refuses = False
        telling.events.failed(ORDER, "F")

    telling = told(script)

    assert telling.said == [("Failed", "The execution failed with F; status.cause says more")]
    assert telling.dropped == 0
