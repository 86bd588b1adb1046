"""The index of executions is what the API server has, whatever happens to its watch and however things are called."""
# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Cursor, ExecutionQuery, Following, NoSuchCursor
from stepwright.cluster.execution_index import AsInContexts, ExecutionIndex, following
from stepwright.cluster.execution_index import index as index_module
from stepwright.cluster.execution_index.index import STATUSES, Index
from stepwright.cluster.execution_index.ordered import LAST, Ordered, by_latest, by_start
from stepwright.cluster.execution_index.row import MOST_LABELS, Row
from stepwright.cluster.execution_index.wanted import Wanted
from stepwright.engine.ports import Uid, Unavailable
from tests.cluster.executions_served import Body, ExecutionsServed, execution

SHOP = Place("shop", "kubernetes")
ALL = ExecutionQuery(SHOP)


def at(second: int) -> str:
    return f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000Z"


def runs(name: str, second: int, machine: str = "order", **more: Any) -> Body:
    said = {"phase": "Running", "seq": 1, "startTime": at(second), "currentState": "Ship", **more}
    return execution(name, machine, **said)


def failed(name: str, second: int, ended: int, error: str = "Busy", **more: Any) -> Body:
    return runs(name, second, **{"phase": "Failed", "endTime": at(ended), "error": error, **more})


@asynccontextmanager
async def indexed(server: ExecutionsServed, *, synced: bool = True) -> AsyncIterator[ExecutionIndex]:
    index = ExecutionIndex(server, AsInContexts())
    running = asyncio.create_task(index.run())
    try:
        if synced:
            async with asyncio.timeout(30):
                await index.synced.wait()
        yield index
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def names(index: ExecutionIndex, query: ExecutionQuery = ALL) -> list[str]:
    return [row.name for row in (await index.find(query, None, 1_000)).items]


async def until(index: ExecutionIndex, holds: Callable[[list[str]], bool]) -> list[str]:
    async with asyncio.timeout(30):
        while not holds(found := await names(index)):
            await asyncio.sleep(0.01)
    return found


async def test_until_all_are_listed_it_says_so() -> None:
    server = ExecutionsServed()
    server.put(runs("a", 1))
    server.hold_lists = asyncio.Event()
    async with indexed(server, synced=False) as index:
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match=r"are being listed, 0 so far: try again in a few seconds"):
            await index.find(ALL, None, 10)
        with pytest.raises(Unavailable, match="are being listed"):
            await index.count(ALL)
        with pytest.raises(Unavailable, match="are being listed"):
            index.named(SHOP.state_machine("order"), "a")
        server.hold_lists.set()
        await asyncio.wait_for(index.synced.wait(), 30)
        assert await names(index) == ["a"]
    assert server.selectors == {"!stepwright.dev/map-shard"}


async def test_lists_of_a_server_that_says_nothing_any_more_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "SILENT_SECONDS", 0.05)
    server = ExecutionsServed()
    async with indexed(server) as index:
        server.away = True
        server.cut()
        await asyncio.sleep(0.1)
        with pytest.raises(Unavailable, match="has reported nothing about executions for"):
            await index.find(ALL, None, 10)


async def test_what_happened_while_its_watch_was_cut_is_seen_and_told() -> None:
    for compacted in (False, True):
        server = ExecutionsServed()
        goes, ends, stays = (server.put(runs(name, n)) for n, name in enumerate(("goes", "ends", "stays")))
        async with indexed(server) as index:
            assert await until(index, lambda found: len(found) == 3) == ["stays", "ends", "goes"]
            with index.follow([], all_of_them=True) as follower:
                server.away = True
                server.cut(compacted=compacted)
                server.remove(goes)
                server.status(ends, phase="Succeeded", endTime=at(9))
                server.put(runs("new", 50))
                server.away = False
                assert await until(index, lambda found: "new" in found and "goes" not in found)
                taken = await told(follower, 3)
            uid = {body["metadata"]["name"]: Uid(body["metadata"]["uid"]) for body in (goes, ends, stays)}
            assert taken[uid["goes"]].turned
            assert taken[uid["ends"]].turned
            assert uid["stays"] not in taken
            assert {change.visits for change in taken.values()} == {None}
            assert server.lists == (2 if compacted else 1)
            counts = await index.count(ALL)
            assert counts.statuses == {"RUNNING": 2, "SUCCEEDED": 1}


