"""Writes to an execution that no engine runs: why it waits, or why it never ran.

The writes have the same conditions as commits (uid and ``seq``), so they can never overtake one.

The write that ends an execution may make its object larger than etcd accepts. Then everything but the end
itself is left out, including what the status held before. If even that does not fit, it is ``Unwritable``:
trying again is useless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from stepwright.asl.checkpoint.parts import STOPS
from stepwright.asl.signals import Millis
from stepwright.cluster import conditions, patches, seal
from stepwright.cluster.conditions import Reason
from stepwright.cluster.redrives import END_FIELDS, Redrives
from stepwright.cluster.resources import API_VERSION, Phase
from stepwright.cluster.stored import Stored
from stepwright.engine.ports import Clock, StopRequest, Unavailable
from stepwright.kube import timestamps
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Invalid, NotFound, TooLarge
from stepwright.kube.json_patch import Operation, add
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

_OF_THE_BEGINNING: Final = ("startTime", "checkpoint", "history")
_NEVER_BEGAN: Final = "Execution has ended before it had begun"
_NOTHING_KEPT: Final = "Execution has ended where Stepwright could not go on with it"
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
    """Every method raises Unavailable and Unwritable. ``stored`` may be a lean one unless stated otherwise."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def wait(self, stored: Stored, reason: Reason, detail: str) -> None:
        """Say why an execution that is Pending does not start yet."""
        new = self._conditions(stored, "Pending", reason, detail)
        if new != stored.conditions:
            await self._write(stored, _additions({"conditions": new, "phase": "Pending"}))

    async def stall(self, stored: Stored, reason: Reason, detail: str) -> None:
        """Say why an execution, Pending or begun, does not continue until somebody acts."""
        await self._say(stored, reason, detail)

    async def restored(self, stored: Stored, detail: str) -> None:
        """Say that an execution that was started before, as another object, waits until somebody releases
        it."""
        reason = conditions.RESTORED_COPY
        new = conditions.with_restored(
            self._conditions(stored, "Pending", reason, detail),
            detail,
            now=timestamps.seconds(self._clock.now()),
            generation=stored.generation,
            reason=reason,
        )
        if new != stored.conditions:
            await self._write(stored, _additions({"conditions": new, "phase": "Pending"}))

    async def go_on(self, stored: Stored) -> None:
        """Take back what ``stall`` said."""
        await self._say(stored, None, "")

    async def _say(self, stored: Stored, reason: Reason | None, detail: str) -> None:
        phase: Phase = "Running" if stored.phase == "Running" else "Pending"
        new = self._conditions(stored, phase, reason, detail)
        if new != stored.conditions:
            await self._write(stored, _additions({"conditions": new, "phase": phase}))

    async def fail(self, stored: Stored, reason: Reason, error: str, cause: str) -> bool:
        """End an execution that cannot start or continue; returns whether that is written now. None of its
        work may still run."""
        return await self._end(stored, "Failed", reason, error, cause)

    async def abort(self, stored: Stored, request: StopRequest) -> None:
        """End an execution that was stopped before it started."""
        await self._end(stored, "Aborted", conditions.ABORTED, request.error, request.cause)

    async def settle(self, stored: Stored) -> None:
        """Record that nothing of an ended execution runs any more: stops that were kept with it are made. ``stored`` must be
        whole."""
        kept = {part: text for part, text in stored.checkpoint.items() if not part.startswith(STOPS)}
        said = {"seq": stored.seq + 1, "settled": True}
        fields = _sealed(stored, said if len(kept) == len(stored.checkpoint) else said | {"checkpoint": kept})
        await self._write(stored, _additions(fields))

    async def correct(self, stored: Stored, phase: Phase, *, settled: bool) -> None:
        """Undo somebody's edit of phase and settled; the seal still matches the values given."""
        running = phase in ("Pending", "Running")
        forged = [name for name in END_FIELDS if running and name in stored.status]
        reason = None if phase != "Pending" else conditions.PENDING
        fields = {
            "phase": phase,
            "settled": settled,
            "conditions": self._conditions(stored, phase, reason, ""),
        }
        removals = [{"op": "remove", "path": f"/status/{name}"} for name in forged]
        await self._write(stored, [*_additions(fields), *removals])

    async def acknowledge(self, stored: Stored) -> None:
        """The spec of an ended execution was changed, without effect: readers of the kstatus convention would
        otherwise wait forever for it to be observed. One that is no longer ended was restored: the engine
        that continues it will read its spec."""
        if not stored.has_ended:
            return
        generation = stored.generation
        old = stored.conditions
        new = [{**condition, "observedGeneration": generation} for condition in old]
        await self._write(stored, _additions({"observedGeneration": generation, "conditions": new}))

    async def refuse_redrive(self, stored: Stored, request: str, why: str) -> None:
        """An execution that has ended does not go on."""
        now, generation = self._clock.now(), stored.generation
        noted = Redrives.of(stored.status).refused(request, timestamps.rfc3339(now), why)
        said = [{**condition, "observedGeneration": generation} for condition in stored.conditions]
        said = conditions.with_redriven(said, why, now=timestamps.seconds(now), generation=generation)
        fields = noted.as_status() | {"observedGeneration": generation, "conditions": said}
        await self._write(stored, _additions(fields))

    async def _end(
        self, stored: Stored, phase: Phase, reason: Reason, error: str | None, cause: str | None
    ) -> bool:
        detail = ": ".join(text for text in (error, cause) if text)
        now = self._clock.now()
        fields: dict[str, Any] = {
            "seq": stored.seq + 1,
            "phase": phase,
            "conditions": self._conditions(stored, phase, reason, detail),
            "observedGeneration": stored.generation,
            "endTime": timestamps.rfc3339(now),
            "currentState": "",
            "settled": True,
        }
        if error is not None:
            fields["error"] = error
        if cause is not None:
            fields["cause"] = cause
        status = stored.status
        has_begun = any(status.get(name) for name in _OF_THE_BEGINNING)
        fields |= {"redrivable": False, "notRedrivable": _NOTHING_KEPT if has_begun else _NEVER_BEGAN}
        if has_begun:
            fields |= _end_of_history(status, phase, error, cause, now)
        try:
            return await self._send(stored, _additions(_sealed(stored, fields)))
        except TooLarge:
            log.warning("no room for a whole status", execution=str(stored.reference))
        return await self._write(stored, [add("/status", _smallest(stored, fields))], is_smallest=True)

    def _conditions(
        self, stored: Stored, phase: Phase, reason: Reason | None, detail: str
    ) -> list[dict[str, Any]]:
        return conditions.of_execution(
            stored.conditions,
            phase,
            now=timestamps.seconds(self._clock.now()),
            generation=stored.generation,
            reason=reason,
            detail=detail,
        )

    async def _write(
        self, stored: Stored, operations: Sequence[Operation], *, is_smallest: bool = False
    ) -> bool:
        """Whether it is written; not if somebody has advanced the execution meanwhile, or it is gone."""
        try:
            return await self._send(stored, operations)
        except TooLarge as error:
            raise Unwritable(str(error), was_smallest=is_smallest) from error

    async def _send(self, stored: Stored, operations: Sequence[Operation]) -> bool:
        """Raises TooLarge, Unavailable."""
        patch = [*patches.commit_is(stored.uid, stored.seq, stored.commit_id), *operations]
        path = path_of(API_VERSION, "executions", stored.namespace, stored.name, "status")
        try:
            await self._api.change(path, patch)
        except NotFound:
            return False
        except Invalid as error:
            # Somebody has advanced it meanwhile; the event for that is on its way.
            log.debug("overtaken", execution=str(stored.reference), reason=str(error))
            return False
        except TooLarge:
            raise
        except ApiError as error:
            raise Unavailable(str(error)) from error
        return True


