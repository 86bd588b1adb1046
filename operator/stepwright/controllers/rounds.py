"""Rounds through the executions that have ended and settled, which no watch remembers.

A whole round is made at the start (once the watch has its list: the watch reports what settles later), and then at
least hourly; a round through one state machine's executions when its retention changes, or when one of them has ended
and their number is limited (``wanted_rounds``). Executions are read as rows of a table, page by page, and nothing of a
page is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Final

import msgspec
import structlog

from stepwright.cluster.resources import API_VERSION
from stepwright.controllers import execution_table, execution_watch
from stepwright.controllers.execution_watch import SETTLED, Seen
from stepwright.controllers.retention import Ended, Retention, Surplus
from stepwright.controllers.wanted_rounds import Scope, WantedRounds
from stepwright.engine.ports import Uid
from stepwright.kube import lists
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import ApiError, BadRequest, NotFound
from stepwright.kube.informer import UNKNOWN_FIELD
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

_PAGE_SIZE: Final = 500


class Rounds:
    """``astray`` is called with executions that are not as they should be: edited by somebody, changed after
    their end, or with Jobs that their operator had no time to release (``holds``)."""

    def __init__(
        self,
        api: Api,
        wanted: WantedRounds,
        retention: Retention,
        astray: Callable[[Seen], None],
        namespaces: Sequence[str] = (),
        holds: Callable[[Uid], bool] = lambda _: False,
    ) -> None:
        self._api = api
        self._wanted = wanted
        self._retention = retention
        self._astray = astray
        self._holds = holds
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._selector: str | None = SETTLED
        self._failed = False

    async def run(self) -> None:
        """Until cancelled."""
        self._wanted.begin()
        while True:
            await self._make(await self._wanted.next())
            self._wanted.plan_whole(self._retention.horizon)

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
            self._wanted.made(scope)
            self._wanted.look_at(scope)
            return
        self._failed = False
        self._wanted.made(scope)

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
            async for columns, rows, _ in tables:
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
        if not (seen.is_settled and seen.is_acknowledged) or seen.is_to_be_redriven or self._holds(seen.uid):
            whole = await self._read_whole(seen)
            if whole is not None and whole.is_to_be_redriven:
                return
        ended = Ended.of(seen)
        if ended is not None:
            self._retention.remember(ended)
            if not seen.is_shard:
                surplus.add(ended)

    async def _read_whole(self, seen: Seen) -> Seen | None:
        """For what a row does not have. None: it is gone."""
        metadata = seen.metadata
        path = path_of(API_VERSION, "executions", metadata.namespace, metadata.name)
        with suppress(NotFound):
            whole: Seen = await self._api.get(path, into=Seen)
            self._astray(whole)
            return whole
        return None


def _readable(read: Callable[[msgspec.Raw], Seen], texts: Iterable[msgspec.Raw]) -> Iterator[Seen]:
    for text in texts:
        try:
            yield read(text)
        except msgspec.DecodeError as error:
            log.error("an object cannot be read and is left out", error=str(error))
