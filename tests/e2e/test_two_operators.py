"""Two operators at once, one of which is stopped (SIGSTOP) at a write until the other has taken over, and then goes on.

It is stopped after it has asked whether it may act and before the request is sent: the worst moment that there is.
Which of the two carries what is left open.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from stepwright.cluster import stored
from stepwright.kube.api import Api
from stepwright.kube.paths import path_of
from tests.data.every_kind import MACHINE, given, workflow
from tests.on_cluster import exactly_once
from tests.on_cluster.exactly_once import V1, Following, Object
from tests.on_cluster.kubectl import execution, machine
from tests.on_cluster.place import KWOK
from tests.processes.faulty_operator import Fault
from tests.processes.nursery import ForkedOperator, Nursery
from tests.simulation.history import Wrong
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(800)]

EXECUTIONS = 6  # at a time
SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Case:
    """At which write the one is stopped. ``what`` stands in the write; ``late``: it wakes when everything has ended
    long ago, else as soon as the other one has gone on with everything."""

    kind: str
    nth: int
    what: str = "order-"
    late: bool = False


CASES = (
    Case("POST jobs", 5),
    Case("PATCH executions/status", 9),
    Case("DELETE jobs", 2),
    Case("POST jobs", 1, '"Slow"', late=True),
)


@dataclass
class Played:
    """``late_job``: the name of the Job whose creation was held until its task had long ended."""

    namespace: str
    bodies: list[Object]
    events: list[list[Object]]
    late_job: str = ""


async def test_one_that_was_stopped_past_its_lease_and_wakes_does_nothing_twice(
    cluster: Cluster, api: Api, nursery: Nursery, namespaces: list[str], audit: Audit
) -> None:
    cluster.start_kwok()
    since = audit.mark()
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(play(api, nursery, namespace, case))
            for namespace, case in zip(namespaces, CASES, strict=True)
        ]
    writes = audit.writes(since)
    stories = [
        (played, body, events)
        for played in (task.result() for task in tasks)
        for body, events in zip(played.bodies, played.events, strict=True)
    ]
    example = exactly_once.content(stories[0][1], stories[0][2])
    for played, body, events in stories:
        assert stored.of(body).phase == "Succeeded"
        own = [write for write in writes if write.namespace == played.namespace]
        exactly_once.check_creates(body, events, exactly_once.job_creates(own), late=played.late_job)
        told = exactly_once.content(body, events)
        if difference := exactly_once.difference(example, told):
            raise Wrong(f"{stored.of(body).reference} has another history than the first one:\n{difference}")


async def play(api: Api, nursery: Nursery, namespace: str, case: Case) -> Played:
    path = path_of(V1, "executions", namespace)
    body = machine(MACHINE, workflow(KWOK), taskDefaults=KWOK.defaults)
    await api.create(path_of(V1, "statemachines", namespace), body)
    names: list[str] = []
    late_job = ""
    async with exactly_once.following(api, namespace) as followed:
        one = await nursery.start(namespace, Fault("before", case.nth, case.what, (case.kind,), "STOP"))
        while not one.stopped:
            # Whose an execution is, is a matter of chance: the other one may have got all that come to that write.
            more = [f"order-{len(names) + number}" for number in range(EXECUTIONS)]
            for name in more:
                await api.create(path, execution(name, MACHINE, input=given()))
            if not names:
                # The first one is at work.
                await followed.until(more[0], lambda found: stored.of(found).pinned is not None)
                await nursery.start(namespace)
            names += more
            await until_stopped(one, followed, more)
        await until_taken_over(followed, names, late=case.late)
        if case.late:
            assert one.struck is not None
            late_job = one.struck.rpartition("/")[2]
        one.send(signal.SIGCONT)
        # Whoever is left is as good as ever.
        await api.create(path, execution("afterwards", MACHINE, input=given()))
        bodies = [await exactly_once.at_rest(api, followed, name) for name in ("afterwards", *names)]
    events = [await exactly_once.events_of(api, body) for body in bodies]
    return Played(namespace, bodies, events, late_job)


async def until_stopped(operator: ForkedOperator, followed: Following, names: Iterable[str]) -> None:
    """Until it is stopped, or nothing is left of these executions that could stop it."""
    while not operator.stopped and not all(is_settled_in(followed, name) for name in names):
        assert not operator.ended.is_set(), operator.log_tail()
        await asyncio.sleep(0.1)


def is_settled_in(followed: Following, name: str) -> bool:
    return name in followed.newest and exactly_once.is_settled(followed.newest[name])


async def until_taken_over(followed: Following, names: Iterable[str], *, late: bool) -> None:
    """Until the other one has written each execution further, or ``late``, until all are at their end."""
    seqs = {name: stored.of(followed.newest[name]).seq for name in names}
    for name in names:
        await followed.until(
            name,
            lambda found, seq=seqs[name]: (  # type: ignore[misc] # a default cannot be annotated
                exactly_once.is_settled(found) or (not late and stored.of(found).seq > seq)
            ),
        )
