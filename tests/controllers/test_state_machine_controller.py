"""StateMachines on the simulated API server: what is checked, said, kept and let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from stepwright.cluster.revisions import Revisions
from stepwright.controllers.state_machine_watch import Key, Policy, SeenMachine
from stepwright.controllers.state_machines import FINALIZER, StateMachines
from stepwright.engine.looking_through import at_once
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import VirtualClock, run
from tests.kube import machine, one
from tests.simulation.api_server import ApiServer, Refusal, Request
from tests.simulation.client import SimulatedApi

GREET: Key = ("shop", "greet")
PASS = one({"Type": "Succeed"})


class Play:
    """One operator's controller, and a server that tells it of every change."""

    def __init__(self, *, alone: bool = True) -> None:
        self.server = ApiServer(Random(0))
        self.under_way = False
        self.retention: list[Key | None] = []
        self.changes: list[Key] = []
        self.refused: dict[str, Refusal] = {}
        quiet = Quiet("operator")
        api = SimulatedApi(self.server, quiet, quiet, lambda *_: None)
        self.machines = StateMachines(
            api,
            Revisions(api),
            (),
            lambda _: {},
            VirtualClock(),
            on_change=self.changes.append,
            on_retention=self.retention.append,
            under_way=lambda _: self.under_way,
            in_use=lambda _: set(),
            on_gone=lambda _: None,
            owns=lambda _: True,
            alone=lambda: alone,
            looked_through=at_once,
        )
        self.server.observers.append(self._tell)
        handle = self.server.handle

        def refusing(request: Request) -> bytes:
            for part, refusal in self.refused.items():
                if request.writes and part in request.path:
                    raise refusal
            return handle(request)

        self.server.handle = refusing  # type: ignore[method-assign]

    def _tell(self, kind: str, key: tuple[str, str, str], _old: Any, new: Any) -> None:
        if key[0] == "statemachines":
            asyncio.get_running_loop().call_soon(self.machines.observe, kind, new)

    def make(self, definition: Any = PASS, **spec: Any) -> None:
        body = machine("greet", definition)
        body["spec"] |= spec
        self.server.create("statemachines", "shop", body)

    def change(self, edit: Callable[[dict[str, Any]], None]) -> None:
        body = self.stored()
        edit(body)
        self.server.change(("statemachines", *GREET), body)

    def stored(self) -> dict[str, Any]:
        body = self.server.edited(("statemachines", *GREET))
        assert body is not None
        return body

    def ready(self) -> tuple[str, str, str]:
        found = next(each for each in self.stored()["status"]["conditions"] if each["type"] == "Ready")
        return found["status"], found["reason"], found["message"]

    def revisions(self) -> list[str]:
        return [body["metadata"]["name"] for body in self.server.all("controllerrevisions")]


def played(script: Callable[[Play], Awaitable[None]], *, alone: bool = True) -> Play:
    async def main() -> Play:
        play = Play(alone=alone)
        await script(play)
        await play.machines.close()
        return play

    return run(main)


def test_a_valid_definition_is_kept_and_ready() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)

    play = played(script)

    assert play.ready()[:2] == ("True", "Valid")
    assert play.revisions() == [play.stored()["status"]["revision"]]
    assert play.stored()["metadata"]["finalizers"] == [FINALIZER]
    known = play.machines.find(GREET)
    assert known is not None
    assert known.revision == play.revisions()[0]


def test_of_a_state_machine_nothing_is_remembered_of_its_definition() -> None:
    async def script(play: Play) -> None:
        play.make(one({"Type": "Pass", "Result": "x" * 100_000, "End": True}))
        await asyncio.sleep(5)

    play = played(script)

    (seen,) = play.machines._seen.values()
    assert isinstance(seen, SeenMachine)
    assert len(repr(seen)) < 3_000


def test_what_is_wrong_with_a_definition_is_said_and_mended_it_is_ready() -> None:
    async def script(play: Play) -> None:
        play.make({"StartAt": "Gone", "States": {"A": {"Type": "Succeed"}}})
        await asyncio.sleep(5)
        play.before = (play.ready(), play.stored()["status"]["diagnostics"], play.machines.find(GREET))  # type: ignore[attr-defined]
        play.change(lambda body: body["spec"].update(definition=PASS))
        await asyncio.sleep(5)

    play = played(script)

    ready, diagnostics, known = play.before  # type: ignore[attr-defined]
    assert ready[:2] == ("False", "InvalidDefinition")
    assert diagnostics
    assert known.revision is None
    assert play.ready()[:2] == ("True", "Valid")
    assert not play.stored()["status"]["diagnostics"]
    assert play.changes[-1] == GREET


