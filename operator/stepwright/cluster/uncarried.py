"""Writes to an execution that no engine runs: why it waits, or why it never ran. The writes have the same
conditions as commits (uid and ``seq``), so they can never overtake one. The write that ends an execution may
make its object larger than etcd accepts. Then everything but the end itself is left out, including what the
status held before. If even that does not fit, it is ``Unwritable``: trying again is useless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from stepwright.asl.checkpoint.parts import STOPS
from stepwright.asl.signals import Millis
from stepwright.cluster import conditions, executions, record, seal
from stepwright.cluster.conditions import Reason
from stepwright.cluster.executions import Body
from stepwright.cluster.resources import API_VERSION, Phase
from stepwright.engine.ports import Clock, StopRequest, Unavailable
from stepwright.kube import timestamps
from stepwright.kube.api import Api, ApiError, Invalid, NotFound, TooLarge, path_of

Operation = dict[str, Any]
"""One operation of a JSON Patch."""

log = structlog.get_logger(__name__)

_OF_THE_BEGINNING: Final = ("startTime", "checkpoint", "history")
_OF_THE_END: Final = ("endTime", "duration", "output", "outputRef", "error", "cause")
_SMALLEST: Final = ("seq", "phase", "error", "endTime", "settled", "observedGeneration")
"""The fields of the smallest status besides a condition and the seal."""


class _Event(msgspec.Struct):
    id: int


class Unwritable(Exception):  # noqa: N818 - it names a condition
    """The object is so large that this can no longer be written into its status; if it ``was_smallest``,
    nothing can."""

    def __init__(self, problem: str, *, was_smallest: bool = False) -> None:
        super().__init__(problem)
        self.was_smallest = was_smallest


class Refusals:
    """Every method raises Unavailable and Unwritable. ``body`` may be a lean one unless stated otherwise."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def wait(self, body: Body, reason: Reason, detail: str) -> None:
        """Say why an execution that is Pending does not start yet."""
        new = self._conditions(body, "Pending", reason, detail)
        if new != ((body.get("status") or {}).get("conditions") or []):
            await self._write(body, _additions({"conditions": new, "phase": "Pending"}))

    async def stall(self, body: Body, reason: Reason, detail: str) -> None:
        """Say why an execution, Pending or begun, does not continue until somebody acts."""
        await self._say(body, reason, detail)

    async def restored(self, body: Body, detail: str) -> None:
        """Say that an execution that was started before, as another object, waits until somebody releases
        it."""
        reason = conditions.RESTORED_COPY
        new = conditions.with_restored(
            self._conditions(body, "Pending", reason, detail),
            detail,
            now=timestamps.seconds(self._clock.now()),
            generation=body["metadata"].get("generation", 1),
            reason=reason,
        )
        if new != ((body.get("status") or {}).get("conditions") or []):
            await self._write(body, _additions({"conditions": new, "phase": "Pending"}))

    async def go_on(self, body: Body) -> None:
        """Take back what ``stall`` said."""
        await self._say(body, None, "")

    async def _say(self, body: Body, reason: Reason | None, detail: str) -> None:
        phase: Phase = "Running" if executions.phase(body) == "Running" else "Pending"
        new = self._conditions(body, phase, reason, detail)
        if new != ((body.get("status") or {}).get("conditions") or []):
            await self._write(body, _additions({"conditions": new, "phase": phase}))

    async def fail(self, body: Body, reason: Reason, error: str, cause: str) -> bool:
        """End an execution that cannot start or continue; returns whether that is written now. None of its
        work may still run."""
        return await self._end(body, "Failed", reason, error, cause)

    async def abort(self, body: Body, request: StopRequest) -> None:
        """End an execution that was stopped before it started."""
        await self._end(body, "Aborted", conditions.ABORTED, request.error, request.cause)

    async def settle(self, body: Body) -> None:
        """Record that nothing of an ended execution runs any more: stops that were kept with it are made. ``body`` must be
        whole."""
        stored: Mapping[str, Any] = (body.get("status") or {}).get("checkpoint") or {}
        kept = {part: text for part, text in stored.items() if not part.startswith(STOPS)}
        said = {"seq": executions.seq(body) + 1, "settled": True}
        fields = _sealed(body, said if len(kept) == len(stored) else said | {"checkpoint": kept})
        await self._write(body, _additions(fields))

    async def correct(self, body: Body, phase: Phase, *, settled: bool) -> None:
        """Undo somebody's edit of phase and settled; the seal still matches the values given."""
        running = phase in ("Pending", "Running")
        forged = [name for name in _OF_THE_END if running and name in (body.get("status") or {})]
        reason = None if phase != "Pending" else conditions.PENDING
        fields = {
            "phase": phase,
            "settled": settled,
            "conditions": self._conditions(body, phase, reason, ""),
        }
        removals = [{"op": "remove", "path": f"/status/{name}"} for name in forged]
        await self._write(body, [*_additions(fields), *removals])

    async def acknowledge(self, body: Body) -> None:
        """The spec of an ended execution was changed, without effect: readers of the kstatus convention would
        otherwise wait forever for it to be observed. One that is no longer ended was restored: the engine
        that continues it will read its spec."""
        if not executions.has_ended(body):
            return
        generation = body["metadata"].get("generation", 1)
        old = (body.get("status") or {}).get("conditions") or ()
        new = [{**condition, "observedGeneration": generation} for condition in old]
        await self._write(body, _additions({"observedGeneration": generation, "conditions": new}))

    async def _end(
        self, body: Body, phase: Phase, reason: Reason, error: str | None, cause: str | None
    ) -> bool:
        detail = ": ".join(text for text in (error, cause) if text)
        now = self._clock.now()
        fields: dict[str, Any] = {
            "seq": executions.seq(body) + 1,
            "phase": phase,
            "conditions": self._conditions(body, phase, reason, detail),
            "observedGeneration": body["metadata"].get("generation", 1),
            "endTime": timestamps.rfc3339(now),
            "currentState": "",
            "settled": True,
        }
        if error is not None:
            fields["error"] = error
        if cause is not None:
            fields["cause"] = cause
        status = body.get("status") or {}
        if any(status.get(name) for name in _OF_THE_BEGINNING):
            fields |= _end_of_history(status, phase, error, cause, now)
        try:
            return await self._send(body, _additions(_sealed(body, fields)))
        except TooLarge:
            log.warning("no room for a whole status", execution=str(executions.reference(body)))
        return await self._write(body, [_add("/status", _smallest(body, fields))], is_smallest=True)

    def _conditions(
        self, body: Body, phase: Phase, reason: Reason | None, detail: str
    ) -> list[dict[str, Any]]:
        return conditions.of_execution(
            (body.get("status") or {}).get("conditions") or [],
            phase,
            now=timestamps.seconds(self._clock.now()),
            generation=body["metadata"].get("generation", 1),
            reason=reason,
            detail=detail,
        )

    async def _write(self, body: Body, operations: Sequence[Operation], *, is_smallest: bool = False) -> bool:
        """Whether it is written; not if somebody has advanced the execution meanwhile, or it is gone."""
        try:
            return await self._send(body, operations)
        except TooLarge as error:
            raise Unwritable(str(error), was_smallest=is_smallest) from error

    async def _send(self, body: Body, operations: Sequence[Operation]) -> bool:
        """Raises TooLarge, Unavailable."""
        metadata = body["metadata"]
        commit_id = (body.get("status") or {}).get("commitId")
        patch = [*record.commit_is(metadata["uid"], executions.seq(body), commit_id), *operations]
        path = path_of(API_VERSION, "executions", metadata["namespace"], metadata["name"], "status")
        try:
            await self._api.request(
                "PATCH", path, body=msgspec.json.encode(patch), content_type="application/json-patch+json"
            )
        except NotFound:
            return False
        except Invalid as error:
            # Somebody has advanced it meanwhile; the event for that is on its way.
            log.debug("overtaken", execution=str(executions.reference(body)), reason=str(error))
            return False
        except TooLarge:
            raise
        except ApiError as error:
            raise Unavailable(str(error)) from error
        return True


