"""What is known of StateMachines: of those of other operators, after a restore of etcd, and where several have one name."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from stepwright.controllers.state_machine_watch import Key, SeenMachine
from stepwright.controllers.vanished import Vanished
from stepwright.kube.api_errors import Forbidden
from tests.controllers.state_machines_scene import GREET, OTHER, PASS, Play, played
from tests.engine.virtual_loop import VirtualClock
from tests.on_cluster.kubectl import machine

MACHINES = 10
LONGER_THAN_A_RESTORE = 15
"""Seconds: what was read before may be of before it."""


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


def test_an_answer_that_was_long_under_way_undoes_nothing_that_was_found_out_meanwhile() -> None:
    """Nothing would have reported the newer definition again, and its executions would have waited for ever."""

    async def script(play: Play) -> None:
        play.make()
        await asyncio.sleep(5)
        known = play.machines.known
        stored, comes = known.stored, asyncio.Event()

        async def under_way(key: Key) -> SeenMachine:
            answer = await stored(key)
            await comes.wait()
            return answer

        known.stored = under_way  # type: ignore[method-assign]
        known.confirm_anew()
        asked = asyncio.create_task(known.newest(GREET))
        await asyncio.sleep(1)
        play.change(lambda body: body["spec"].update(definition=OTHER))
        await asyncio.sleep(5)
        newer = known.find(GREET)
        known.confirm_anew()
        comes.set()
        await asked

        assert known.find(GREET) == newer
        assert newer is not None
        assert newer.generation == 2

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
    """etcd was restored meanwhile, and executions began with a revision that was gone: nothing else had reported it yet."""

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
    """It waited for news, which never came where nothing was restored; so did executions."""

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
        assert len(play.changes) > changes, "whoever waits is notified"

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
    """kopf lists anew after a watch that has expired, and does not report what is missing in the list."""

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
    """Nobody has reported that the other went: etcd was restored to a time before it. Executions started with its revision,
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
    """etcd was restored, and a generation came again with another content, which the other one has reported already."""

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
"""A type of event, and which of the two it is about."""

TWO_CREATED: list[list[Told]] = [[("ADDED", 1), ("DELETED", 1)], [("ADDED", 2)]]
TWO_GONE: list[list[Told]] = [[("ADDED", 1), ("DELETED", 1)], [("ADDED", 2), ("DELETED", 2)]]
"""What is reported of each of them comes in order."""


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
