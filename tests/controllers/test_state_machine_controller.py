"""StateMachines on the simulated API server: what is checked, said, kept and let go."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import Any

import pytest

from stepwright.asl.definition.compiling import unchecked
from stepwright.cluster import revisions
from stepwright.cluster.revisions import Revisions
from stepwright.controllers.draining import FINALIZER
from stepwright.controllers.state_machine_watch import Key, Policy, SeenMachine
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.vanished import Vanished
from stepwright.engine.looking_through import at_once
from stepwright.engine.readings import Readings
from stepwright.kube.api import Forbidden
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import VirtualClock, run
from tests.on_cluster.kubectl import machine, one
from tests.simulation.api_server import ApiServer, Refusal, Request
from tests.simulation.client import SimulatedApi

GREET: Key = ("shop", "greet")
PASS = one({"Type": "Succeed"})
MACHINES = 10
LONGER_THAN_A_RESTORE = 15
"""Seconds: what was read before may be of before it."""


class Play:
    """One operator's controller, and a server that tells it of every change."""

    def __init__(self) -> None:
        self.server = ApiServer(Random(0))
        self.under_way = False
        self.retention: list[Key | None] = []
        self.changes: list[Key] = []
        self.refused: dict[str, Refusal] = {}
        self.owned = True
        self.stood_still_seconds = 0.0
        """For how long its machine did, as the wall clock tells afterwards."""
        self.unheard: set[str] = set()
        """Types of events that kopf does not tell of."""
        self.before_status: list[Callable[[], None]] = []
        """What happens when a status is about to be written, each once."""
        self.machines = self._controller()
        self.server.observers.append(self._tell)
        handle = self.server.handle

        def refusing(request: Request) -> bytes:
            if request.path.endswith("/status") and self.before_status:
                self.before_status.pop(0)()
            for part, refusal in self.refused.items():
                if request.writes and part in request.path:
                    raise refusal
            return handle(request)

        self.server.handle = refusing  # type: ignore[method-assign]

    def _controller(self) -> StateMachines:
        quiet = Quiet("operator")
        api = self.api = SimulatedApi(self.server, quiet, quiet, lambda *_: None)
        return StateMachines(
            api,
            Revisions(api, read_clocks=self._read_clocks),
            (),
            lambda _: unchecked,
            VirtualClock(),
            on_change=self.changes.append,
            on_retention=self.retention.append,
            under_way=lambda _: self.under_way,
            in_use=lambda _: set(),
            on_gone=lambda _: None,
            owns=lambda _: self.owned,
            looked_through=at_once,
            read_clocks=self._read_clocks,
        )

    def _read_clocks(self) -> Readings:
        seconds = asyncio.get_running_loop().time()
        return Readings(seconds, seconds, seconds + self.stood_still_seconds)

    async def start_again(self) -> None:
        """Another operator takes its place, and knows nothing yet."""
        await self.machines.close()
        self.machines = self._controller()
        self.machines.observe(None, self.stored())

    def _tell(self, kind: str, key: tuple[str, str, str], _old: Any, new: Any) -> None:
        if key[0] == "statemachines" and kind not in self.unheard:
            asyncio.get_running_loop().call_soon(self.machines.observe, kind, new)

    def make(self, definition: Any = PASS, **spec: Any) -> None:
        body = machine("greet", definition)
        body["spec"] |= spec
        self.server.create("statemachines", "shop", body)

    async def make_and_change(self) -> None:
        """It has two revisions by the end, of which the newer one is current."""
        self.make()
        await asyncio.sleep(5)
        self.change(lambda body: body["spec"].update(definition=OTHER))
        await asyncio.sleep(5)

    def change(self, edit: Callable[[dict[str, Any]], None]) -> None:
        body = self.stored()
        edit(body)
        self.server.change(("statemachines", *GREET), body)

    def stored(self) -> dict[str, Any]:
        body = self.server.edited(("statemachines", *GREET))
        assert body is not None
        return body

    @property
    def is_gone(self) -> bool:
        return self.server.get("statemachines", *GREET) is None

    def ready(self) -> tuple[str, str, str]:
        found = next(each for each in self.stored()["status"]["conditions"] if each["type"] == "Ready")
        return found["status"], found["reason"], found["message"]

    def revisions(self) -> list[str]:
        return [body["metadata"]["name"] for body in self.server.all("controllerrevisions")]


