"""Waits for what becomes of objects, by watching them: nothing is asked for again and again.

The first waiter for an object opens a watch of that object alone; others join it. Where many objects of one kind are waited for in a
namespace, by one account, further waiters share a watch of the whole kind. A watch goes on from where it was cut; where that is
not possible any more, all its waiters look again.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeVar

import msgspec
import structlog

from stepwright.engine import backoff
from stepwright.engine.ports import Clock
from stepwright.kube.api import Api, read
from stepwright.kube.api_errors import ApiError, Expired, Forbidden, TooManyRequests, Unreachable
from stepwright.kube.decoders import decoder
from stepwright.kube.watches import watch
from stepwright.tasks.kubernetes.discovery import Kind

log = structlog.get_logger(__name__)

SHARED_FROM: Final = 20
"""Watches of single objects of a kind in a namespace, before further ones are of all objects of that kind."""

STREAM_SECONDS: Final = (240, 480)
"""How long a watch lasts before it is opened again; spread, so that not all do that at once."""

ALONE_SECONDS: Final = 300.0
"""How long nobody shares a watch after an account was found not to have the right to watch the whole kind."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is, or will be."""

    api: Api
    account: str
    kind: Kind
    namespace: str
    name: str

    @property
    def collection(self) -> str:
        return self.kind.path(self.namespace)


@dataclass(frozen=True, slots=True)
class Seen:
    """``found`` None: it is not there. ``version``: of the store as a whole."""

    version: str
    found: dict[str, Any] | None


class _LookAgain(Exception):  # noqa: N818 - it names a condition
    """Something may have been missed."""


_Heard = Seen | Exception


@dataclass(eq=False)
class _Waiter:
    heard: asyncio.Queue[_Heard] = field(default_factory=asyncio.Queue)


class Waiting:
    def __init__(self, clock: Clock, random: Random | None = None) -> None:
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - spreads requests in time
        self._groups: dict[tuple[str, str], _Group] = {}

    async def close(self) -> None:
        await asyncio.gather(
            *(stream.close() for group in self._groups.values() for stream in group.streams())
        )

    @property
    def watches(self) -> int:
        return sum(len(list(group.streams())) for group in self._groups.values())

    async def until(self, place: Place, judge: Callable[[dict[str, Any] | None], T | None]) -> T:
        """What ``judge`` says of the object as it is, or becomes, as soon as that is not None. Raises what ``judge`` raises,
        and ApiError."""
        while True:
            seen = await _look(place)
            if (verdict := judge(seen.found)) is not None:
                return verdict
            try:
                return await self._listen(place, seen, judge)
            except _LookAgain:
                continue

    async def _listen(
        self, place: Place, seen: Seen, judge: Callable[[dict[str, Any] | None], T | None]
    ) -> T:
        key = place.account, place.collection
        group = self._groups.setdefault(key, _Group(self._clock, self._random))
        waiter = _Waiter()
        stream, runs = group.join(place, seen.version, waiter)
        try:
            if runs:
                # It may have passed on already what has happened since the look.
                seen = await _look(place)
                if (verdict := judge(seen.found)) is not None:
                    return verdict
            while True:
                heard = await waiter.heard.get()
                if isinstance(heard, Exception):
                    raise heard
                if _is_older(heard.version, seen.version):
                    continue
                if (verdict := judge(heard.found)) is not None:
                    return verdict
        finally:
            await group.leave(place, stream, waiter)
            if not group and self._groups.get(key) is group:
                del self._groups[key]