def _additions(fields: Mapping[str, Any]) -> list[Operation]:
    return [add(f"/status/{name}", value) for name, value in fields.items()]


def _smallest(stored: Stored, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The least that says how an execution has ended."""
    complete = next(each for each in fields["conditions"] if each["type"] == conditions.COMPLETE)
    small = {name: fields[name] for name in _SMALLEST if name in fields}
    message = conditions.ENDS[fields["phase"]].message("its object is too large to say more here")
    small["conditions"] = [{**complete, "message": message}]
    return small | {"seal": str(seal.of(stored.uid, small))}


def _end_of_history(
    status: Mapping[str, Any], phase: Phase, error: str | None, cause: str | None, now: Millis
) -> dict[str, Any]:
    """What is written in addition to the end if an execution had begun: its last event, its open visits, its
    duration. The event log says everything about an execution, including this end."""
    history = status.get("history") or []
    last = _last_id(history, status.get("historyPage") or {})
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


def _last_id(history: Sequence[str], page: Mapping[str, Any]) -> int:
    """The id of the newest readable event: somebody may have edited the history, or emptied it. It is empty too right after
    a page of it was copied to an ExecutionHistory."""
    for text in reversed(history):
        try:
            return msgspec.json.decode(text, type=_Event).id
        except msgspec.DecodeError:
            continue
    first: int = page.get("firstEventId", 1)
    return max(0, first - 1)


def _sealed(stored: Stored, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, with the seal of the status that results from applying them to ``stored``."""
    after = {**stored.status, **fields}
    return fields | {"seal": str(seal.of(stored.uid, after))}