def played(script: Callable[[Play], Awaitable[None]]) -> Play:
    async def main() -> Play:
        play = Play()
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

    (seen,) = play.machines.known.seen.values()
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
        play.server.delete(("statemachines", *GREET))
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
    assert play.is_gone


def test_one_that_is_deleted_waits_where_the_machine_stood_still_since_its_executions_were_looked_for() -> (
    None
):
    """etcd may have been restored meanwhile, to when one ran."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        handle = play.server.handle

        def pausing(request: Request) -> bytes:
            if request.path.endswith("/executions"):
                play.stood_still_seconds += 15
            return handle(request)

        play.server.handle = pausing  # type: ignore[method-assign]
        play.server.delete(("statemachines", *GREET))
        await asyncio.sleep(30)
        assert not play.is_gone
        play.server.handle = handle  # type: ignore[method-assign]
        await asyncio.sleep(30)

    assert played(script).is_gone


def test_a_deletion_waits_until_all_who_may_start_executions_have_heard_of_it() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.server.delete(("statemachines", *GREET))
        await asyncio.sleep(9)
        assert play.stored()["metadata"]["finalizers"] == [FINALIZER]
        await asyncio.sleep(3)

    assert played(script).is_gone


def test_a_deletion_waits_for_what_an_unknown_installation_begins_meanwhile() -> None:
    """Installations do not know of each other's Leases: who has no other operator beside it may have one all the same."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.server.delete(("statemachines", *GREET))
        await asyncio.sleep(5)
        begun = {"metadata": {"name": "e"}, "spec": {"stateMachineRef": {"name": "greet"}}}
        play.server.create("executions", "shop", begun | {"status": {"phase": "Running"}})
        await asyncio.sleep(60)
        assert not play.is_gone
        play.server.remove(("executions", "shop", "e"))
        await asyncio.sleep(10)

    assert played(script).is_gone


OTHER = one({"Type": "Pass", "End": True})
THIRD = one({"Type": "Pass", "Comment": "changed once more", "End": True})


def test_an_execution_that_is_created_when_a_definition_is_ready_runs_that_one() -> None:
    """Its status is read before who wrote it has its answer."""
    found: list[tuple[str | None, str]] = []

    async def script(play: Play) -> None:
        async def start(revision: str) -> None:
            known = await play.machines.newest(GREET)
            found.append((None if known is None else known.revision, revision))

        tasks = []

        def observe(_kind: str, key: tuple[str, str, str], _old: Any, new: Any) -> None:
            if key[0] == "statemachines" and new.get("status"):
                tasks.append(asyncio.create_task(start(new["status"]["revision"])))

        play.server.observers.append(observe)
        await play.make_and_change()
        await asyncio.gather(*tasks)

    played(script)

    assert len({revision for _, revision in found}) == 2
    assert all(started == ready for started, ready in found)


def test_what_is_said_of_a_definition_never_takes_the_place_of_what_is_said_of_a_newer_one() -> None:
    """A process was stopped before it sent it, and another one has the state machine since."""
    said: list[int] = []

    async def script(play: Play) -> None:
        def others() -> None:
            play.change(lambda body: body["spec"].update(definition=OTHER))
            play.change(lambda body: body.update(status={"observedGeneration": 2, "conditions": []}))

        play.server.observers.append(
            lambda _kind, key, _old, new: (
                said.append(new["status"]["observedGeneration"])
                if key[0] == "statemachines" and "status" in new
                else None
            )
        )
        play.before_status.append(others)
        play.make()
        await asyncio.sleep(5)

    play = played(script)

    assert said == sorted(said)
    assert play.ready()[:2] == ("True", "Valid")


