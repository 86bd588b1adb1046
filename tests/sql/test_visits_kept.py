"""Of every execution what is stored of its visits is what its steps have said of them, however the steps share writes."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwright.asl.checkpoint.parts import BEGINNING
from stepwright.asl.json_types import JsonText
from stepwright.asl.step import Step, Visit
from stepwright.catalog.ports import VisitQuery
from stepwright.catalog.records import Execution, Tally
from stepwright.engine.batch import Batch
from stepwright.engine.ports import Commit, Uid
from stepwright.sql import visits as rows_of_visits
from stepwright.sql.database import Database
from stepwright.sql.visits import SqlVisits, Tallies
from tests.asl.random_machines import definitions, inputs
from tests.asl.test_interpreter_properties import LIMITS, Watched, go_to_end
from tests.asl.virtual_time import START, machine

UID = Uid("uid")
EXECUTION = Execution("arn", UID, "e", "machine", "r", "RUNNING", JsonText("{}"), START)


class Recorded(Watched):
    """Keeps every step."""

    def _take(self, step: Step) -> Step:
        self.__dict__.setdefault("taken", []).append(step)
        return super()._take(step)


def played(definition: Any, document: Any, seed: int) -> Recorded:
    """An execution that is redriven up to three times."""
    play = Recorded(machine(definition), LIMITS, replay=False)
    play.start(JsonText(json.dumps(document)))
    for redrive in range(4):
        go_to_end(play, Random(seed + redrive))
        if play.redrivable is None or redrive == 3:
            break
        play.now += 5_000  # type: ignore[assignment]
        play.redrive()
    return play


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


def told(steps: Sequence[Step]) -> dict[int, Visit]:
    found: dict[int, Visit] = {}
    for step in steps:
        for visit in step.visits:
            known = found.get(visit.id)
            found[visit.id] = visit if known is None else visit.after(known)
    return {id: visit for id, visit in found.items() if visit.child is None}


async def stored(written: Sequence[Commit], at: Any) -> tuple[dict[int, Visit], Tallies, Tallies]:
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(Path(folder))
        try:
            for commit in written:
                await database.write(list(rows_of_visits.rows_of(UID, commit)))
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


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs, st.integers(0, 2**32))
def test_what_is_stored_of_visits_is_what_was_told(definition: Any, document: Any, seed: int) -> None:
    play = played(definition, document, seed)
    steps = play.__dict__["taken"]
    said = told(steps)

    visits, tallies, tallies_at_the_end = asyncio.run(stored(commits(steps, Random(seed)), play.now))

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
