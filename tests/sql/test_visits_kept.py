"""Of every execution what is stored of its visits is what its steps have said of them, however the steps share writes."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from stepwright.asl.checkpoint.parts import BEGINNING, CameFrom
from stepwright.asl.json_types import JsonText, Pointer
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import Outcome, Step, Try, Visit
from stepwright.catalog.ports import VisitQuery
from stepwright.catalog.records import Execution, Revision, StateMachine, Tally
from stepwright.engine.batch import Batch
from stepwright.engine.beside import Beside
from stepwright.engine.ports import Commit, ExecutionRef, Uid
from stepwright.sql import adding, journal, told_visits
from stepwright.sql.database import NAMESPACE, Database
from stepwright.sql.journal import SqlJournal
from stepwright.sql.machines import SqlMachines
from stepwright.sql.visits import SqlVisits, Tallies
from tests.asl.random_machines import definitions, inputs
from tests.asl.recorded_plays import played, told
from tests.asl.virtual_time import START

UID = Uid("uid")
EXECUTION = Execution("arn", UID, "e", "machine", "r", "RUNNING", JsonText("{}"), START)


def commits(steps: Sequence[Step], random: Random) -> list[Commit]:
    """A write has a few steps; the one that an execution ends with has none behind it."""
    found: list[Commit] = []
    batch, left = Batch(None), random.randint(1, 4)
    for step in steps:
        batch.add(step, None)
        left -= 1
        if left <= 0 or step.outcome is not None:
            found.append(
                Commit(
                    "c",
                    len(found),
                    START,
                    START,
                    {},
                    events=batch.events,
                    visits=tuple(batch.visits.values()),
                    outcome=batch.outcome,
                )
            )
            batch, left = Batch(None), random.randint(1, 4)
    return found


async def stored(written: Sequence[Commit], at: Any) -> tuple[dict[int, Visit], Tallies, Tallies]:
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(Path(folder))
        try:
            for commit in written:
                rows = journal.rows_of(UID, commit)
                await database.write([row for row in rows if not row[0].conditional])
            kept = SqlVisits(database)
            page = await kept.visits(EXECUTION, VisitQuery(), None, 100_000)
            tallies = await kept.tallies(EXECUTION)
            return {visit.id: visit for visit in page.items}, tallies, await kept.tallies(EXECUTION, at=at)
        finally:
            await database.close()


def counted(visits: dict[int, Visit]) -> Tallies:
    alike: defaultdict[Any, defaultdict[Any, list[Visit]]] = defaultdict(lambda: defaultdict(list))
    for visit in visits.values():
        alike[visit.pointer][visit.outcome or "Running"].append(visit)
    return {
        pointer: {
            standing: Tally(
                len(found),
                sum(visit.attempts - 1 for visit in found),
                sum((visit.ended or visit.started) - visit.started for visit in found),
                max((visit.ended or visit.started) - visit.started for visit in found),
            )
            for standing, found in by_standing.items()
        }
        for pointer, by_standing in alike.items()
    }


def at(definition: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        definition = definition[int(key) if isinstance(definition, list) else key]
    return definition


STORED: Final = (
    '[false,[[7,"Each[0]/Work","Work","Task",1764489600000,2,"Caught",1764489605000,"Busy",8,'
    '"/States/Each/ItemProcessor/States/Work",[2,"ItemProcessor/StartAt"],2,0,null,'
    '[[0,1764489600000,1764489601000,"Busy"],[1,1764489603000,1764489605000,"Busy"]],null]]]'
)


def test_the_form_in_which_visits_are_stored_stays_as_it_is() -> None:
    visit = Visit(
        7,
        "Each[0]/Work",
        "Work",
        "Task",
        Millis(1764489600000),
        attempts=2,
        outcome="Caught",
        ended=Millis(1764489605000),
        error="Busy",
        task=TaskId(8),
        pointer=Pointer("/States/Each/ItemProcessor/States/Work"),
        came_from=CameFrom(2, "ItemProcessor/StartAt"),
        within=2,
        index=0,
        tries=(
            Try(0, Millis(1764489600000), Millis(1764489601000), "Busy"),
            Try(1, Millis(1764489603000), Millis(1764489605000), "Busy"),
        ),
    )
    commit = Commit(
        "c", 1, START, START, {}, visits=(visit, structs.replace(visit, child="a child execution"))
    )

    assert told_visits.told_by(commit) == STORED


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs, st.integers(0, 2**32))
def test_what_is_stored_of_visits_is_what_was_told(definition: Any, document: Any, seed: int) -> None:
    play = played(definition, document, seed)
    said = told(play.recorded)

    visits, tallies, tallies_at_the_end = asyncio.run(stored(commits(play.recorded, Random(seed)), play.now))

    assert visits == said
    assert tallies == tallies_at_the_end == counted(said)
    entered = {event["id"] for event in play.events if event["type"].endswith("StateEntered")}
    if not play.child_events:
        assert set(visits) == entered
    for visit in visits.values():
        assert at(definition, visit.pointer)["Type"] == visit.type
        came_from = visit.came_from
        assert came_from is not None
        before = visits.get(came_from.visit)
        assert (before is None) == (came_from == BEGINNING)
        edge = f"{'' if before is None else before.pointer}/{came_from.edge}"
        assert at(definition, edge) == visit.state
        if visit.within is not None:
            assert visit.path.startswith(f"{visits[visit.within].path}[{visit.index}]/")
        ends = [each.ended for each in visit.tries]
        assert all(each.begun <= each.ended for each in visit.tries)
        assert ends == sorted(ends)
        assert visit.ended is None or visit.ended >= max([visit.started, *ends])


async def test_of_an_execution_that_has_ended_while_visits_were_not_kept_none_is_said_to_run(
    tmp_path: Path,
) -> None:
    """Its states were shown as running for ever."""
    ref, visit = ExecutionRef(UID, NAMESPACE, "e", "m"), Visit(1, "A", "A", "Task", START)
    event = {"id": 1, "type": "TaskStateEntered"}
    entered = Commit("c0", 0, START, START, {}, events=[event], visits=(visit,))
    exited = structs.replace(visit, outcome="Succeeded", ended=START)
    end = Outcome("SUCCEEDED", JsonText("{}"))
    ended = Commit("c1", 1, START, START, {}, visits=(exited,), outcome=end)
    database = await Database.open(tmp_path)
    try:
        revision = Revision("r", "{}", "role", START)
        await SqlMachines(database).add(StateMachine("machine", "m", "STANDARD", START, revision))
        await adding.add(database, EXECUTION, "m")
        visits = SqlVisits(database)
        await SqlJournal(database, Beside()).append(ref, entered)
        assert len((await visits.visits(EXECUTION, VisitQuery(), None, 10)).items) == 1
        await SqlJournal(database, Beside(), keeps_visits=False).append(ref, ended)
        assert (await visits.visits(EXECUTION, VisitQuery(), None, 10)).items == []
        assert await visits.tallies(EXECUTION) == {}
    finally:
        await database.close()
