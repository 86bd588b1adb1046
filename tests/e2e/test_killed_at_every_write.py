"""SIGKILL of the operator around each single write of a workflow: each time the same history, and no task runs twice.

An undisturbed run shows how many writes of each kind there are. Then the operator is killed from within
(tests/processes/faulty_operator.py) at each of them, in the middle of a fresh execution; the next operator, which is going to be
killed at a write of the next execution, takes up those before it, too.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from stepwright.cluster import stored
from stepwright.kube.api import Api
from stepwright.kube.api_errors import NotFound
from stepwright.kube.paths import path_of
from tests.data.every_kind import MACHINE, given, is_on_hold, workflow
from tests.on_cluster import exactly_once
from tests.on_cluster.exactly_once import V1, Following, Object
from tests.on_cluster.kubectl import execution, job, machine, one
from tests.on_cluster.place import KWOK, REAL, Place
from tests.processes.faulty_operator import Fault, Moment
from tests.processes.nursery import ForkedOperator, Nursery
from tests.simulation.history import Wrong
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit, Write

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

#: What is stored when a write is about to be sent is what was stored after the one before.
MOMENTS: tuple[Moment, ...] = ("sent", "answered")
REST_SECONDS = 300.0
LEASES = "coordination.k8s.io/v1"


Point = tuple[str, int, Moment]
"""Kind of a write, its number among those of its kind from 1, and when in its course."""


@dataclass
class Trial:
    """One execution, in the middle of which the operator is killed. ``struck``: at what; None where it came to rest
    before, because two writes became one."""

    namespace: str
    name: str
    fault: Fault
    struck: str | None = None
    body: Object = field(default_factory=dict)
    """The Execution at rest."""
    events: list[Object] = field(default_factory=list)
    wrong: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}, operator killed at {self.struck}"


@dataclass
class Series:
    """What the namespaces go through together. ``begin`` makes the execution of a trial; ``accompany`` does to it what
    a user does, and returns once it is at rest and read. ``subject`` names what the writes are to concern."""

    nursery: Nursery
    api: Api
    begin: Callable[[Trial], Awaitable[None]]
    accompany: Callable[[Trial, Following], Awaitable[None]]
    subject: Callable[[str], str] = str

    async def count(self, namespace: str) -> tuple[Trial, Counter[str]]:
        """An undisturbed run, and how many writes of each kind it takes."""
        trial = Trial(namespace, "undisturbed", Fault("sent", 0, self.subject("undisturbed")))
        async with exactly_once.following(self.api, namespace) as followed:
            await self.begin(trial)
            operator = await _start(self, namespace, trial.fault)
            await _rest(self, trial, followed)
            operator.send(signal.SIGKILL)
            await operator.ended.wait()
        return trial, Counter(" ".join(write.split()[:2]) for write in operator.writes)

    async def go_through(self, points: Iterable[Point], namespaces: Iterable[str]) -> list[Trial]:
        """Each namespace takes the next point. Returns once all executions are at rest."""
        numbered = enumerate(points)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_go_through(self, numbered, namespace)) for namespace in namespaces]
        return [trial for task in tasks for trial in task.result()]


async def _go_through(series: Series, points: Iterator[tuple[int, Point]], namespace: str) -> list[Trial]:
    trials: list[Trial] = []
    async with exactly_once.following(series.api, namespace) as followed, asyncio.TaskGroup() as users:
        for number, (kind, nth, moment) in points:
            name = f"run-{number:03}-{moment}"
            trial = Trial(namespace, name, Fault(moment, nth, series.subject(name), (kind,)))
            trials.append(trial)
            await series.begin(trial)
            operator = await _start(series, namespace, trial.fault)
            user = users.create_task(_rest(series, trial, followed))
            end = users.create_task(operator.ended.wait())
            await asyncio.wait((user, end), return_when=asyncio.FIRST_COMPLETED)
            # What the last write brings about may be seen before its answer is.
            await asyncio.wait((end,), timeout=1)
            trial.struck = operator.struck
            operator.send(signal.SIGKILL)
            await end
            if trial.struck is None and not user.done():
                raise AssertionError(
                    f"{trial}: it ended {operator.end}, which was not asked for:\n{operator.log_tail()}"
                )
        await _start(series, namespace, None)
    return trials


async def _start(series: Series, namespace: str, fault: Fault | None) -> ForkedOperator:
    # Those of the one that was killed would be waited for.
    await series.api.delete(path_of(LEASES, "leases", namespace))
    return await series.nursery.start(namespace, fault)


async def _rest(series: Series, trial: Trial, followed: Following) -> None:
    try:
        async with asyncio.timeout(REST_SECONDS):
            await series.accompany(trial, followed)
    except Wrong as wrong:
        trial.wrong = str(wrong)
    except TimeoutError as error:
        body = await series.api.get(path_of(V1, "executions", trial.namespace, trial.name))
        jobs = await exactly_once.unreleased_jobs(series.api, body)
        status = {**body["status"], "history": body["status"].get("history", [])[-5:]}
        raise AssertionError(
            f"{trial}: it is not at rest after {REST_SECONDS:.0f} s: {jobs}\n{json.dumps(status, indent=1)}\n"
            f"{series.nursery.operators[-1].log_tail()}"
        ) from error


async def install(api: Api, place: Place, namespaces: Iterable[str]) -> None:
    for namespace in namespaces:
        body = machine(MACHINE, workflow(place), taskDefaults=place.defaults)
        await api.create(path_of(V1, "statemachines", namespace), body)


def series(nursery: Nursery, api: Api, *, hold: bool = False) -> Series:
    async def begin(trial: Trial) -> None:
        body = execution(trial.name, MACHINE, input=given(hold=hold))
        await api.create(path_of(V1, "executions", trial.namespace), body)

    async def accompany(trial: Trial, followed: Following) -> None:
        if hold:
            await followed.until(trial.name, is_on_hold)
            stop = [{"op": "add", "path": "/spec/stop", "value": {"error": "Enough", "cause": "by hand"}}]
            await api.patch(path_of(V1, "executions", trial.namespace, trial.name), stop)
        await read(api, trial, followed)

    return Series(nursery, api, begin, accompany)


def each_of(counts: Counter[str], moment: Moment) -> list[Point]:
    return [(kind, nth + 1, moment) for kind, count in sorted(counts.items()) for nth in range(count)]


async def read(api: Api, trial: Trial, followed: Following) -> None:
    """Wait until the execution is at rest, and read what it shows. Raises Wrong."""
    trial.body = await exactly_once.at_rest(api, followed, trial.name)
    trial.events = await exactly_once.events_of(api, trial.body)


def check(example: Trial, trials: list[Trial], audit: Audit, since: int, phase: str) -> None:
    """Each is what an undisturbed run could be, no Job was created twice, and all show what the example shows. Raises
    Wrong with all that is wrong."""
    writes: dict[str, list[Write]] = defaultdict(list)
    for write in audit.writes(since):
        writes[write.namespace].append(write)
    told = exactly_once.content(example.body, example.events)
    for trial in (example, *trials):
        try:
            if trial.wrong:
                continue
            if stored.of(trial.body).phase != phase:
                raise Wrong(f"it is {stored.of(trial.body).phase}, not {phase}")
            creates = exactly_once.job_creates(writes[trial.namespace])
            exactly_once.check_creates(trial.body, trial.events, creates)
            own = exactly_once.content(trial.body, trial.events)
            if difference := exactly_once.difference(told, own):
                raise Wrong(f"its history is not that of {example}:\n{difference}")
        except Wrong as wrong:
            trial.wrong = str(wrong)
    struck = Counter(" ".join(trial.struck.split()[:2]) for trial in trials if trial.struck)
    print(f"\n{struck.total()} of {len(trials)} killed: {dict(struck)}")
    if problems := [f"{trial}: {trial.wrong}" for trial in (example, *trials) if trial.wrong]:
        raise Wrong("\n".join(problems))
    # Commits may share a write; all else is done as often each time.
    missed = [trial for trial in trials if not trial.struck]
    assert all(trial.fault.kinds == ("PATCH executions/status",) for trial in missed), missed


@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_at_each_write_a_workflow_has_the_history_of_an_undisturbed_run(
    moment: Moment, cluster: Cluster, api: Api, nursery: Nursery, namespaces: list[str], audit: Audit
) -> None:
    cluster.start_kwok()
    since = audit.mark()
    await install(api, KWOK, namespaces)
    workflows = series(nursery, api)
    example, counts = await workflows.count(namespaces[0])
    assert counts["POST jobs"] == 9
    assert counts["DELETE jobs"] == 1
    assert counts["POST secrets"] == 1
    assert counts["POST executionhistories"] > 1
    trials = await workflows.go_through(each_of(counts, moment), namespaces)

    check(example, trials, audit, since, "Succeeded")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_at_each_write_a_workflow_that_is_stopped_leaves_nothing_running(
    moment: Moment, cluster: Cluster, api: Api, nursery: Nursery, namespaces: list[str], audit: Audit
) -> None:
    cluster.start_kwok()
    since = audit.mark()
    await install(api, KWOK, namespaces)
    workflows = series(nursery, api, hold=True)
    example, counts = await workflows.count(namespaces[0])
    assert counts["POST jobs"] == 3
    assert counts["DELETE jobs"] == 2
    trials = await workflows.go_through(each_of(counts, moment), namespaces)

    check(example, trials, audit, since, "Aborted")


async def test_killed_in_the_middle_of_jobs_with_containers_a_workflow_goes_on(
    api: Api, nursery: Nursery, namespaces: list[str], audit: Audit
) -> None:
    since = audit.mark()
    await install(api, REAL, namespaces)
    workflows = series(nursery, api)
    example, counts = await workflows.count(namespaces[0])
    points = each_of(counts, "sent")[::6] + each_of(counts, "answered")[3::6]
    trials = await workflows.go_through(points, namespaces)

    check(example, trials, audit, since, "Succeeded")


async def test_killed_at_each_write_for_a_state_machine_its_executions_run_and_it_can_be_deleted(
    cluster: Cluster, api: Api, nursery: Nursery, namespaces: list[str], audit: Audit
) -> None:
    cluster.start_kwok()
    since = audit.mark()
    definition = one(job("never run"))

    async def begin(trial: Trial) -> None:
        made = machine(machine_of(trial.name), definition, taskDefaults=KWOK.defaults)
        await api.create(path_of(V1, "statemachines", trial.namespace), made)
        body = execution(trial.name, machine_of(trial.name))
        await api.create(path_of(V1, "executions", trial.namespace), body)

    async def accompany(trial: Trial, followed: Following) -> None:
        await read(api, trial, followed)
        path = path_of(V1, "statemachines", trial.namespace, machine_of(trial.name))
        await api.delete(path)
        with suppress(NotFound):
            while True:
                await api.get(path)
                await asyncio.sleep(0.2)

    def machine_of(name: str) -> str:
        return f"of-{name}"

    # The finalizer is put on, and taken off again.
    points: list[Point] = [
        (kind, nth, moment)
        for moment in MOMENTS
        for kind, nth in (
            ("PATCH statemachines", 1),
            ("POST controllerrevisions", 1),
            ("PATCH statemachines/status", 1),
            ("PATCH statemachines", 2),
        )
    ]
    machines = Series(nursery, api, begin, accompany, machine_of)
    example, _ = await machines.count(namespaces[0])
    trials = await machines.go_through(points, namespaces)

    check(example, trials, audit, since, "Succeeded")
