"""Rest: what must have come to its end once the trouble is over, and what of it has not yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import msgspec

from stepwright.cluster import redrives, stored
from stepwright.tasks.job import names
from stepwright.tasks.job.settings import DEFAULT_TTL_SECONDS
from tests.simulation.api_server import ApiServer, Body, Key
from tests.simulation.jobs import is_finished
from tests.simulation.operator import Operator

WITHIN_SECONDS = 400.0
"""After the trouble."""


def of_executions(server: ApiServer, has_no_room: Callable[[str], bool]) -> Iterator[str]:
    """``has_no_room``: whether nothing can be written of the Execution of this name, so that it is left as it is."""
    for body in server.all("executions"):
        name = body["metadata"]["name"]
        if has_no_room(name):
            continue
        if not (stored.of(body).has_ended and stored.of(body).settled):
            yield f"execution {name} is {stored.of(body).phase}, settled: {stored.of(body).settled}"
        elif not stored.of(body).is_acknowledged:
            yield f"execution {name} is not acknowledged"
        elif redrives.is_asked_for(stored.of(body)):
            yield f"execution {name} is to be redriven"
        if body["spec"].get("ttlSecondsAfterFinished") is not None and not _may_go_on(server, body):
            yield f"execution {name} is to be deleted"


def _may_go_on(server: ApiServer, body: Body) -> bool:
    """Whether it is a shard in which a redrive of its parent would go on."""
    parent = body["spec"].get("parent")
    if parent is None or "mapShard" not in body["spec"]:
        return False
    found = server.get("executions", parent["namespace"], parent["name"])
    if found is None or found["metadata"]["uid"] != parent["uid"] or not found["status"].get("redrivable"):
        return False
    parts = map(msgspec.json.decode, found["status"]["checkpoint"].values())
    return any(part.get("shard") == parent["task"] for part in parts)


def of_jobs(server: ApiServer) -> Iterator[str]:
    for job in _own_jobs(server):
        # One that came when its execution had settled is let go with Stepwright's own time, an hour: nobody waits.
        if not _is_let_go(job):
            yield f"Job {job['metadata']['name']} is there"


def of_operators(operators: Collection[Operator]) -> Iterator[str]:
    """What those that are there have in memory, and whether they are at work."""
    members = 0
    for operator in operators:
        if operator.has_begun and operator.membership.valid and not operator.process.stopped:
            members += 1
            left = operator.left_over()
            if left:
                yield f"operator {operator.process.name} has {left}"
    if members < len(operators) or not members:
        yield f"{members} of {len(operators)} operators are at work"


def kept_jobs(server: ApiServer) -> list[Key]:
    """Those that have finished and been let go, and stand until their time is over."""
    return [
        ("jobs", job["metadata"]["namespace"], job["metadata"]["name"])
        for job in _own_jobs(server)
        if _is_let_go(job) and job["spec"]["ttlSecondsAfterFinished"] != DEFAULT_TTL_SECONDS
    ]


def _own_jobs(server: ApiServer) -> Iterator[Body]:
    for job in server.all("jobs"):
        if (job["metadata"].get("labels") or {}).get(names.EXECUTION_UID):
            yield job


def _is_let_go(job: Body) -> bool:
    return is_finished(job) and job["spec"].get("ttlSecondsAfterFinished") is not None