def test_what_another_operator_could_not_record_is_tried_again_by_the_next() -> None:
    async def script(play: Play) -> None:
        play.refused["controllerrevisions"] = Refusal(403, "Forbidden", "exceeded quota: revisions")
        play.make()
        await asyncio.sleep(5)
        assert play.ready()[1] == "Delayed"
        play.owned = False
        await play.start_again()
        await asyncio.sleep(5)
        play.refused.clear()
        play.owned = True
        play.machines.shares_changed()
        await asyncio.sleep(5)

    assert played(script).ready()[:2] == ("True", "Valid")


def test_the_revision_that_other_operators_start_with_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the next one is ready, they do, and who has just begun to look after it knows of none."""
    monkeypatch.setattr(revisions, "KEPT", 0)
    former: list[str] = []

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        former.append(play.stored()["status"]["revision"])
        await play.machines.close()
        play.change(lambda body: body["spec"].update(definition=OTHER))
        await play.start_again()
        await asyncio.sleep(5)

    play = played(script)

    assert play.stored()["status"]["revision"] != former[0]
    assert former[0] in play.revisions()


def test_a_revision_that_nobody_needs_any_more_goes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the others have had time to hear of the next: no further change is waited for."""
    monkeypatch.setattr(revisions, "KEPT", 0)

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.change(lambda body: body["spec"].update(definition=OTHER))
        await asyncio.sleep(9)
        assert len(play.revisions()) == 2, (
            "an operator that has not heard yet starts executions with the former one"
        )
        await asyncio.sleep(3)

    play = played(script)

    assert play.revisions() == [play.stored()["status"]["revision"]]


def test_no_revision_stays_for_a_status_that_was_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes the definition once more, a moment before the status tells of it."""
    monkeypatch.setattr(revisions, "KEPT", 0)

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        change = partial(play.change, lambda body: body["spec"].update(definition=THIRD))
        play.before_status.append(change)
        play.change(lambda body: body["spec"].update(definition=OTHER))
        await asyncio.sleep(5)
        assert len(play.revisions()) == 3
        await asyncio.sleep(10)

    play = played(script)

    assert play.revisions() == [play.stored()["status"]["revision"]]


def test_the_revision_of_a_definition_that_has_become_invalid_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "KEPT", 0)

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.change(lambda body: body["spec"].update(definition={"StartAt": "Nowhere", "States": {}}))
        await asyncio.sleep(15)

    assert played(script).revisions() == []


def test_the_revision_that_is_named_since_a_restore_stays_though_nobody_has_told_of_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was the former one, which nobody needed any more before: seed 67349 of the simulation."""
    monkeypatch.setattr(revisions, "KEPT", 0)

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        saved = play.server.snapshot()
        play.change(lambda body: body["spec"].update(definition=OTHER))
        await asyncio.sleep(5)
        play.unheard = {"MODIFIED"}
        play.server.restore(saved)
        await asyncio.sleep(20)

    play = played(script)

    assert play.revisions() == [play.stored()["status"]["revision"]]


def test_no_revision_is_deleted_where_the_machine_stood_still_since_it_was_asked_who_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """etcd may have been restored meanwhile, to when somebody did. It is tried again later."""
    monkeypatch.setattr(revisions, "KEPT", 0)

    async def script(play: Play) -> None:
        await play.make_and_change()
        handle = play.server.handle

        def pausing(request: Request) -> bytes:
            if request.path.endswith("/executions"):
                play.stood_still_seconds += 15
            return handle(request)

        play.server.handle = pausing  # type: ignore[method-assign]
        await asyncio.sleep(20)
        assert len(play.revisions()) == 2
        play.server.handle = handle  # type: ignore[method-assign]
        await asyncio.sleep(600)

    play = played(script)

    assert play.revisions() == [play.stored()["status"]["revision"]]


