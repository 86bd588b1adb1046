"""The contract of ``catalog.ports.Visits``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.checkpoint.parts import BEGINNING, CameFrom
from stepwright.asl.json_types import Pointer
from stepwright.asl.step import Visit
from stepwright.catalog.ports import VisitQuery
from stepwright.catalog.records import Execution, Standing
from stepwright.engine.ports import StopRequest
from tests.catalog.cluster_store import in_cluster
from tests.catalog.stores import TASK, Store, in_sql

EACH = Pointer("/States/Each")
WHICH = Pointer("/States/Each/ItemProcessor/States/Which")
WORK = Pointer("/States/Each/ItemProcessor/States/Work")


@pytest.fixture(params=["sql", "cluster"])
async def store(request: Any, tmp_path: Path) -> AsyncIterator[Store]:
    async with (in_sql if request.param == "sql" else in_cluster)(tmp_path) as made:
        yield made


in_sql_alone = pytest.mark.parametrize("store", ["sql"], indirect=True)


def each(**work: Any) -> dict[str, Any]:
    """Of every item a Choice, and for those with ``work`` a task."""
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.work", "IsPresent": True, "Next": "Work"}]}
    states = {
        "Which": {**choice, "Default": "Skip"},
        "Work": {**TASK, **work, "End": True},
        "Skip": {"Type": "Pass", "End": True},
    }
    processor = {"StartAt": "Which", "States": states}
    map_ = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "MaxConcurrency": 1}
    return {"StartAt": "Each", "States": {"Each": {**map_, "End": True}}}


async def all_of(store: Store, execution: Execution, query: VisitQuery = VisitQuery()) -> list[Visit]:  # noqa: B008
    page = await store.visits.visits(execution, query, None, 1_000)
    assert page.next is None
    return list(page.items)


async def until_visited(store: Store, execution: Execution, state: str) -> Visit:
    async with asyncio.timeout(60):
        while True:
            for visit in await all_of(store, execution, VisitQuery(standing="Running")):
                if visit.state == state:
                    return visit
            await asyncio.sleep(0.01)


async def test_visits_say_where_the_execution_was_and_how_it_came_there(store: Store) -> None:
    execution = await store.run(each(), {"items": [{"work": 1}, {}]})

    visits = await all_of(store, execution)
    told = [(visit.path, visit.type, visit.outcome, visit.within, visit.index) for visit in visits]
    assert told == [
        ("Each", "Map", "Succeeded", None, None),
        ("Each[0]/Which", "Choice", "Succeeded", 2, 0),
        ("Each[0]/Work", "Task", "Succeeded", 2, 0),
        ("Each[1]/Which", "Choice", "Succeeded", 2, 1),
        ("Each[1]/Skip", "Pass", "Succeeded", 2, 1),
    ]
    assert [visit.pointer for visit in visits[:3]] == [EACH, WHICH, WORK]
    ids = [visit.id for visit in visits]
    begins = CameFrom(ids[0], "ItemProcessor/StartAt")
    assert [visit.came_from for visit in visits] == [
        BEGINNING,
        begins,
        CameFrom(ids[1], "Choices/0/Next"),
        begins,
        CameFrom(ids[3], "Default"),
    ]
    events = (await store.executions.events(execution, None, 100, newest_first=False)).items
    entered = [event["id"] for event in events if event["type"].endswith("StateEntered")]
    assert ids == entered


async def test_each_try_of_a_visit_is_told_and_which_catcher_took_over(store: Store) -> None:
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    catch = [{"ErrorEquals": ["Other"], "Next": "No"}, {"ErrorEquals": ["States.ALL"], "Next": "Yes"}]
    states = {
        "Work": {**TASK, "Retry": retry, "Catch": catch, "Next": "No"},
        "No": {"Type": "Fail"},
        "Yes": {"Type": "Succeed"},
    }
    execution = await store.run({"StartAt": "Work", "States": states}, {"error": "Busy"})

    work, yes = await all_of(store, execution)
    assert (work.outcome, work.error, work.attempts, work.begun) == ("Caught", "Busy", 2, None)
    first, second = work.tries
    assert (first.number, second.number, first.error, second.error) == (0, 1, "Busy", "Busy")
    assert work.started == first.begun <= first.ended
    assert first.ended + 1_000 <= second.begun <= second.ended
    assert yes.came_from == CameFrom(work.id, "Catch/1/Next")


@in_sql_alone
async def test_a_visit_that_a_redrive_goes_on_with_keeps_its_tries(store: Store) -> None:
    execution = await store.run(
        {"StartAt": "Work", "States": {"Work": {**TASK, "End": True}}}, {"error": "E"}
    )
    await store.executions.redrive(execution, None)
    execution = await store.ended(execution)

    [work] = await all_of(store, execution)
    assert [(each.number, each.error) for each in work.tries] == [(0, "E"), (1, "E")]
    tallies = await store.visits.tallies(execution)
    assert {standing: tally.count for standing, tally in tallies[work.pointer].items()} == {"Failed": 1}
    assert tallies[work.pointer]["Failed"].longest == (work.ended or 0) - work.started


async def test_a_page_of_visits_goes_on_behind_the_one_before(store: Store) -> None:
    execution = await store.run(each(), {"items": [{}] * 5})
    everything = await all_of(store, execution)

    found: list[Visit] = []
    page = await store.visits.visits(execution, VisitQuery(), None, 4)
    while page.next is not None:
        assert len(page.items) == 4
        found += page.items
        page = await store.visits.visits(execution, VisitQuery(), page.next, 4)
    assert [*found, *page.items] == everything


async def test_visits_are_found_by_id_place_state_and_how_they_stand(store: Store) -> None:
    execution = await store.run(each(), {"items": [{"work": 1}, {}, *[{}] * 10]})
    everything = await all_of(store, execution)
    ids = [visit.id for visit in everything]

    async def paths(**query: Any) -> list[str]:
        return [visit.path for visit in await all_of(store, execution, VisitQuery(**query))]

    assert await paths(above=ids[0], below=ids[3]) == ["Each[0]/Which", "Each[0]/Work"]
    assert await paths(under="Each[1]") == ["Each[1]/Which", "Each[1]/Skip"]
    assert await paths(pointer=WORK) == ["Each[0]/Work"]
    assert await paths(standing="Failed") == []
    assert await paths(pointer=WHICH, under="Each[11]", standing="Succeeded") == ["Each[11]/Which"]


async def test_tallies_count_what_ran_what_runs_and_what_ran_then(store: Store) -> None:
    machine = await store.machine("long", each())
    items = [{"work": 1}, {}, {"work": 1, "seconds": 3_600}]
    execution = await store.start(machine, "e", {"items": items})
    works = await until_visited(store, execution, "Work")
    while works.index != 2:
        works = await until_visited(store, execution, "Work")

    def counts(tallies: Any) -> dict[str, dict[Standing, int]]:
        return {
            pointer: {standing: tally.count for standing, tally in found.items()}
            for pointer, found in tallies.items()
        }

    before = await store.visits.tallies(execution)
    assert counts(before) == {
        EACH: {"Running": 1},
        WHICH: {"Succeeded": 3},
        WORK: {"Succeeded": 1, "Running": 1},
        Pointer("/States/Each/ItemProcessor/States/Skip"): {"Succeeded": 1},
    }
    first = next(visit for visit in await all_of(store, execution) if visit.state == "Work")
    assert before[WORK]["Succeeded"].millis == (first.ended or 0) - first.started
    assert counts(await store.visits.tallies(execution, under="Each[2]")) == {
        WHICH: {"Succeeded": 1},
        WORK: {"Running": 1},
    }
    then = await store.visits.tallies(execution, at=first.started)
    assert counts(then)[EACH] == {"Running": 1}
    assert counts(then)[WORK] == {"Running": 1}

    await store.executions.stop(execution, StopRequest())
    after = await store.visits.tallies(execution)
    assert counts(after)[WORK] == {"Succeeded": 1, "Aborted": 1}
    assert after == await store.visits.tallies(execution, at=works.started + 3_600_000)  # type: ignore[arg-type]


async def test_iterations_of_a_map_stand_as_their_newest_visits_do(store: Store) -> None:
    machine = await store.machine("iterations", each(Catch=[{"ErrorEquals": ["Mild"], "Next": "Skip"}]))
    items = [{"work": 1}, {}, {"work": 1, "error": "Mild"}, {"work": 1, "seconds": 3_600}, {}]
    execution = await store.start(machine, "e", {"items": items})
    works = await until_visited(store, execution, "Work")
    while works.index != 3:
        works = await until_visited(store, execution, "Work")
    of = works.within
    assert of is not None

    page = await store.visits.iterations(execution, of, None, None, 3)
    assert [(found.index, found.standing, found.visits) for found in page.items] == [
        (0, "Succeeded", 2),
        (1, "Succeeded", 2),
        (2, "Succeeded", 3),
    ]
    [runs] = (await store.visits.iterations(execution, of, None, page.next, 3)).items
    assert (runs.index, runs.standing, runs.pointer, runs.newest, runs.ended) == (
        3,
        "Running",
        WORK,
        works.id,
        None,
    )
    assert (await store.visits.iterations(execution, of, "Running", None, 9)).items == [runs]
    assert await store.visits.iteration_counts(execution, of) == {"Succeeded": 3, "Running": 1}
    await store.executions.stop(execution, StopRequest())
    assert await store.visits.iteration_counts(execution, of) == {"Succeeded": 3, "Aborted": 1}


@in_sql_alone
async def test_events_begin_with_the_one_that_is_asked_for(store: Store) -> None:
    execution = await store.run(each(), {"items": [{}] * 5})

    async def ids(first: int, *, newest_first: bool) -> list[int]:
        page = await store.executions.events(execution, None, 3, newest_first=newest_first, first=first)
        assert page.next is not None
        following = await store.executions.events(
            execution, page.next, 1, newest_first=newest_first, first=first
        )
        return [event["id"] for event in (*page.items, *following.items)]

    assert await ids(7, newest_first=False) == [7, 8, 9, 10]
    assert await ids(7, newest_first=True) == [7, 6, 5, 4]
    assert await ids(1, newest_first=False) == [1, 2, 3, 4]
