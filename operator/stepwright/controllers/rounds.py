"""Rounds through the executions that have ended and settled, which no watch remembers.

A whole round is made at the start (once the watch has its list: the watch reports what settles later), and
then before the first execution that ``retention`` does not remember is due, at least hourly. A round through
one state machine's executions is made when its retention changes, or when one of them has ended and their
number is limited, but at most once a minute. Executions are read as rows of a table, page by page, and
nothing of a page is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Final

import msgspec
import structlog

from stepwright.asl.signals import Millis
from stepwright.cluster.resources import API_VERSION
from stepwright.controllers import execution_table, execution_watch
from stepwright.controllers.execution_watch import SETTLED, Seen
from stepwright.controllers.retention import Ended, Retention, Surplus
from stepwright.controllers.state_machine_watch import Key
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, Uid
from stepwright.kube import lists
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import ApiError, BadRequest, NotFound
from stepwright.kube.informer import UNKNOWN_FIELD
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

SETTLING_MILLISECONDS: Final = 3_000
"""Reasons for a whole round (operators come, state machines are listed) come in groups: one round serves
all."""
LEAST_GAP_MILLISECONDS: Final = 60_000
"""Between two rounds through the same executions ..."""
WHOLE_GAP_MILLISECONDS: Final = 5_000
"""... and between two whole ones, which no tenant can ask for."""
_PAGE_SIZE: Final = 500

Scope = Key | None
"""A state machine; None is all of them."""


class Rounds:
    """``astray`` is called with executions that are not as they should be: edited by somebody, changed after
    their end, or with Jobs that their operator had no time to release (``holds``)."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        retention: Retention,
        astray: Callable[[Seen], None],
        namespaces: Sequence[str] = (),
        holds: Callable[[Uid], bool] = lambda _: False,
    ) -> None:
        self._api = api
        self._clock = clock
        self._retention = retention
        self._astray = astray
        self._holds = holds
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._wanted: dict[Scope, Millis] = {}
        self._last: dict[Scope, Millis] = {}
        self._changed = asyncio.Event()
        self._selector: str | None = SETTLED
        self._failed = False

    def look_at(self, scope: Scope) -> None:
        """Make a round soon; for one state machine at once, unless there was one within the minute."""
        now = self._clock.now()
        wait, gap = (
            (SETTLING_MILLISECONDS, WHOLE_GAP_MILLISECONDS) if scope is None else (0, LEAST_GAP_MILLISECONDS)
        )
        soon = max(now + wait, self._last.get(scope, Millis(0)) + gap)
        if self._wanted.get(scope, soon + 1) > soon:
            self._wanted[scope] = Millis(soon)
            self._changed.set()

    async def run(self) -> None:
        self._wanted[None] = self._clock.now()
        while True:
            scope = min(self._wanted, key=self._wanted.__getitem__)
            seconds = (self._wanted[scope] - self._clock.now()) / 1000
            if seconds > 0:
                self._changed.clear()
                await nap(self._clock, min(seconds, self._clock.longest_sleep_seconds), self._changed)
                continue
            del self._wanted[scope]
            await self._make(scope)
            self._plan_next()

    def _plan_next(self) -> None:
        """Plan the next whole round: before anything that is not remembered is due."""
        soonest = self._last.get(None, Millis(0)) + LEAST_GAP_MILLISECONDS
        due = Millis(max(self._retention.horizon - LEAST_GAP_MILLISECONDS, soonest))
        self._wanted[None] = min(self._wanted.get(None, due), due)
        now = self._clock.now()
        for scope, last in list(self._last.items()):
            if scope is not None and now - last >= LEAST_GAP_MILLISECONDS:
                del self._last[scope]

    async def _make(self, scope: Scope) -> None:
        if scope is None:
            self._retention.begin_round()
        surplus = Surplus(self._retention)
        namespaces = self._namespaces if scope is None else (scope[0],)
        try:
            for namespace in namespaces:
                await self._through(namespace, scope, surplus)
        except ApiError as error:
            # A failed one is repeated. An API server that starts, or has just learnt of a kind, answers 429
            # for a while.
            tell = log.warning if self._failed else log.info
            tell("ended executions could not be looked at", reason=str(error))
            self._failed = True
            if isinstance(error, BadRequest) and UNKNOWN_FIELD in str(error):
                self._selector = None  # the CRD is older than this operator: read all
            self._last[scope] = self._clock.now()
            self.look_at(scope)
            return
        self._failed = False
        self._last[scope] = self._clock.now()

    async def _through(self, namespace: str | None, scope: Scope, surplus: Surplus) -> None:
        selectors = [self._selector] if self._selector else []
        if scope is not None:
            selectors.append(f"spec.stateMachineRef.name={scope[1]}")
        path = path_of(API_VERSION, "executions", namespace)
        query = {"fieldSelector": ",".join(selectors)} if selectors else {}
        async for seen in self._all(path, query):
            if seen.status.settled:
                await self._look(seen, surplus)

    async def _all(self, path: str, query: Params) -> AsyncGenerator[Seen, None]:
        async with aclosing(lists.tables(self._api, path, query, page_size=_PAGE_SIZE)) as tables:
            async for columns, rows in tables:
                # Without the selector they may not have settled, which no column shows.
                read = execution_table.reader(columns) if self._selector else None
                if read is None:
                    break
                for seen in _readable(read, rows):
                    yield seen
                await asyncio.sleep(0)
            else:
                return
        async with aclosing(lists.pages(self._api, path, query, page_size=_PAGE_SIZE)) as pages:
            async for items, _ in pages:
                for seen in _readable(execution_watch.read, items):
                    yield seen
                await asyncio.sleep(0)

    async def _look(self, seen: Seen, surplus: Surplus) -> None:
        if not (seen.is_settled and seen.is_acknowledged) or self._holds(seen.uid):
            await self._read_whole(seen)
        ended = Ended.of(seen)
        if ended is not None:
            self._retention.remember(ended)
            surplus.add(ended)

    async def _read_whole(self, seen: Seen) -> None:
        """For what a row does not have."""
        metadata = seen.metadata
        path = path_of(API_VERSION, "executions", metadata.namespace, metadata.name)
        with suppress(NotFound):
            self._astray(await self._api.get(path, into=Seen))


def _readable(read: Callable[[msgspec.Raw], Seen], texts: Iterable[msgspec.Raw]) -> Iterator[Seen]:
    for text in texts:
        try:
            yield read(text)
        except msgspec.DecodeError as error:
            log.error("an object cannot be read and is left out", error=str(error))