async def told(follower: Following, count: int) -> dict[Uid, Any]:
    """Of so many executions."""
    taken: dict[Uid, Any] = {}
    async with asyncio.timeout(30):
        while len(taken) < count:
            await follower.wait()
            taken |= follower.take() or {}
    return taken


async def test_an_object_made_again_under_its_name_is_another_execution() -> None:
    server = ExecutionsServed()
    first = server.put(failed("a", 1, 2))
    async with indexed(server) as index:
        server.remove(first)
        second = server.put(runs("a", 30))
        async with asyncio.timeout(30):
            while (
                found := index.named(SHOP.state_machine("order"), "a")
            ) is None or found.status == "FAILED":
                await asyncio.sleep(0.01)
        assert found.uid == second["metadata"]["uid"]
        assert (await index.count(ALL)).errors == {}


async def test_names_of_any_kind_are_found_as_they_are() -> None:
    hostile = [
        "<img onerror=x>",
        "a/b",
        "ünïcode",
        "\U0001f600",
        "order",
        "ORDER",
        "order\U0010fffd",
        "%2f",
        "..",
        "' OR 1=1",
    ]
    server = ExecutionsServed()
    for number, name in enumerate(hostile):
        server.put(runs(f"object-{number}", number, own_name=name))
    async with indexed(server) as index:
        machine = SHOP.state_machine("order")
        for name in hostile:
            found = index.named(machine, name)
            assert found is not None
            assert (found.name, found.arn) == (name, SHOP.execution("order", name))
            assert name in await names(index, ExecutionQuery(SHOP, name=name))
        assert await names(index, ExecutionQuery(SHOP, name="order")) == ["order\U0010fffd", "order"]
        assert index.named(machine, "object-0") is None


async def test_executions_are_found_by_labels() -> None:
    server = ExecutionsServed()
    server.put(runs("a", 1, labels={"team": "shop", "order": "7"}))
    server.put(runs("b", 2, labels={"team": "shop"}))
    server.put(failed("c", 3, 4, labels={"team": "depot"}))
    server.put(runs("d", 5))
    many = {f"k{number:03}": "v" for number in range(1_000)}
    server.put(runs("e", 6, labels=many))
    async with indexed(server) as index:
        shop = replace(ALL, labels=["team=shop"])
        assert await names(index, shop) == ["b", "a"]
        assert await names(index, replace(ALL, labels=["team=shop", "order=7"])) == ["a"]
        assert await names(index, replace(ALL, labels=["team=sho"])) == []
        assert (await index.count(shop)).statuses == {"RUNNING": 2}
        rows = {row.name: row.labels for row in (await index.find(ALL, None, 10)).items}
        assert rows["a"] == ("order=7", "team=shop")
        assert len(rows["e"]) == MOST_LABELS

        server.put(runs("d", 5, labels={"team": "shop"}))
        async with asyncio.timeout(30):
            while await names(index, shop) != ["d", "b", "a"]:
                await asyncio.sleep(0.01)


async def test_a_status_that_somebody_has_edited_harms_no_other() -> None:
    server = ExecutionsServed()
    odd: list[dict[str, Any]] = [
        {"startTime": "yesterday"},
        {"startTime": "9999-99-99T99:99:99Z"},
        {"endTime": "later", "phase": "Failed", "error": "x" * 100_000},
        {"phase": "Exploded", "currentState": "y" * 100_000},
        {"seq": -1, "waitingUntil": ""},
    ]
    for number, said in enumerate(odd):
        server.put(runs(f"odd-{number}", number, **said))
    server.put(runs("well", 40))
    async with indexed(server) as index:
        rows = {row.name: row for row in (await index.find(ALL, None, 100)).items}
        assert len(rows) == 6
        assert len(rows["odd-2"].error or "") == 256
        assert (rows["odd-2"].status, rows["odd-3"].status) == ("FAILED", "RUNNING")
        assert len(rows["odd-3"].paths[0]) == 256
        assert await names(index, ExecutionQuery(SHOP, error="x" * 100_000)) == ["odd-2"]


