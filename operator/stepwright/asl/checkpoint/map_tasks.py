"""A distributed Map's reader and its writer: tasks of the engine's own Resources, which no history mentions.

A Map that reads its items from elsewhere waits for a task that gives them, and one that leaves its results elsewhere waits
for a task that takes them. So everything that starts, stops and finds tasks again does so with these. The state names
another Resource (``arn:aws:states:::s3:getObject``): it is among the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.parts import Branch, Fork, Part, PartId, Results, fork_id, results_id
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map
from stepwright.asl.resource import RESULT_WRITER
from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import Payload

Parts = Mapping[PartId, Part]


def start_task(state: Map, parts: Parts, branch: Branch) -> StartTask:
    """The command that makes the engine read the items or write the results."""
    task = branch.task
    assert task is not None
    assert task.parameters is not None
    parameters = task.parameters.value
    resource = open_work.resource_of(state, task)
    if resource == RESULT_WRITER:
        assert isinstance(parameters, dict)
        fork = parts[fork_id(branch.number)]
        assert isinstance(fork, Fork)
        parameters = {**parameters, **_done(parts, fork)}
    return open_work.start_own(state, branch, task.id, resource, parameters, task.scheduled)


def _done(parts: Parts, fork: Fork) -> dict[str, Json]:
    """What each child execution came to, or the files in which shards have left that."""
    outputs = outputs_of(parts, fork)
    if fork.run is None or fork.run.shard_items is None:
        return {"Results": [output.value for output in outputs]}
    files: dict[str, Json] = {}
    for output in outputs:
        of_shard = jsontext.parse(output.text)  # of which there may be thousands, so none is kept as a value
        assert isinstance(of_shard, dict)
        for status, written in of_shard.items():
            before = files.setdefault(status, [])
            assert isinstance(before, list)
            assert isinstance(written, list)
            before.extend(written)
    return {"Files": files}


def outputs_of(parts: Parts, fork: Fork) -> list[Payload]:
    """What all branches of a fork have given, ordered by index; of a Map in shards, the lists of the shards."""
    return [output for _, output in sorted(entries(parts, fork), key=itemgetter(0))]


def entries(parts: Parts, fork: Fork) -> list[tuple[int, Payload]]:
    """The same with the index of each, in order of arrival."""
    found: list[tuple[int, Payload]] = []
    for chunk in range(fork.chunks):
        part = parts[results_id(fork.branch, chunk)]
        assert isinstance(part, Results)
        found += part.outputs
    return found