def test_tasks_that_run_as_the_account_which_makes_their_jobs_are_warned_of() -> None:
    """A task whose pod has that account's token can make Jobs in the place of others."""

    async def script(play: Play) -> None:
        play.make(serviceAccountName="robot", taskServiceAccountName="robot")
        await asyncio.sleep(5)
        assert play.ready()[:2] == ("True", "Valid"), "it is a warning"
        [told] = play.stored()["status"]["diagnostics"]
        assert (told["severity"], told["code"]) == ("WARNING", "SHARED_SERVICE_ACCOUNT")
        assert "tasks run as the ServiceAccount 'robot', as which their Jobs are made, too" in told["message"]

        play.change(lambda body: body["spec"].update(taskServiceAccountName="worker"))
        await asyncio.sleep(5)
        assert play.stored()["status"].get("diagnostics", []) == []
        play.change(lambda body: body["spec"].pop("serviceAccountName"))
        await asyncio.sleep(5)
        assert play.stored()["status"].get("diagnostics", []) == []

    played(script)


def test_a_definition_that_is_too_long_is_refused_without_being_compiled() -> None:
    """As an object it has no limit in the schema, and decoded it takes twenty times its length."""

    async def script(play: Play) -> None:
        play.server.largest_bytes = 3_000_000
        play.make({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": [{}] * 400_000, "End": True}}})
        await asyncio.sleep(5)

    play = played(script)

    assert play.ready()[:2] == ("False", "InvalidDefinition")
    assert "more than the 1,048,576 (1 MiB) that are allowed" in play.ready()[2]
    assert [found["code"] for found in play.stored()["status"]["diagnostics"]] == ["DEFINITION_TOO_LARGE"]
    assert play.revisions() == []


def test_a_quota_that_keeps_it_from_being_recorded_is_said_and_it_is_tried_again() -> None:
    async def script(play: Play) -> None:
        play.refused["controllerrevisions"] = Refusal(403, "Forbidden", "exceeded quota: revisions")
        play.make()
        await asyncio.sleep(20)
        play.before = play.ready()  # type: ignore[attr-defined]
        play.refused.clear()
        await asyncio.sleep(60)

    play = played(script)

    assert play.before[:2] == ("False", "Delayed")  # type: ignore[attr-defined]
    assert "exceeded quota: revisions" in play.before[2]  # type: ignore[attr-defined]
    assert play.ready()[:2] == ("True", "Valid")


def test_a_change_of_something_else_writes_nothing() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.change(lambda body: body["metadata"].update(labels={"team": "shop"}))
        play.before = play.stored()["metadata"]["resourceVersion"]  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    play = played(script)

    assert play.stored()["metadata"]["resourceVersion"] == play.before  # type: ignore[attr-defined]


def test_one_that_is_deleted_waits_for_its_executions() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.under_way = True
        play.change(lambda body: body["metadata"].update(deletionTimestamp="2026-01-01T00:00:05Z"))
        await asyncio.sleep(30)
        play.before = (play.ready(), play.stored()["metadata"]["finalizers"], play.machines.find(GREET))  # type: ignore[attr-defined]
        play.under_way = False
        play.machines.execution_ended(GREET)
        await asyncio.sleep(1)

    play = played(script)

    ready, finalizers, known = play.before  # type: ignore[attr-defined]
    assert ready[:2] == ("False", "Draining")
    assert finalizers == [FINALIZER]
    assert (known.revision, known.deleting) == (None, True)
    assert play.stored()["metadata"]["finalizers"] == []


def test_beside_other_operators_a_deletion_waits_until_they_have_heard_of_it() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.change(lambda body: body["metadata"].update(deletionTimestamp="2026-01-01T00:00:05Z"))
        await asyncio.sleep(9)
        assert play.stored()["metadata"]["finalizers"] == [FINALIZER]
        await asyncio.sleep(3)

    assert played(script, alone=False).stored()["metadata"]["finalizers"] == []


def test_a_change_of_its_retention_is_told_and_other_changes_are_not() -> None:
    async def script(play: Play) -> None:
        play.make(retention={"ttlSecondsAfterFinished": 5})
        await asyncio.sleep(2)
        play.change(lambda body: body["spec"].update(comment="more"))
        await asyncio.sleep(2)
        play.change(lambda body: body["spec"].update(retention={"failedExecutionsHistoryLimit": 1}))
        await asyncio.sleep(2)

    play = played(script)

    assert play.retention == [GREET, GREET]
    assert play.machines.policy_of(GREET) == Policy(failed=1)
    assert play.machines.policy_of(("shop", "other")) == Policy()