def test_revisions_that_could_not_be_deleted_are_tried_again_at_longer_and_longer_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(revisions, "KEPT", 0)
    lists: list[Request] = []

    async def script(play: Play) -> None:
        await play.make_and_change()
        handle = play.server.handle

        def counting(request: Request) -> bytes:
            if request.method == "GET" and request.path.endswith("/controllerrevisions"):
                lists.append(request)
            return handle(request)

        play.server.handle = counting  # type: ignore[method-assign]
        play.refused["controllerrevisions"] = Refusal(403, "Forbidden", "not now")
        await asyncio.sleep(3600)
        assert len(play.revisions()) == 2
        play.refused.clear()
        await asyncio.sleep(600)

    play = played(script)

    assert play.revisions() == [play.stored()["status"]["revision"]]
    assert len(lists) < 20


def test_who_takes_a_state_machine_over_asks_for_its_newest_form_once() -> None:
    """Of what the former operator wrote last it may not have heard yet."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.owned = False
        await play.start_again()
        await asyncio.sleep(5)
        play.unheard = {"MODIFIED"}
        play.change(lambda body: body["status"].update(revision="greet-newer"))
        play.owned = True
        known = await play.machines.newest(GREET)
        assert known is not None
        assert known.revision == "greet-newer"
        play.change(lambda body: body["status"].update(revision="nobody else writes"))
        assert await play.machines.newest(GREET) == known

    played(script)


def test_after_a_restore_it_asks_again() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(LONGER_THAN_A_RESTORE)
        play.unheard = {"MODIFIED"}
        play.change(lambda body: body["status"].update(revision="greet-of-yesterday"))
        play.machines.ask_again()
        known = await play.machines.newest(GREET)
        assert known is not None
        assert known.revision == "greet-of-yesterday"

    played(script)


def test_after_its_lease_had_run_out_it_asks_again() -> None:
    """etcd was restored meanwhile, and executions began with a revision that was gone: nothing else had told of it yet."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(LONGER_THAN_A_RESTORE)
        play.unheard = {"MODIFIED"}
        play.change(lambda body: body["status"].update(revision="greet-of-yesterday"))
        play.machines.shares_changed()
        known = await play.machines.newest(GREET)
        assert known is not None
        assert known.revision == "greet-of-yesterday"

    played(script)


def test_what_was_known_before_a_restore_is_found_out_again_though_nobody_tells() -> None:
    """Restored to a time before its definition had been looked at, its revision was gone, and executions began with it."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(LONGER_THAN_A_RESTORE)
        before = play.machines.find(GREET)
        assert before is not None
        play.unheard = {"MODIFIED"}
        play.change(lambda body: body.pop("status"))
        play.machines.ask_again()
        assert play.machines.find(GREET) is None
        await asyncio.sleep(5)
        assert play.machines.find(GREET) == before
        assert play.stored()["status"]["revision"] == before.revision

    played(script)


def test_who_does_not_look_after_it_reads_it_anew_after_what_may_have_been_a_restore() -> None:
    """It waited for news, of which there are none where nothing was restored; so did executions."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(LONGER_THAN_A_RESTORE)
        before = play.machines.find(GREET)
        play.owned = False
        changes = len(play.changes)
        play.machines.ask_again()
        assert play.machines.find(GREET) is None
        await asyncio.sleep(5)
        assert play.machines.find(GREET) == before
        assert len(play.changes) > changes, "whoever waits is told"

    played(script)


def test_news_that_come_while_it_is_read_anew_count_more_than_what_was_read() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(LONGER_THAN_A_RESTORE)
        play.owned = False
        request: Any = play.api.request

        async def slowly(*arguments: Any, **named: Any) -> Any:
            answer = await request(*arguments, **named)
            await asyncio.sleep(1)
            return answer

        play.api.request = slowly  # type: ignore[method-assign]
        play.machines.ask_again()
        await asyncio.sleep(0.5)
        play.change(lambda body: body["status"].update(revision="greet-newer"))
        await asyncio.sleep(10)
        known = play.machines.find(GREET)
        assert known is not None
        assert known.revision == "greet-newer"

    played(script)


