"""Redrives of executions in a cluster: what was asked for, what is kept for one, and whether it is possible.

A request is ``spec.redrive.requestId``. The commit with which the execution goes on notes it in ``status.redrives``, on condition
of the commit before: so it is made once, whoever carries the execution, and whenever a process is killed. What cannot be made is
noted there, too, and says why.

Of an execution that has ended without success the checkpoint is what a redrive goes on from (``Commit.redrivable``), under the
same seal. It is part of the Execution and lives as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint, PartId
from stepwright.asl.checkpoint.parts import Fork
from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.catalog import redrives
from stepwright.cluster import consistency, executions
from stepwright.cluster.execution_fields import STATUSES
from stepwright.cluster.stored import InvalidInput, RedriveRequest, Stored
from stepwright.engine import payloads
from stepwright.engine.payloads import Payloads
from stepwright.engine.ports import Commit
from stepwright.kube import timestamps

MOST_KEPT_BYTES: Final = 512 * 1024
"""Of the checkpoint of an execution that has ended, without texts that are beside it: a third of what etcd accepts in one object."""
MOST_REQUESTS: Final = 10
"""So many of AWS's client tokens are known (``sql.redrives.TOKENS``)."""
END_FIELDS: Final = (
    "endTime",
    "duration",
    "output",
    "outputRef",
    "error",
    "cause",
    "redrivable",
    "notRedrivable",
)
"""Of the status; only one that has ended has them."""

TOO_LARGE: Final = "Execution has more to go on from than is kept of one that has ended"
_OF_NOTHING: Final = "Execution has ended with nothing to go on from"
_EDITED: Final = "Execution has a status that somebody else has changed"
RUNNING: Final = "Execution is RUNNING and cannot be redriven"


# --- What is kept ----------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """Of an execution that has ended without success: all parts of its checkpoint, as JSON texts, or why there are none."""

    parts: Mapping[PartId, str] = MappingProxyType({})
    why_not: str | None = None

    def as_status(self) -> dict[str, Any]:
        return (
            {"redrivable": True}
            if self.why_not is None
            else {"redrivable": False, "notRedrivable": self.why_not}
        )


def kept_by(commit: Commit, texts: Payloads) -> Kept | None:
    """None for a commit that does not end an execution, or with success. ``texts``: long ones are added here."""
    if commit.outcome is None or commit.outcome.status == "SUCCEEDED":
        return None
    if commit.redrivable is None:
        return Kept(why_not=_OF_NOTHING)
    if (why_not := _why_never(commit.redrivable)) is not None:
        return Kept(why_not=why_not)
    beside: Payloads = {}
    parts = {
        name: payloads.short_text(checkpoints.encode(part), beside)
        for name, part in commit.redrivable.parts.items()
    }
    if sum(len(msgspec.json.encode(text)) for text in parts.values()) > MOST_KEPT_BYTES:
        return Kept(why_not=TOO_LARGE)
    texts.update(beside)
    return Kept(parts)


def _why_never(checkpoint: Checkpoint) -> str | None:
    if checkpoint.head.last_event_id >= redrives.EVENTS_LIMIT:
        return redrives.HISTORY_FULL
    for part in checkpoint.parts.values():
        if isinstance(part, Fork) and part.run is not None and part.run.redrives >= redrives.MAP_RUN_REDRIVES:
            return redrives.TOO_OFTEN
    return None


# --- What was asked for ----------------------------------------------------------------------------------------------


def is_new(asked: str | None, requests: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nothing was done yet about what is asked for. ``requests``: ``status.redrives``."""
    return asked is not None and all(request.get("requestId") != asked for request in requests)


@dataclass(frozen=True, slots=True)
class Redrives:
    """What the status says of them."""

    count: int = 0
    time: str | None = None
    requests: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Redrives:
        return cls(
            status.get("redriveCount") or 0, status.get("redriveTime"), tuple(status.get("redrives") or ())
        )

    def made(self, asked: RedriveRequest | None, time: str) -> Redrives:
        """The execution goes on at this time."""
        noted = self if asked is None else self._noted(_made(asked, time))
        return replace(noted, count=self.count + 1, time=time)

    def refused(self, asked: str, time: str, reason: str) -> Redrives:
        return self._noted({"requestId": asked, "time": time, "refused": reason})

    def _noted(self, request: Mapping[str, Any]) -> Redrives:
        return replace(self, requests=(*self.requests, request)[-MOST_REQUESTS:])

    def as_status(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"redrives": list(self.requests)}
        return (
            fields if self.time is None else fields | {"redriveCount": self.count, "redriveTime": self.time}
        )


def _made(asked: RedriveRequest, time: str) -> dict[str, str]:
    made = {"requestId": asked.id, "time": time}
    return made if asked.at is None else made | {"from": asked.at.state}


NOT_REDRIVEN: Final = Redrives()


# --- Whether one is possible -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ended:
    """``catalog.redrives.Redrivable``, of an execution as it is stored."""

    status: Status
    redrivable: bool | None
    not_redrivable: str | None
    started: Millis
    stopped: Millis | None


def is_asked_for(stored: Stored) -> bool:
    """Whether something is to be done about the newest request."""
    return stored.redrive is not None and is_new(stored.redrive.id, stored.status.get("redrives") or ())


def refusal(stored: Stored, now: Millis) -> str | None:
    """Why it cannot go on; None if it can, as far as its own object says."""
    status = stored.status
    ended = _Ended(
        STATUSES.get(stored.phase, "RUNNING"),
        status.get("redrivable"),
        status.get("notRedrivable"),
        _millis(status.get("startTime")) or now,
        _millis(status.get("endTime")),
    )
    reason = redrives.refusal(ended, now) or _no_place(stored)
    return reason if reason is not None or consistency.has_own_content(stored) else _EDITED


def _no_place(stored: Stored) -> str | None:
    """Why it cannot go on where that is asked for, whatever it runs."""
    at = stored.redrive_from
    if at is None:
        return None
    if stored.is_shard:
        return redrives.PART_OF_MAP
    try:
        if at.input is not None:
            executions.check_json("spec.redrive.inputJson", at.input)
    except InvalidInput as error:
        return str(error)
    return None


def goes_on(stored: Stored) -> bool:
    """Whether an execution that has ended goes on when it is loaded. Whoever takes it up for that has asked for the ``refusal``."""
    return (
        stored.has_ended
        and stored.settled
        and bool(stored.status.get("redrivable"))
        and is_asked_for(stored)
        and _no_place(stored) is None
        and consistency.has_own_content(stored)
    )


def _millis(text: str | None) -> Millis | None:
    return None if text is None else timestamps.millis(text)