class _Group:
    """The watches of one kind, in a namespace, by one account."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._own: dict[str, _Stream] = {}
        self._shared: _Stream | None = None
        self._alone_until = 0.0

    def __bool__(self) -> bool:
        return bool(self._own) or self._shared is not None

    def streams(self) -> list[_Stream]:
        return [*self._own.values(), *([] if self._shared is None else [self._shared])]

    def join(self, place: Place, version: str, waiter: _Waiter) -> tuple[_Stream, bool]:
        """The watch by which it hears, and whether that had been opened before."""
        own, now = self._own.get(place.name), asyncio.get_running_loop().time()
        if own is not None and own.runs:
            own.add(place.name, waiter)
            return own, True
        if self._shared is not None and self._shared.runs:
            self._shared.add(place.name, waiter)
            return self._shared, True
        shared = len(self._own) >= SHARED_FROM and now >= self._alone_until
        stream = _Stream(self._clock, self._random, place, None if shared else place.name)
        if shared:
            self._shared = stream
        else:
            self._own[place.name] = stream
        stream.add(place.name, waiter)
        stream.begin(version)
        return stream, False

    async def leave(self, place: Place, stream: _Stream, waiter: _Waiter) -> None:
        if stream.forbidden and stream is self._shared:
            self._alone_until = asyncio.get_running_loop().time() + ALONE_SECONDS
        if stream.remove(place.name, waiter):
            return
        if stream is self._shared:
            self._shared = None
        elif self._own.get(place.name) is stream:
            del self._own[place.name]
        await stream.close()


class _Stream:
    """One watch: of the object ``name``, or of all objects of the kind."""

    def __init__(self, clock: Clock, random: Random, place: Place, name: str | None) -> None:
        self._clock = clock
        self._random = random
        self._place = place
        self._name = name
        self._waiters: dict[str, set[_Waiter]] = {}
        self._task: asyncio.Task[None] | None = None
        self.forbidden = False

    @property
    def runs(self) -> bool:
        return self._task is not None and not self._task.done()

    def add(self, name: str, waiter: _Waiter) -> None:
        self._waiters.setdefault(name, set()).add(waiter)

    def remove(self, name: str, waiter: _Waiter) -> bool:
        """Whether anybody is left."""
        self._waiters[name].discard(waiter)
        if not self._waiters[name]:
            del self._waiters[name]
        return bool(self._waiters)

    def begin(self, version: str) -> None:
        self._task = asyncio.create_task(self._run(version), name=f"watch of {self._place.collection}")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, version: str) -> None:
        delays = backoff.delays()
        while True:
            began = asyncio.get_running_loop().time()
            delay = next(delays)
            try:
                async with aclosing(
                    watch(self._place.api, self._place.collection, self._params(version))
                ) as events:
                    async for event in events:
                        delays = backoff.delays()
                        version = self._take(event.type, event.object) or version
                if asyncio.get_running_loop().time() - began >= 1:
                    continue  # the server has ended it as announced
                reason = "it ended at once"
            except Expired:
                self._tell_all(_LookAgain())
                return
            except TooManyRequests as error:
                delay, reason = max(delay, error.retry_after), str(error)
            except Unreachable as error:
                reason = str(error)
            except ApiError as error:
                self.forbidden = isinstance(error, Forbidden)
                # That all objects of the kind may not be watched says nothing of a single one.
                self._tell_all(_LookAgain() if self._name is None and self.forbidden else error)
                return
            log.info("a watch is opened again", path=self._place.collection, reason=reason, retry=delay)
            await self._clock.sleep(delay)

    def _params(self, version: str) -> dict[str, str | int]:
        selector = {} if self._name is None else {"fieldSelector": f"metadata.name={self._name}"}
        return {
            **selector,
            "resourceVersion": version,
            "timeoutSeconds": self._random.randint(*STREAM_SECONDS),
        }

    def _take(self, type: str, text: msgspec.Raw) -> str | None:
        metadata: _Metadata = decoder(_Object).decode(text).metadata
        waiters = self._waiters.get(metadata.name, ())
        if type != "BOOKMARK" and waiters:
            seen = Seen(metadata.resourceVersion, None if type == "DELETED" else read(bytes(text), None))
            for waiter in waiters:
                waiter.heard.put_nowait(seen)
        return metadata.resourceVersion or None

    def _tell_all(self, error: Exception) -> None:
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.heard.put_nowait(error)


class _Metadata(msgspec.Struct):
    name: str = ""
    resourceVersion: str = ""  # noqa: N815 - the field's name on the wire


class _Object(msgspec.Struct):
    metadata: _Metadata


async def _look(place: Place) -> Seen:
    """A list of the one object: unlike the object it has the version of the store, from which a watch can go on."""
    answer = await place.api.get(place.collection, {"fieldSelector": f"metadata.name={place.name}"})
    items: list[dict[str, Any]] = answer.get("items") or []
    of_items = {"apiVersion": place.kind.api_version, "kind": place.kind.kind}
    return Seen(answer["metadata"]["resourceVersion"], {**of_items, **items[0]} if items else None)


def _is_older(version: str, seen: str) -> bool:
    """Versions are numbers that grow (KEP-5504). What is not can only be taken as it comes."""
    return version.isascii() and version.isdigit() and seen.isdigit() and int(version) <= int(seen)
