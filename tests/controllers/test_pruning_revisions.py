"""Revisions of a StateMachine: which stay, and when the others go."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from stepwright.cluster import revisions
from tests.controllers.state_machines_scene import OTHER, Play, played
from tests.on_cluster.kubectl import one
from tests.simulation.api_server import Refusal, Request

THIRD = one({"Type": "Pass", "Comment": "changed once more", "End": True})


def test_the_revision_that_other_operators_start_with_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the next one is ready, they do, and an operator that has just begun to look after it knows of none."""
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


def test_a_revision_goes_though_another_operator_looks_after_the_state_machine_by_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That one does not know of it, so it stayed until the next change: seed 24192 of the simulation."""
    monkeypatch.setattr(revisions, "KEPT", 0)

    async def script(play: Play) -> None:
        await play.make_and_change()
        assert len(play.revisions()) == 2
        play.owned = False
        play.machines.shares_changed()
        await asyncio.sleep(10)

    play = played(script)

    assert play.revisions() == [play.stored()["status"]["revision"]]


def test_no_revision_stays_for_a_status_that_was_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes the definition once more, a moment before the status describes it."""
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
        play.stands_still = True
        await asyncio.sleep(20)
        assert len(play.revisions()) == 2
        play.stands_still = False
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
