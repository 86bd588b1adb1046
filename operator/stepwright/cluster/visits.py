"""Visits of states in a cluster: put together from what was reported of them and what the checkpoint says."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec
import structlog

from stepwright.asl.checkpoint import visits as of_checkpoint
from stepwright.asl.checkpoint.checkpoint import NewerVersion, PartId
from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.step import Visit
from stepwright.catalog import arns, visited
from stepwright.catalog.ports import Cursor, Page, VisitQuery
from stepwright.catalog.records import Execution, Iteration, Standing, Tally
from stepwright.catalog.visited import Visited
from stepwright.cluster import told_visits
from stepwright.cluster.beside import HISTORIES, UID_LABEL, visits_name
from stepwright.cluster.nested import names
from stepwright.cluster.reading import Reading
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.stored import Stored
from stepwright.cluster.told_visits import ToldVisits
from stepwright.engine.ports import ExecutionRef, Gone, Refused, Unavailable
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

MOST_KEPT: Final = 100_000
"""Visits of pages, which never change, that are kept in memory: some 400 bytes each."""


FEW: Final = 4
"""So many pages that are not known yet are read one after the other; of more, all are listed."""

_PAGE_SIZE: Final = 200


class _Metadata(msgspec.Struct):
    name: str = ""


class _Page(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    visits: str = ""
    previous: str | None = None


def objects_of(execution: Execution) -> Iterator[ExecutionRef]:
    """Which objects may be the execution, where accounts in ARNs are namespaces."""
    arn = arns.parse(execution.arn)
    assert arn is not None
    machine, name = arn.names
    for found in names.candidates(machine, name):
        yield ExecutionRef(execution.uid, arn.account, found, machine)


class ClusterVisits:
    """Implements ``catalog.ports.Visits``. Reads Executions, ExecutionHistories and ControllerRevisions."""

    def __init__(
        self,
        api: Api,
        revisions: Revisions,
        objects: Callable[[Execution], Iterable[ExecutionRef]] = objects_of,
    ) -> None:
        self._api = api
        self._revisions = revisions
        self._objects = objects
        self._reading = Reading(api)
        self._told: OrderedDict[str, Mapping[int, Visit]] = OrderedDict()
        """All that was reported up to a page, by the page's name, which says what is on it and before it."""

    async def visits(
        self, execution: Execution, query: VisitQuery, after: Cursor | None, limit: int
    ) -> Page[Visit]:
        return (await self._visited(execution)).visits(query, after, limit)

    async def tallies(
        self, execution: Execution, *, under: str | None = None, at: Millis | None = None
    ) -> Mapping[Pointer, Mapping[Standing, Tally]]:
        return (await self._visited(execution)).tallies(under=under, at=at)

    async def iterations(
        self,
        execution: Execution,
        of: int,
        standing: Standing | None,
        after: Cursor | None,
        limit: int,
    ) -> Page[Iteration]:
        return (await self._visited(execution)).iterations(of, standing, after, limit)

    async def iteration_counts(self, execution: Execution, of: int) -> Mapping[Standing, int]:
        return (await self._visited(execution)).iteration_counts(of)

    async def _visited(self, execution: Execution) -> Visited:
        """Raises Unavailable, Gone, Refused."""
        stored = await self._stored(execution)
        newest = ToldVisits.of(stored.status)
        known = dict(await self._told_up_to(stored, newest.previous))
        visited.add(known, newest.read())
        try:
            told_visits.complete(known, await self._under_way(stored))
        except NewerVersion as error:
            raise Refused(str(error)) from error
        return Visited(known.values())

    async def _under_way(self, stored: Stored) -> Iterable[Visit]:
        """Raises Unavailable, Refused; as one goes through them, NewerVersion."""
        if stored.has_ended or stored.pinned is None:
            return ()
        revision = await self._revisions.get(stored.namespace, stored.pinned.revision)
        parts = {PartId(name): msgspec.json.decode(text) for name, text in stored.checkpoint.items()}
        return of_checkpoint.under_way(revision.machine, parts)

    async def _stored(self, execution: Execution) -> Stored:
        for ref in self._objects(execution):
            try:
                return await self._reading.read_lean(ref)
            except Gone:
                continue
        raise Gone(f"there is no execution {execution.arn} any more")

    async def _told_up_to(self, stored: Stored, page: str | None) -> Mapping[int, Visit]:
        """All that was reported of visits up to a page, and on it. Raises Unavailable."""
        new: list[tuple[str, list[Visit]]] = []
        pages: Mapping[str, _Page] = {}
        while page is not None and page not in self._told:
            if len(new) == FEW:
                pages = await self._listed(stored)
            found = _read(stored, page, pages.get(page) or await self._page(stored, page))
            if found is None:
                break
            visits, before = found
            new.append((page, visits))
            page = before
        known = self._told.pop(page, None) if page is not None else None
        if new:
            known = dict(known or {})  # somebody may be looking at the other
            for _, visits in reversed(new):
                visited.add(known, visits)
            page, _ = new[0]
        if page is not None and known is not None:
            self._keep(page, known)
        return known or {}

    async def _page(self, stored: Stored, name: str) -> _Page | None:
        path = path_of(API_VERSION, HISTORIES, stored.namespace, name)
        try:
            page: _Page = await self._api.get(path, into=_Page)
        except NotFound:
            return None
        except ApiError as error:
            raise Unavailable(str(error)) from error
        return page

    async def _listed(self, stored: Stored) -> Mapping[str, _Page]:
        """All pages of visits of an execution, by name; there may be some of commits that a restore has undone."""
        path = path_of(API_VERSION, HISTORIES, stored.namespace)
        query = {"labelSelector": f"{UID_LABEL}={stored.uid}", "fieldSelector": "content=Visits"}
        pages: dict[str, _Page] = {}
        try:
            async for items, _ in lists.pages(self._api, path, query, page_size=_PAGE_SIZE):
                found = (msgspec.json.decode(item, type=_Page) for item in items)
                pages |= {page.metadata.name: page for page in found}
        except ApiError as error:
            raise Unavailable(str(error)) from error
        return pages

    def _keep(self, page: str, known: Mapping[int, Visit]) -> None:
        self._told[page] = known
        while len(self._told) > 1 and sum(map(len, self._told.values())) > MOST_KEPT:
            self._told.popitem(last=False)


def _read(stored: Stored, name: str, page: _Page | None) -> tuple[list[Visit], str | None] | None:
    """The visits of a page, and the page before it. None if it is lost, or is not what its name says: what is on it and before it
    is left out."""
    try:
        if page is None:
            raise ValueError("it is lost")
        if name != visits_name(stored.uid, page.previous, page.visits):
            raise ValueError("it was not made by Stepwright")
        return told_visits.read(page.visits), page.previous
    except (ValueError, IndexError, RecursionError) as error:
        log.warning("a page of visits cannot be read", page=f"{stored.namespace}/{name}", why=str(error))
        return None
