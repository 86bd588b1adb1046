"""StateMachines on the simulated API server: what is checked, said, and let go."""

from __future__ import annotations

import asyncio
from typing import Any

from stepwright.controllers.machine_acts import FINALIZER
from stepwright.controllers.state_machine_watch import Policy, SeenMachine
from tests.controllers.state_machines_scene import GREET, OTHER, PASS, Play, played
from tests.on_cluster.kubectl import one
from tests.simulation.api_server import Refusal


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
        play.stands_still = True
        play.server.delete(("statemachines", *GREET))
        await asyncio.sleep(30)
        assert not play.is_gone
        play.stands_still = False
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
    """Installations do not know of each other's Leases: an operator that sees no other may have one beside it all the same."""

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


def test_an_execution_that_is_created_when_a_definition_is_ready_runs_that_one() -> None:
    """Its status is read before its writer has the answer."""
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
