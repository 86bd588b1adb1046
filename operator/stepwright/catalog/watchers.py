"""Those who watch executions: each keeps the newest state of what it has not taken yet. A store reports what is written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from stepwright.asl.step import Visit
from stepwright.catalog.ports import Change
from stepwright.engine.ports import Uid

MOST_EXECUTIONS: Final = 1_000
MOST_VISITS: Final = 500
"""That are kept of what somebody has not taken, and of one execution."""


class Watchers:
    """Implements ``catalog.ports.Watching``."""

    def __init__(self) -> None:
        self._of_one: defaultdict[Uid, set[Follower]] = defaultdict(set)
        self._of_all: set[Follower] = set()

    @contextmanager
    def follow(self, uids: Collection[Uid], *, all_of_them: bool) -> Iterator[Follower]:
        follower = Follower()
        groups = [self._of_all] if all_of_them else [self._of_one[uid] for uid in uids]
        for group in groups:
            group.add(follower)
        try:
            yield follower
        finally:
            for group in groups:
                group.discard(follower)
            for uid in uids:
                if not self._of_one.get(uid, True):
                    del self._of_one[uid]

    def of(self, uid: Uid) -> Collection[Follower]:
        """Those who want to hear of an execution."""
        return self._of_all.union(self._of_one.get(uid, ()))


class Follower:
    """Implements ``catalog.ports.Following``."""

    def __init__(self) -> None:
        self._changes: dict[Uid, Change] | None = {}
        self._happened = asyncio.Event()

    def put(self, change: Change) -> None:
        self._happened.set()
        if self._changes is None:
            return
        earlier = self._changes.get(change.uid)
        self._changes[change.uid] = change if earlier is None else _together(earlier, change)
        if len(self._changes) > MOST_EXECUTIONS:
            self._changes = None

    async def wait(self) -> None:
        await self._happened.wait()

    def take(self) -> Mapping[Uid, Change] | None:
        taken, self._changes = self._changes, {}
        self._happened.clear()
        return taken


def _together(earlier: Change, later: Change) -> Change:
    return replace(
        later,
        turned=earlier.turned or later.turned,
        last_event=max(earlier.last_event, later.last_event),
        visits=_merged(earlier.visits, later.visits),
        map_runs={**earlier.map_runs, **later.map_runs},
    )


def _merged(
    earlier: Mapping[int, Visit] | None, later: Mapping[int, Visit] | None
) -> Mapping[int, Visit] | None:
    if earlier is None or later is None:
        return None
    again = {id: visit.after(earlier[id]) for id, visit in later.items() if id in earlier}
    return few({**earlier, **later, **again})


def few(visits: Mapping[int, Visit]) -> Mapping[int, Visit] | None:
    """None if they are too many to be kept."""
    return MappingProxyType(dict(visits)) if len(visits) <= MOST_VISITS else None