def test_many_executions_that_were_restored_ask_for_each_state_machine_once() -> None:
    """Each asked for all of them, and what was being read then was read again."""
    reads: Counter[str] = Counter()

    async def script(play: Play) -> None:
        for number in range(MACHINES):
            play.server.create("statemachines", "shop", machine(f"m{number}", PASS))
        await asyncio.sleep(LONGER_THAN_A_RESTORE)
        request: Any = play.api.request

        async def slowly(method: str, path: str, *arguments: Any, **named: Any) -> Any:
            if method == "GET":
                reads[path] += 1
                await asyncio.sleep(0.2)
            return await request(method, path, *arguments, **named)

        play.api.request = slowly  # type: ignore[method-assign]
        for _ in range(40):
            play.machines.ask_again()
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        assert all(play.machines.find(("shop", f"m{number}")) for number in range(MACHINES))

    played(script)

    assert len(reads) == MACHINES
    assert set(reads.values()) == {1}


def test_one_whose_definition_a_restore_has_brought_back_unchecked_is_read_once() -> None:
    """It was read to learn that, and again to be checked."""
    reads = 0

    async def script(play: Play) -> None:
        nonlocal reads
        play.make()
        await asyncio.sleep(LONGER_THAN_A_RESTORE)
        play.unheard = {"MODIFIED"}
        play.change(lambda body: body.pop("status"))
        request: Any = play.api.request

        async def counted(method: str, *arguments: Any, **named: Any) -> Any:
            nonlocal reads
            reads += method == "GET"
            return await request(method, *arguments, **named)

        play.api.request = counted  # type: ignore[method-assign]
        play.machines.ask_again()
        await asyncio.sleep(5)

    play = played(script)

    assert play.stored()["status"]["revision"] in play.revisions()
    assert reads == 1


def test_one_that_is_gone_is_not_known_though_nobody_tells() -> None:
    """kopf lists anew after a watch that has expired, and does not tell of what is missing in the list."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.unheard = {"DELETED"}
        play.server.delete(("statemachines", *GREET))
        await asyncio.sleep(20)
        assert play.is_gone

    play = played(script)

    assert play.machines.find(GREET) is None
    assert len(play.machines._draining) == 0


def test_one_that_nobody_asks_for_is_forgotten_when_it_is_gone_though_nobody_tells() -> None:
    """It is another operator's, and the watch was away while it went."""
    gone: list[Key] = []

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        play.owned = False
        machines = play.machines
        watching = asyncio.create_task(
            Vanished(play.api, VirtualClock(), machines.uids, machines.forget).run()
        )
        await asyncio.sleep(400)
        assert machines.find(GREET) is not None
        play.unheard |= {"MODIFIED", "DELETED"}
        play.server.remove(("statemachines", *GREET))
        await asyncio.sleep(400)
        watching.cancel()
        gone.extend(play.changes[-1:])

    assert played(script).machines.find(GREET) is None
    assert gone == [GREET]


def test_of_one_that_has_taken_the_place_of_another_nothing_is_known_until_it_is_looked_at() -> None:
    """Nobody has told that the other went: etcd was restored to a time before it. Executions started with its revision,
    which was gone with it."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        former = play.machines.find(GREET)
        play.unheard.add("DELETED")
        play.server.remove(("statemachines", *GREET))
        play.make()
        play.machines.observe("ADDED", play.stored())
        newest = await play.machines.newest(GREET)
        assert former is not None
        assert newest is None or newest.uid != former.uid
        await asyncio.sleep(5)

    play = played(script)
    known = play.machines.find(GREET)

    assert known is not None
    assert (known.uid, known.revision) == (play.stored()["metadata"]["uid"], play.revisions()[-1])


def test_what_another_installation_says_of_the_same_generation_is_taken_over() -> None:
    """etcd was restored, and a generation came again with another content, of which the other one has told already."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        before = len(play.server.all("controllerrevisions"))
        play.change(lambda body: body["status"].update(revision="greet-of-another-content"))
        await asyncio.sleep(5)
        known = play.machines.find(GREET)
        assert known is not None
        assert known.revision == "greet-of-another-content"
        assert len(play.server.all("controllerrevisions")) == before

    played(script)


