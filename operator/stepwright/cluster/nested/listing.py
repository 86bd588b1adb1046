"""Lists the executions of a state machine for a task, as the account of the task's state machine."""

from __future__ import annotations

import heapq
from contextlib import aclosing
from typing import Final, NamedTuple

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.catalog.ports import CallingTask, Cursor, NoSuchCursor, Page
from stepwright.catalog.records import Execution
from stepwright.cluster import shards
from stepwright.cluster.execution_fields import STATUSES
from stepwright.cluster.nested.asking import Asking
from stepwright.cluster.nested.stored_child import StoredChild
from stepwright.cluster.reading import EXECUTIONS
from stepwright.cluster.resources import API_VERSION
from stepwright.engine.ports import Refused
from stepwright.kube import lists
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of

MOST_READ: Final = 10_000
"""Kubernetes lists objects by their names, so all are read for the newest of them."""

_PAGE_SIZE: Final = 200
_NO_SHARDS: Final = f"!{shards.LABEL}"
_STORED: Final = msgspec.json.Decoder(StoredChild)


class _Place(NamedTuple):
    """In the order of the list, the first last."""

    moment: Millis
    name: str


async def executions(
    asking: Asking,
    by: CallingTask,
    namespace: str,
    machine: str,
    status: Status | None,
    after: Cursor | None,
    limit: int,
) -> Page[Execution]:
    """The newest first, by their end or else their start, with neither inputs nor outputs. Raises NoSuchCursor, NotAllowed, Refused,
    Unavailable."""
    before = None if after is None else _place(after)
    newest: list[tuple[_Place, Execution]] = []
    api, _ = asking.account(by)
    path = path_of(API_VERSION, EXECUTIONS, namespace)
    query = {"fieldSelector": _selector(machine, status), "labelSelector": _NO_SHARDS}
    count = 0
    try:
        async with aclosing(lists.pages(api, path, query, page_size=_PAGE_SIZE)) as pages:
            async for page, _ in pages:
                count += len(page)
                if count > MOST_READ:
                    raise Refused(
                        f"State machine {namespace}/{machine} has more than {MOST_READ:,} such executions, which is more than "
                        "a task can list: give a StatusFilter, or let retention delete those that have ended"
                    )
                found = [(_place_of(each), each) for each in map(_listed, page)]
                older = [each for each in found if before is None or each[0] < before]
                newest = heapq.nlargest(limit + 1, [*newest, *older], key=lambda each: each[0])
    except ApiError as error:
        raise asking.refusal(error, by, f"list executions in namespace {namespace}") from error
    shown = newest[:limit]
    more = len(newest) > limit
    return Page([each for _, each in shown], _cursor(shown[-1][0]) if more else None)


def _selector(machine: str, status: Status | None) -> str:
    """Those that wait to begin count among those that run, as they do where they are described."""
    of_machine = f"spec.stateMachineRef.name={machine}"
    phases = [f"status.phase={phase}" for phase, of in STATUSES.items() if of == status]
    if status == "RUNNING":
        phases = [f"status.phase!={phase}" for phase in STATUSES]
    return ",".join([of_machine, *phases])


def _listed(body: msgspec.Raw) -> Execution:
    return msgspec.structs.replace(_STORED.decode(body).record(None), input=JsonText("{}"))


def _place_of(execution: Execution) -> _Place:
    moment = execution.started if execution.stopped is None else execution.stopped
    return _Place(moment, execution.name)


def _cursor(place: _Place) -> Cursor:
    return Cursor(f"{place.moment}/{place.name}")


def _place(cursor: Cursor) -> _Place:
    """Raises NoSuchCursor."""
    moment, slash, name = cursor.partition("/")
    if not slash or not (moment.isascii() and moment.isdigit()):
        raise NoSuchCursor
    return _Place(Millis(int(moment)), name)