async def test_pages_neither_repeat_nor_leave_out_what_stays_while_others_come_and_go() -> None:
    server = ExecutionsServed()
    bodies = [server.put(runs(f"e-{n:03}", n // 7, machine=f"m{n % 3}")) for n in range(100)]
    async with indexed(server) as index:
        await until(index, lambda found: len(found) == 100)
        machines = tuple(SHOP.state_machine(f"m{n}") for n in range(3))
        for query in (ALL, ExecutionQuery(SHOP, machines=machines), ExecutionQuery(SHOP, name="e-")):
            seen: list[str] = []
            after: Cursor | None = None
            step = 0
            while True:
                page = await index.find(query, after, 7)
                seen += [row.name for row in page.items]
                if page.next is None:
                    break
                after = page.next
                step += 1
                if query is ALL and step == 3:
                    for gone in bodies[70:80]:
                        server.remove(gone)
                    for n in range(20):
                        server.put(runs(f"new-{n}", 100 + n))
                    await until(index, lambda found: len(found) == 110)
            assert len(seen) == len(set(seen))
            stay = {f"e-{n:03}" for n in (*range(70), *range(80, 100))}
            assert stay <= set(seen)


async def test_lists_of_a_state_machine_in_the_order_of_aws() -> None:
    server = ExecutionsServed()
    server.put(failed("a", 1, 9))
    server.put(runs("b", 5))
    server.put(runs("c", 2))
    server.put(runs("d", 7))
    server.put(failed("e", 3, 4))
    server.put(runs("elsewhere", 8, machine="other"))
    async with indexed(server) as index:
        machine = SHOP.state_machine("order")
        found: list[str] = []
        after: Cursor | None = None
        while True:
            page = index.latest(machine, None, after, 2)
            found += [row.name for row in page.items]
            if (after := page.next) is None:
                break
        assert found == ["a", "d", "b", "e", "c"]
        assert [row.name for row in index.latest(machine, "FAILED", None, 9).items] == ["a", "e"]
        assert index.latest(SHOP.state_machine("nobody"), None, None, 9).items == []
        for cursor in ("", "x/y", "-1/a", "12", "1e5/a", f"{'9' * 30}/a", "\u0661/a"):
            with pytest.raises(NoSuchCursor):
                index.latest(machine, None, Cursor(cursor), 9)


async def test_a_look_through_many_lets_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "AT_ONCE", 10)
    monkeypatch.setattr(index_module, "FEW", 5)
    server = ExecutionsServed()
    for n in range(95):
        server.put(failed(f"e-{n}", n, n + 1, error="Rare" if n in (3, 50) else "Busy"))
    async with indexed(server) as index:
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count_turns())
        assert await names(index, ExecutionQuery(SHOP, error="Rare")) == ["e-50", "e-3"]
        counts = await index.count(ExecutionQuery(SHOP, name="e-", error="Rare"))
        assert (counts.statuses, counts.errors) == ({"FAILED": 2}, {"Rare": 2})
        since, until_ = 1_767_225_600_000 + 20_000, 1_767_225_600_000 + 30_000
        assert len(await names(index, ExecutionQuery(SHOP, since=since, until=until_))) == 10  # type: ignore[arg-type]
        counting.cancel()
        assert turns >= 15
        counts = await index.count(ExecutionQuery(SHOP, statuses=("FAILED", "RUNNING")))
        assert counts.errors == {"Busy": 93, "Rare": 2}


async def test_columns_of_an_older_version_are_waited_for() -> None:
    server = ExecutionsServed()
    server.put(runs("a", 1))
    server.columns_missing = True
    async with indexed(server, synced=False) as index:
        await asyncio.sleep(0.05)
        assert not index.synced.is_set()
        server.columns_missing = False
        await asyncio.wait_for(index.synced.wait(), 30)
        assert await names(index) == ["a"]


async def test_who_follows_one_execution_hears_of_that_alone() -> None:
    server = ExecutionsServed()
    mine, theirs = server.put(runs("mine", 1)), server.put(runs("theirs", 2))
    async with indexed(server) as index:
        with index.follow([Uid(mine["metadata"]["uid"])], all_of_them=False) as follower:
            server.status(theirs, currentState="Bill")
            server.status(mine, currentState="Bill", waitingUntil=at(55))
            async with asyncio.timeout(30):
                await follower.wait()
            changes = follower.take()
            assert changes is not None
            [change] = changes.values()
            assert (change.arn, change.turned) == (SHOP.execution("order", "mine"), False)
            assert change.waiting_until == 1_767_225_600_000 + 55_000


async def test_other_namespaces_have_their_own_lists() -> None:
    server = ExecutionsServed()
    server.put(runs("mine", 1))
    server.put(runs("theirs", 2, namespace="bank"))
    async with indexed(server) as index:
        assert await names(index) == ["mine"]
        assert await names(index, ExecutionQuery(Place("bank", "kubernetes"))) == ["theirs"]
        assert await names(index, ExecutionQuery(Place("shop", "us-east-1"))) == []
        asked = ExecutionQuery(Place("bank", "kubernetes"), machines=(SHOP.state_machine("order"),))
        assert await names(index, asked) == []


async def test_whatever_comes_changes_and_goes_lists_and_counts_are_those_of_what_is_there() -> None:
    for seed in range(20):
        random, index, there = Random(seed), Index(), dict[str, Row]()
        for step in range(150):
            uid = f"u-{random.randrange(40)}"
            old = there.get(uid)
            new = None if old is not None and random.random() < 0.2 else drawn(random, uid, old)
            index.change(old, new)
            if new is None:
                del there[uid]
            else:
                there[uid] = new
            if step % 10:
                continue
            wanted = Wanted(
                namespace="shop",
                machines=random.choice([None, ("m0",), ("m0", "m1", "none")]),
                statuses=random.choice([STATUSES, ("RUNNING",), ("FAILED", "RUNNING")]),
                name=random.choice(["", "e-", "e-1"]),
                error=random.choice([None, "Busy"]),
                since=random.choice([None, Millis(30)]),
                until=random.choice([None, Millis(60)]),
                labels=random.choice([(), ("a=1",), ("a=1", "b=2")]),
            )
            fitting = [
                row
                for row in there.values()
                if row.namespace == "shop"
                and (wanted.machines is None or row.machine in wanted.machines)
                and row.status in wanted.statuses
                and wanted.fits(row)
            ]
            newest = sorted(fitting, key=by_start, reverse=True)
            assert await index.find(wanted, None, 7) == newest[:7]
            counts = await index.count(wanted)
            assert counts.statuses == Counter(row.status for row in fitting)
            assert counts.errors == Counter(row.error for row in fitting if row.error)
            of_machine = [row for row in there.values() if (row.namespace, row.machine) == ("shop", "m0")]
            latest = sorted(of_machine, key=by_latest, reverse=True)
            assert index.latest("shop", "m0", STATUSES, None, 100) == latest
            for most in (5, 1_000):
                each = [row async for rows in index.each(wanted, most) for row in rows]
                assert sorted(each, key=by_start, reverse=True) == newest[:most]
            of_any = wanted._replace(name="", error=None, since=None, until=None, labels=())
            fitting = [row async for rows in index.each(of_any) for row in rows]
            assert index.ended_last(of_any, 4) == sorted(fitting, key=by_latest, reverse=True)[:4]
            assert index.started_first(of_any, 4) == sorted(fitting, key=by_start)[:4]


@pytest.mark.parametrize("elsewhere", [0, 1, 5, 200])
def test_rows_are_in_their_order_however_many_come_elsewhere(elsewhere: int) -> None:
    random, ordered = Random(elsewhere), Ordered(by_start)
    rows = sorted((drawn(random, f"u-{n}", None) for n in range(300)), key=by_start)
    late = random.sample(rows[:-1], elsewhere)
    for row in [row for row in rows if row not in late] + late:
        ordered.add(row)

    assert len(ordered) == 300
    assert list(ordered.before(LAST)) == rows[::-1]


def drawn(random: Random, uid: str, old: Row | None) -> Row:
    """As it is now, or as it becomes: where it is, what it is called and when it began stays."""
    status = random.choice(STATUSES)
    started = Millis(random.randrange(100)) if old is None else old.started
    return Row(
        uid=Uid(uid),
        namespace=random.choice(["shop", "bank"]) if old is None else old.namespace,
        name=f"e-{random.randrange(20)}" if old is None else old.name,
        resourceVersion="1",
        machine=f"m{random.randrange(3)}" if old is None else old.machine,
        status=status,
        started=started,
        stopped=None if status == "RUNNING" else Millis(started + random.randrange(50)),
        error=random.choice(["Busy", "Broken"]) if status == "FAILED" else None,
        state="Ship",
        waiting_until=None,
        seq=random.randrange(1_000),
        own_name=None,
        labels=random.choice([(), ("a=1",), ("a=1", "b=2")]),
    )