def test_where_state_machines_cannot_be_listed_none_is_taken_for_gone() -> None:
    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)

        async def refuse(*_: Any, **__: Any) -> bytes:
            raise Forbidden(403, "Forbidden", "not here")

        play.api.request = refuse  # type: ignore[method-assign]
        await Vanished(play.api, VirtualClock(), play.machines.uids, play.machines.forget).look()

    assert played(script).machines.find(GREET) is not None


def test_one_that_takes_the_place_of_another_stays_known_when_the_end_of_that_is_told_late() -> None:
    async def script(play: Play) -> None:
        play.make()
        former = play.stored()
        await asyncio.sleep(5)
        play.server.remove(("statemachines", *GREET))
        play.make()
        await asyncio.sleep(5)
        play.machines.observe("DELETED", former)
        await asyncio.sleep(5)

    known = played(script).machines.find(GREET)

    assert known is not None
    assert known.revision is not None


Told = tuple[str, int]
"""A type of event, and of which of two it tells."""

TWO_CREATED: list[list[Told]] = [[("ADDED", 1), ("DELETED", 1)], [("ADDED", 2)]]
TWO_GONE: list[list[Told]] = [[("ADDED", 1), ("DELETED", 1)], [("ADDED", 2), ("DELETED", 2)]]
"""What is told of each of them comes in order."""


def interleaved(first: list[Told], second: list[Told]) -> list[list[Told]]:
    if not first or not second:
        return [first + second]
    left = [[first[0], *rest] for rest in interleaved(first[1:], second)]
    return left + [[second[0], *rest] for rest in interleaved(first, second[1:])]


async def create_two_unheard(play: Play) -> dict[int, dict[str, Any]]:
    """Two of one name, the first of which is gone."""
    play.unheard = {"ADDED", "DELETED", "MODIFIED"}
    play.make()
    first = play.stored()
    play.server.remove(("statemachines", *GREET))
    play.make()
    await asyncio.sleep(1)
    play.unheard = set()
    return {1: first, 2: play.stored()}


@pytest.mark.parametrize("seconds", [0, 3])
@pytest.mark.parametrize("told", interleaved(*TWO_CREATED))
def test_of_two_of_one_name_the_one_that_is_there_is_known_in_whatever_order_they_are_told(
    told: list[Told], seconds: float
) -> None:
    """After a pause of its machine an operator heard of the second before the first, and of the second's end with the
    first's."""

    async def script(play: Play) -> None:
        made = await create_two_unheard(play)
        for type, which in told:
            play.machines.observe(type, made[which])
            await asyncio.sleep(seconds)
        await asyncio.sleep(5)

    play = played(script)
    known = play.machines.find(GREET)

    assert known is not None
    assert known.uid == play.stored()["metadata"]["uid"]
    assert play.ready()[:2] == ("True", "Valid")
    assert play.changes[-1] == GREET


@pytest.mark.parametrize("told", interleaved(*TWO_GONE))
def test_of_two_of_one_name_that_are_gone_nothing_stays_in_memory(told: list[Told]) -> None:
    async def script(play: Play) -> None:
        made = await create_two_unheard(play)
        play.unheard = {"DELETED"}
        play.server.remove(("statemachines", *GREET))
        for type, which in told:
            play.machines.observe(type, made[which])
        await asyncio.sleep(5)
        assert not play.machines._workers

    machines = played(script).machines

    assert machines.find(GREET) is None
    assert not machines.uids()
    assert not machines.known.contested


def test_executions_that_were_told_nothing_while_it_was_read_hear_of_it() -> None:
    """Late news of the former one, of another operator's state machine: it is there as before."""

    async def script(play: Play) -> None:
        made = await create_two_unheard(play)
        play.machines.observe("ADDED", made[2])
        await asyncio.sleep(5)
        play.owned = False
        play.changes.clear()
        play.machines.observe("ADDED", made[1])
        assert play.machines.find(GREET) is None
        await asyncio.sleep(5)

    play = played(script)

    assert play.machines.find(GREET) is not None
    assert play.changes == [GREET]


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
