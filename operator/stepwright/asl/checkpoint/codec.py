"""Encodes parts as JSON objects, and decodes them. A field that has its default is left out; a payload is its text.

The store may sort keys, and rounds numbers from 2^53 on. So only ids, counters and milliseconds are numbers here; a
percentage, which may have a fraction, is a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast, get_args

from msgspec.structs import astuple

from stepwright.asl import resource
from stepwright.asl.checkpoint import versions
from stepwright.asl.checkpoint.parts import (
    ITEMS_CHARACTERS,
    NO_VARIABLES,
    Branch,
    CameFrom,
    Child,
    EncodedPart,
    Ending,
    Fork,
    Head,
    Identity,
    Items,
    Leaving,
    MapRun,
    OpenTask,
    OpenTimer,
    Part,
    Phase,
    Results,
    Shard,
    Source,
    Start,
)
from stepwright.asl.json_types import Json, JsonText, Pointer
from stepwright.asl.signals import Millis, ShardCounts, TaskId, TimerId
from stepwright.asl.step import CancelTask
from stepwright.asl.text import jsontext, payload
from stepwright.asl.text.payload import Payload

_STOP: Final = "stop"

_USUAL_EDGE: Final = "Next"
"""It is left out."""


class NewerVersion(ValueError):  # noqa: N818 - it names a condition
    """The checkpoint was written by a newer version than this one."""


def encode(part: Part) -> EncodedPart:
    kind, encoder = _ENCODERS[type(part)]
    encoded = {"kind": kind} | encoder(part)
    return {name: value for name, value in encoded.items() if value is not None}


def decode(encoded: EncodedPart) -> Part:
    """Raises NewerVersion."""
    check_version(encoded)
    return _DECODERS[encoded["kind"]](encoded)


def check_version(encoded: EncodedPart) -> None:
    """Raises NewerVersion if this version cannot read the part."""
    kind = encoded.get("kind", "")
    if kind not in _DECODERS and kind != _STOP:
        raise NewerVersion(f"a checkpoint part of kind {kind!r} is not known to this version")
    if encoded.get("version", 0) > versions.NEWEST:
        raise NewerVersion(
            f"the checkpoint has version {encoded['version']}, this engine knows versions up to {versions.NEWEST}"
        )


def encode_stop(cancelled: CancelTask) -> EncodedPart:
    """A task that still has to be stopped."""
    encoded: EncodedPart = {
        "kind": _STOP,
        "cancelled": cancelled.task,
        "resource": cancelled.resource.text,
    }
    if cancelled.submitted is not None:
        encoded["submitted"] = jsontext.dump(cancelled.submitted)
    if cancelled.scheduled is not None:
        encoded["scheduled"] = cancelled.scheduled
    if cancelled.parameters is not None:
        encoded["parameters"] = jsontext.dump(cancelled.parameters)
    if cancelled.credentials is not None:
        encoded["credentials"] = jsontext.dump(cancelled.credentials)
    return encoded


def decode_stop(encoded: EncodedPart) -> CancelTask:
    """Raises NewerVersion."""
    check_version(encoded)
    submitted, parameters = encoded.get("submitted"), encoded.get("parameters")
    credentials = encoded.get("credentials")
    return CancelTask(
        TaskId(encoded["cancelled"]),
        resource.parse(encoded["resource"]),
        None if submitted is None else jsontext.parse(submitted),
        encoded.get("scheduled"),
        None if parameters is None else jsontext.parse(parameters),
        None if credentials is None else jsontext.parse(credentials),
    )


def _text(value: Payload | None) -> JsonText | None:
    return None if value is None else value.text


def _payload(text: str | None) -> Payload | None:
    return None if text is None else payload.of_text(JsonText(text))


def _encode_start(part: Start) -> EncodedPart:
    identity = part.identity
    return {
        "uid": identity.uid,
        "executionId": identity.execution_id,
        "name": identity.name,
        "roleArn": identity.role_arn,
        "stateMachineId": identity.state_machine_id,
        "stateMachineName": identity.state_machine_name,
        "synchronous": identity.synchronous or None,
        "versionArn": identity.version_arn,
        "aliasArn": identity.alias_arn,
        "input": part.input.text,
        "started": part.started,
    }


def _decode_start(encoded: EncodedPart) -> Start:
    identity = Identity(
        uid=encoded["uid"],
        execution_id=encoded["executionId"],
        name=encoded["name"],
        role_arn=encoded["roleArn"],
        state_machine_id=encoded["stateMachineId"],
        state_machine_name=encoded["stateMachineName"],
        synchronous=encoded.get("synchronous", False),
        version_arn=encoded.get("versionArn"),
        alias_arn=encoded.get("aliasArn"),
    )
    return Start(identity, payload.of_text(encoded["input"]), Millis(encoded["started"]))


def _encode_head(part: Head) -> EncodedPart:
    return {
        "version": part.version,
        "lastEventId": part.last_event_id,
        "nextBranch": part.next_branch,
        "ready": list(part.ready) or None,
        "deadline": part.deadline,
        "ended": part.ended,
        "flags": list(part.flags) or None,
        "childEvents": part.child_events or None,
        "historyBytes": part.history_bytes or None,
        "redrives": part.redrives or None,
        "redriven": part.redriven,
        "shards": part.own_tasks or None,
        "ending": None if part.ending is None else list(astuple(part.ending)),
    }


def _decode_head(encoded: EncodedPart) -> Head:
    deadline, redriven = encoded.get("deadline"), encoded.get("redriven")
    return Head(
        last_event_id=encoded["lastEventId"],
        next_branch=encoded["nextBranch"],
        ready=tuple(encoded.get("ready", ())),
        deadline=None if deadline is None else Millis(deadline),
        ended=encoded.get("ended"),
        version=encoded["version"],
        flags=tuple(encoded.get("flags", ())),
        child_events=encoded.get("childEvents", 0),
        history_bytes=encoded.get("historyBytes", 0),
        redrives=encoded.get("redrives", 0),
        redriven=None if redriven is None else Millis(redriven),
        own_tasks=encoded.get("shards", 0),
        ending=Ending(*encoded["ending"]) if "ending" in encoded else None,
    )


def _encode_branch(part: Branch) -> EncodedPart:
    return {
        "number": part.number,
        "scope": part.scope,
        "state": part.state,
        "input": part.input.text,
        "previous": part.previous,
        "prefix": part.prefix or None,
        "parent": part.parent,
        "index": part.index or None,
        "phase": part.phase,
        "entered": part.entered or None,
        "enteredAt": part.entered_at or None,
        "retries": list(part.retries) or None,
        "variables": {name: value.text for name, value in part.variables.items()} or None,
        "task": None if part.task is None else _encode_task(part.task),
        "timer": None if part.timer is None else {"id": part.timer.id, "due": part.timer.due},
        "lastTask": part.last_task,
        "visit": part.visit if part.visit != part.entered else None,
        "child": part.child,
        "events": part.events or None,
        "cameFrom": None if part.came_from is None else _encode_came_from(part.came_from),
        "tries": part.tries or None,
        "begunAt": part.begun_at or None,
    }


def _decode_branch(encoded: EncodedPart) -> Branch:
    task, timer, variables = encoded.get("task"), encoded.get("timer"), encoded.get("variables")
    last_task, came_from = encoded.get("lastTask"), encoded.get("cameFrom")
    return Branch(
        number=encoded["number"],
        scope=Pointer(encoded["scope"]),
        state=encoded["state"],
        input=payload.of_text(encoded["input"]),
        previous=encoded["previous"],
        prefix=encoded.get("prefix", ""),
        parent=encoded.get("parent"),
        index=encoded.get("index", 0),
        phase=_phase(encoded["phase"]),
        entered=encoded.get("entered", 0),
        entered_at=Millis(encoded.get("enteredAt", 0)),
        retries=tuple(encoded.get("retries", ())),
        variables={name: payload.of_text(text) for name, text in variables.items()}
        if variables
        else NO_VARIABLES,
        task=None if task is None else _decode_task(task),
        timer=None if timer is None else OpenTimer(TimerId(timer["id"]), Millis(timer["due"])),
        last_task=None if last_task is None else TaskId(last_task),
        visit=encoded.get("visit") or encoded.get("entered", 0),
        child=encoded.get("child"),
        events=encoded.get("events", 0),
        came_from=CameFrom(*came_from, *(_USUAL_EDGE,) * (2 - len(came_from))) if came_from else None,
        tries=encoded.get("tries", 0),
        begun_at=Millis(encoded.get("begunAt", 0)),
    )


def _encode_came_from(came_from: CameFrom) -> list[Json]:
    return [came_from.visit] if came_from.edge == _USUAL_EDGE else [came_from.visit, came_from.edge]


def _phase(encoded: str) -> Phase:
    for phase in get_args(Phase):
        if phase == encoded:
            return cast("Phase", phase)
    raise ValueError(f"a branch cannot be in phase {encoded!r}")


def _encode_task(task: OpenTask) -> EncodedPart:
    encoded = {
        "id": task.id,
        "scheduled": task.scheduled,
        "parameters": _text(task.parameters),
        "input": _text(task.input),
        "timeoutSeconds": task.timeout_seconds,
        "heartbeatSeconds": task.heartbeat_seconds,
        "credentials": _text(task.credentials),
        "started": task.started or None,
        "submitted": _text(task.submitted),
        "fetched": task.fetched or None,
        "taken": task.taken,
        "resource": task.resource,
    }
    return {name: value for name, value in encoded.items() if value is not None}


def _decode_task(encoded: EncodedPart) -> OpenTask:
    taken = encoded.get("taken")
    return OpenTask(
        id=TaskId(encoded["id"]),
        scheduled=Millis(encoded["scheduled"]),
        parameters=_payload(encoded.get("parameters")),
        input=_payload(encoded.get("input")),
        timeout_seconds=encoded.get("timeoutSeconds"),
        heartbeat_seconds=encoded.get("heartbeatSeconds"),
        credentials=_payload(encoded.get("credentials")),
        started=encoded.get("started", False),
        submitted=_payload(encoded.get("submitted")),
        fetched=encoded.get("fetched", False),
        taken=None if taken is None else Millis(taken),
        resource=encoded.get("resource"),
    )


def _encode_fork(part: Fork) -> EncodedPart:
    percentage = part.tolerated_percentage
    return {
        "branch": part.branch,
        "width": part.width,
        "limit": part.limit,
        "previous": part.previous,
        "cursor": part.cursor,
        "live": list(part.live),
        "freed": list(part.freed) or None,
        "finished": part.finished or None,
        "failed": part.failed or None,
        "chunks": part.chunks or None,
        "toleratedCount": part.tolerated_count,
        "toleratedPercentage": None if percentage is None else repr(percentage),
        "run": None if part.run is None else _encode_run(part.run),
        "first": part.first or None,
    }


def _decode_fork(encoded: EncodedPart) -> Fork:
    percentage, run = encoded.get("toleratedPercentage"), encoded.get("run")
    return Fork(
        branch=encoded["branch"],
        width=encoded["width"],
        limit=encoded["limit"],
        previous=encoded["previous"],
        cursor=encoded["cursor"],
        live=tuple(encoded["live"]),
        freed=tuple(encoded.get("freed", ())),
        finished=encoded.get("finished", 0),
        failed=encoded.get("failed", 0),
        chunks=encoded.get("chunks", 0),
        tolerated_count=encoded.get("toleratedCount"),
        tolerated_percentage=None if percentage is None else float(percentage),
        run=None if run is None else _decode_run(run),
        first=encoded.get("first", 0),
    )


def _encode_run(run: MapRun) -> EncodedPart:
    encoded = {
        "arn": run.arn,
        "started": run.started,
        "maxConcurrency": run.max_concurrency or None,
        "batchItems": run.batch_items,
        "batchBytes": run.batch_bytes,
        "children": run.children or None,
        "ended": run.ended or None,
        "failed": run.failed or None,
        "redrives": run.redrives or None,
        "redriven": run.redriven,
        "shardItems": run.shard_items,
        "shards": list(run.shards) or None,
        "isShard": run.is_shard or None,
        "ordinal": run.ordinal or None,
        "reading": run.reading or None,
        "resultBytes": run.result_bytes or None,
        "leaving": None if run.leaving is None else _encode_leaving(run.leaving),
    }
    return {name: value for name, value in encoded.items() if value is not None}


def _decode_run(encoded: EncodedPart) -> MapRun:
    leaving = encoded.get("leaving")
    return MapRun(
        arn=encoded["arn"],
        started=Millis(encoded["started"]),
        max_concurrency=encoded.get("maxConcurrency", 0),
        batch_items=encoded.get("batchItems"),
        batch_bytes=encoded.get("batchBytes"),
        children=encoded.get("children", 0),
        ended=encoded.get("ended", 0),
        failed=encoded.get("failed", 0),
        redrives=encoded.get("redrives", 0),
        redriven=encoded.get("redriven"),
        shard_items=encoded.get("shardItems"),
        shards=tuple(encoded.get("shards", ())),
        is_shard=encoded.get("isShard", False),
        ordinal=encoded.get("ordinal", 0),
        reading=encoded.get("reading", False),
        result_bytes=encoded.get("resultBytes", 0),
        leaving=None if leaving is None else _decode_leaving(leaving),
    )


def _encode_leaving(leaving: Leaving) -> EncodedPart:
    encoded = {
        "error": leaving.error,
        "cause": leaving.cause,
        "chunks": leaving.chunks,
        "children": leaving.children or None,
        "items": leaving.items or None,
        "width": leaving.width or None,
        "cursor": leaving.cursor or None,
        "reading": leaving.reading or None,
        "location": leaving.location,
    }
    return {name: value for name, value in encoded.items() if value is not None}


def _decode_leaving(encoded: EncodedPart) -> Leaving:
    return Leaving(
        encoded.get("error"),
        encoded.get("cause"),
        encoded["chunks"],
        encoded.get("children", 0),
        encoded.get("items", 0),
        encoded.get("width", 0),
        encoded.get("cursor", 0),
        encoded.get("reading", False),
        encoded.get("location"),
    )


def _encode_items(part: Items) -> EncodedPart:
    text = part.items.text
    if len(text) <= ITEMS_CHARACTERS:
        return {"branch": part.branch, "items": text}
    texts = [text[at : at + ITEMS_CHARACTERS] for at in range(0, len(text), ITEMS_CHARACTERS)]
    return {"branch": part.branch, "texts": texts}


def _decode_items(encoded: EncodedPart) -> Items:
    text = encoded["items"] if "items" in encoded else "".join(encoded["texts"])
    return Items(encoded["branch"], payload.of_text(JsonText(text)))


def _encode_source(part: Source) -> EncodedPart:
    return {
        "branch": part.branch,
        "wanted": part.wanted.text,
        "after": _text(part.after),
        "pieces": [[count, piece.text] for count, piece in part.pieces] or None,
        "isKept": part.is_kept or None,
    }


def _decode_source(encoded: EncodedPart) -> Source:
    return Source(
        encoded["branch"],
        payload.of_text(encoded["wanted"]),
        _payload(encoded.get("after")),
        tuple((count, payload.of_text(text)) for count, text in encoded.get("pieces", ())),
        encoded.get("isKept", False),
    )


def _encode_child(part: Child) -> EncodedPart:
    return {
        "branch": part.branch,
        "name": part.name,
        "input": part.input.text,
        "started": part.started,
        "items": part.items,
        "redrives": part.redrives or None,
        "redriven": part.redriven,
    }


def _decode_child(encoded: EncodedPart) -> Child:
    return Child(
        branch=encoded["branch"],
        name=encoded["name"],
        input=payload.of_text(encoded["input"]),
        started=Millis(encoded["started"]),
        items=encoded["items"],
        redrives=encoded.get("redrives", 0),
        redriven=encoded.get("redriven"),
    )


def _encode_shard(part: Shard) -> EncodedPart:
    return {
        "branch": part.branch,
        "shard": part.task,
        "first": part.first,
        "count": part.count,
        "limit": part.limit,
        "tolerated": part.tolerated,
        "opened": part.opened,
        "counts": list(astuple(part.counts)) if part.counts != ShardCounts() else None,
        "redrives": part.redrives or None,
        "piece": _text(part.piece),
        "ordinal": part.ordinal or None,
        "endsBy": part.ends_by,
        "hasLeft": part.has_left or None,
    }


def _decode_shard(encoded: EncodedPart) -> Shard:
    return Shard(
        branch=encoded["branch"],
        task=TaskId(encoded["shard"]),
        first=encoded["first"],
        count=encoded["count"],
        limit=encoded["limit"],
        tolerated=encoded["tolerated"],
        opened=Millis(encoded["opened"]),
        counts=ShardCounts(*encoded.get("counts", ())),
        redrives=encoded.get("redrives", 0),
        piece=_payload(encoded.get("piece")),
        ordinal=encoded.get("ordinal", 0),
        ends_by=encoded.get("endsBy"),
        has_left=encoded.get("hasLeft", False),
    )


def _encode_results(part: Results) -> EncodedPart:
    """The outputs of a closed chunk are one text."""
    outputs: list[Json] = [[index, output.text] for index, output in part.outputs]
    return {
        "branch": part.branch,
        "chunk": part.chunk,
        "outputs": jsontext.dump(outputs) if part.closed else outputs,
        "size": part.size,
    }


def _decode_results(encoded: EncodedPart) -> Results:
    entries = encoded["outputs"]
    if isinstance(entries, str):
        entries = jsontext.parse(entries)
    outputs = tuple((index, payload.of_text(text)) for index, text in entries)
    return Results(encoded["branch"], encoded["chunk"], outputs, encoded["size"])


_ENCODERS: Final[dict[type[Any], tuple[str, Callable[[Any], EncodedPart]]]] = {
    Start: ("start", _encode_start),
    Head: ("head", _encode_head),
    Branch: ("branch", _encode_branch),
    Fork: ("fork", _encode_fork),
    Items: ("items", _encode_items),
    Source: ("source", _encode_source),
    Child: ("child", _encode_child),
    Shard: ("shard", _encode_shard),
    Results: ("results", _encode_results),
}

_DECODERS: Final[dict[str, Callable[[EncodedPart], Part]]] = {
    "start": _decode_start,
    "head": _decode_head,
    "branch": _decode_branch,
    "fork": _decode_fork,
    "items": _decode_items,
    "source": _decode_source,
    "child": _decode_child,
    "shard": _decode_shard,
    "results": _decode_results,
}