def _add(path: str, value: Any) -> Operation:
    return {"op": "add", "path": path, "value": value}


def _additions(fields: Mapping[str, Any]) -> list[Operation]:
    return [_add(f"/status/{name}", value) for name, value in fields.items()]


def _smallest(body: Body, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The least that says how an execution has ended."""
    complete = next(each for each in fields["conditions"] if each["type"] == conditions.COMPLETE)
    small = {name: fields[name] for name in _SMALLEST if name in fields}
    message = conditions.ENDS[fields["phase"]].message("its object is too large to say more here")
    small["conditions"] = [{**complete, "message": message}]
    return small | {"seal": str(seal.of(body["metadata"]["uid"], small))}


def _end_of_history(
    status: Mapping[str, Any], phase: Phase, error: str | None, cause: str | None, now: Millis
) -> dict[str, Any]:
    """What is written in addition to the end if an execution had begun: its last event, its open visits, its
    duration. The event log says everything about an execution, including this end."""
    history = status.get("history") or []
    last = _last_id(history)
    event = {
        "timestamp": timestamps.rfc3339(now),
        "type": f"Execution{phase}",
        "id": last + 1,
        "previousEventId": last,
        f"execution{phase}EventDetails": {
            name: text for name, text in (("error", error), ("cause", cause)) if text is not None
        },
    }
    fields: dict[str, Any] = {
        "checkpoint": {},
        "history": [*history, msgspec.json.encode(event).decode()],
        "transitions": [{"outcome": phase, **visit} for visit in status.get("transitions") or ()],
    }
    if status.get("startTime"):
        fields["duration"] = timestamps.duration(now - timestamps.millis(status["startTime"]))
    return fields


def _last_id(history: Sequence[str]) -> int:
    """The id of the newest readable event: somebody may have edited the history, or emptied it."""
    for text in reversed(history):
        try:
            return msgspec.json.decode(text, type=_Event).id
        except msgspec.DecodeError:
            continue
    return 0


def _sealed(body: Body, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, with the seal of the status that results from applying them to ``body``."""
    after = {**(body.get("status") or {}), **fields}
    return fields | {"seal": str(seal.of(body["metadata"]["uid"], after))}
