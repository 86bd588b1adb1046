"""What the status, the pages beside it and the checkpoint say of visits is what steps have told of them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint import visits as of_checkpoint
from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.checkpoint.parts import CameFrom
from stepwright.asl.json_types import JsonText, Pointer
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome, Step, Visit
from stepwright.catalog import visited
from stepwright.catalog.ports import VisitQuery
from stepwright.catalog.records import Execution
from stepwright.cluster import told_visits
from stepwright.cluster.beside import visits_name
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.stored import Pinned, of
from stepwright.cluster.told_visits import ToldVisits
from stepwright.cluster.visits import ClusterVisits
from stepwright.engine.ports import Commit
from tests.asl.random_machines import definitions, inputs
from tests.asl.recorded_plays import played, told
from tests.cluster.test_pages import NEW, REF, REVISION
from tests.kube.server import Server, problem, says, serving

VISIT = Visit(
    2,
    "Both[0]/漢",
    "漢",
    "Task",
    Millis(1_000),
    ended=Millis(3_500),
    outcome="Succeeded",
    task=None,
    pointer=Pointer("/States/Both/Branches/0/States/漢"),
    came_from=CameFrom(1, "Next"),
    within=1,
    index=0,
    begun=Millis(1_000),
)


def parts_of(step: Step) -> dict[PartId, Any]:
    return {name: checkpoints.encode(part) for name, part in step.checkpoint.parts.items()}


def read_back(
    steps: list[Step], machine: Machine, random: Random, untold: Container[int] = ()
) -> dict[int, Visit]:
    """By whoever reads what a journal has written, which is full now and then. ``untold``: steps of a version that tells nothing."""
    pages, page = [], ToldVisits()
    for number, step in enumerate(steps):
        page = page.after(() if number in untold else step.visits)
        page = ToldVisits.of({"visits": page.as_status()})
        if random.random() < 0.2:
            pages.append(page.text)
            page = ToldVisits(previous="p")
    found: dict[int, Visit] = {}
    for text in (*pages, page.text):
        visited.add(found, told_visits.read(text))
    told_visits.complete(found, under_way(steps, machine))
    return found


def under_way(steps: list[Step], machine: Machine) -> Iterable[Visit]:
    return () if steps[-1].outcome is not None else of_checkpoint.under_way(machine, parts_of(steps[-1]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs, st.integers(0, 2**32))
def test_what_is_read_back_of_visits_is_what_was_told_at_every_moment(
    definition: Any, document: Any, seed: int
) -> None:
    play, random = played(definition, document, seed, redrives=0), Random(seed)
    for count in {len(play.recorded), *(random.randint(1, len(play.recorded)) for _ in range(8))}:
        steps = play.recorded[:count]
        assert read_back(steps, play.machine, random) == told(steps)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs, st.integers(0, 2**32))
def test_what_a_version_has_ended_that_tells_nothing_is_not_said_to_run(
    definition: Any, document: Any, seed: int
) -> None:
    """A state that had been tried before was said to run for ever, whatever became of the execution."""
    play, random = played(definition, document, seed, redrives=0), Random(seed)
    for _ in range(8):
        steps = play.recorded[: random.randint(1, len(play.recorded))]
        first = random.randint(0, len(steps))
        found = read_back(steps, play.machine, random, range(first, random.randint(first, len(steps))))
        running = {id for id, visit in found.items() if visit.outcome is None}
        assert running <= {visit.id for visit in under_way(steps, play.machine)}


@pytest.mark.parametrize(
    "edited",
    [
        None,
        {},
        {"told": "?"},
        {"told": "[]"},
        {"told": '[[],[[1,9,"",0,0,"Failed",1,null,null,null,0,"",null,null,[]]]]'},
        {"told": f"[[],{'[' * 100_000}"},
    ],
)
def test_a_text_that_somebody_has_edited_says_nothing(edited: Any) -> None:
    assert ToldVisits.of({"visits": edited}) == ToldVisits()


# --- What the journal writes --------------------------------------------------------------------------------------------


def commit(seq: int, visits: int, *, outcome: Outcome | None = None) -> Commit:
    """``visits``: how many it tells of."""
    told = tuple(
        msgspec.structs.replace(VISIT, id=seq * 10_000 + number + 1, index=number) for number in range(visits)
    )
    return Commit(
        f"c{seq}", seq, Millis(1), Millis(1), {PartId("head"): {"n": seq}}, visits=told, outcome=outcome
    )


async def written(folder: Path, post: Any, *commits: Commit, **options: Any) -> tuple[Server, list[Any]]:
    """With the bodies of what was written, in order."""

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.method:
            case "GET":
                return await says(200, REVISION)(request)
            case "POST":
                response: web.StreamResponse = await post(request)
                return response
            case _:
                return await says(200, {})(request)

    async with serving(folder, answer) as (server, api):
        journal = ClusterJournal(api, Revisions(api), **options)
        await journal.open(of(NEW), Pinned("order", "u-1", REVISION["metadata"]["name"]))
        for each in commits:
            await journal.append(REF, each)
        bodies = [msgspec.json.decode(body) for body in server.bodies if body]
        return server, bodies


def said(patch: list[Any]) -> Any:
    """What a patch says of visits."""
    whole = {each["path"]: each.get("value") for each in patch}
    return whole.get("/status/visits", (whole.get("/status") or {}).get("visits"))


async def test_visits_of_a_full_page_are_stored_before_the_write_that_names_it(tmp_path: Path) -> None:
    _, (first, second, page, third) = await written(
        tmp_path, says(201, {}), commit(0, 30), commit(1, 30), commit(2, 1)
    )

    assert len(told_visits.read(said(first)["told"])) == 30
    assert len(told_visits.read(said(second)["told"])) == 60
    assert page["content"] == "Visits"
    assert len(told_visits.read(page["visits"])) == 60
    name = page["metadata"]["name"]
    assert name == visits_name("e-1", None, page["visits"])
    assert said(third)["previous"] == name
    assert len(told_visits.read(said(third)["told"])) == 1


async def test_an_execution_that_ends_soon_has_all_its_visits_in_its_status(tmp_path: Path) -> None:
    """A page for each would be as many requests again."""
    end = Outcome("SUCCEEDED", JsonText("{}"))
    _, (_, last) = await written(tmp_path, says(201, {}), commit(0, 400), commit(1, 400, outcome=end))

    assert len(told_visits.read(said(last)["told"])) == 800


async def test_a_write_says_nothing_of_visits_where_nothing_has_ended(tmp_path: Path) -> None:
    _, (first, second) = await written(tmp_path, says(201, {}), commit(0, 1), commit(1, 0))

    assert said(first) is not None
    assert said(second) is None


async def test_of_a_write_that_tells_of_many_visits_no_page_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told_visits, "MOST_CHARACTERS", 20_000)
    _, (*pages, patch) = await written(tmp_path, says(201, {}), commit(0, 1_000))

    assert len(pages) >= 3
    assert max(len(page["visits"]) for page in pages) < 20_000 + 50 * 100
    assert [page.get("previous") for page in pages] == [
        None,
        *(page["metadata"]["name"] for page in pages[:-1]),
    ]
    assert said(patch)["previous"] == pages[-1]["metadata"]["name"]
    assert (
        sum(len(told_visits.read(page["visits"])) for page in pages)
        + len(told_visits.read(said(patch)["told"]))
        == 1_000
    )


async def test_no_execution_waits_for_room_for_visits(tmp_path: Path) -> None:
    """A quota of objects is used up: they stay in the status, and become a page once there is room."""
    denied = problem(403, "Forbidden", 'executionhistories "x" is forbidden: exceeded quota: pages')
    answers = [denied, says(201, {})]

    async def post(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    _, (_, _, second, page, third) = await written(tmp_path, post, commit(0, 60), commit(1, 1), commit(2, 1))

    assert len(told_visits.read(said(second)["told"])) == 61
    assert len(told_visits.read(page["visits"])) == 61
    assert said(third)["previous"] == page["metadata"]["name"]


async def test_an_execution_goes_on_where_the_crds_do_not_know_pages_of_visits_yet(tmp_path: Path) -> None:
    refused = problem(422, "Invalid", 'content: Unsupported value: "Visits"')
    _, (_, _, second) = await written(tmp_path, refused, commit(0, 60), commit(1, 1))

    assert len(told_visits.read(said(second)["told"])) == 1


async def test_nothing_is_written_of_visits_if_they_are_not_to_be_kept(tmp_path: Path) -> None:
    end = Outcome("SUCCEEDED", JsonText("{}"))
    _, patches = await written(
        tmp_path, says(201, {}), commit(0, 60), commit(1, 60, outcome=end), keeps_visits=False
    )

    assert [said(patch) for patch in patches] == [None, None]


# --- What is read ------------------------------------------------------------------------------------------------------


async def test_pages_are_read_once_and_what_follows_a_lost_one_is_still_told(tmp_path: Path) -> None:
    pages: dict[str, Any] = {}
    told, previous = [msgspec.structs.replace(VISIT, id=number) for number in range(1, 7)], None
    for number in (0, 2):
        page = ToldVisits(previous).after(told[number : number + 2])
        previous = visits_name("e-1", page.previous, page.text)
        pages[previous] = {"visits": page.text, "previous": page.previous}
    newest = ToldVisits(previous).after(told[4:])
    body = {**NEW, "status": {"phase": "Succeeded", "seq": 3, "visits": newest.as_status()}}
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        asked.append(name)
        if name == REF.name:
            return await says(200, body)(request)
        return await (says(200, pages[name]) if name in pages else problem(404, "NotFound"))(request)

    execution = Execution(
        "arn:aws:states:kubernetes:shop:execution:order:order-7",
        REF.uid,
        "order-7",
        "arn",
        "r",
        "SUCCEEDED",
        JsonText("{}"),
        Millis(1),
    )
    async with serving(tmp_path, answer) as (_, api):
        visits = ClusterVisits(api, Revisions(api))
        for _ in range(2):
            assert (await visits.visits(execution, VisitQuery(), None, 10)).items == told
        assert sorted(asked) == sorted([*pages, *["order.order-7", "order-7"] * 2])
        del pages[min(pages, key=lambda name: pages[name]["previous"] or "")]
        others = ClusterVisits(api, Revisions(api))
        assert (await others.visits(execution, VisitQuery(), None, 10)).items == told[2:]
