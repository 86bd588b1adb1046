"""What is known about StateMachines that executions need to know: by what this operator has found out of its
own, and by what others have written of theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from stepwright.cluster import conditions
from stepwright.controllers import state_machine_watch
from stepwright.controllers.machine_status import path_of_machine
from stepwright.controllers.state_machine_watch import Key, SeenMachine
from stepwright.engine.ports import Unavailable
from stepwright.kube.api import Api, ApiError, NotFound


@dataclass(frozen=True, slots=True)
class Known:
    """What executions need to know of a StateMachine. ``revision`` None: not ready, ``reason`` says why."""

    uid: str
    generation: int
    revision: str | None
    reason: str
    deleting: bool


class KnownMachines:
    """``owns``: whether a state machine, by its uid, is this operator's. ``on_change`` is called when what is known has changed,
    ``is_gone`` when one is found not to be there any more."""

    def __init__(
        self,
        api: Api,
        *,
        owns: Callable[[str], bool],
        on_change: Callable[[Key], None],
        is_gone: Callable[[Key, str], None],
    ) -> None:
        self._api = api
        self._owns = owns
        self._on_change = on_change
        self._is_gone = is_gone
        self.seen: dict[Key, SeenMachine] = {}
        """What was seen of each last."""
        self.contested: set[Key] = set()
        """Of which another one of the same name than that was told of: either may have taken the place of the other, so
        which of them is there is to be read."""
        self._known: dict[Key, Known] = {}
        self._confirmed: set[Key] = set()
        """Of which ``_known`` is the newest there is: they are this operator's, which has checked or read them since."""
        self._doubtful: dict[Key, int] = {}
        """Of which ``_known`` and ``seen`` may be of a time that an etcd that was restored has undone, and since when, counted in
        ``_times``."""
        self._times = 0
        """How often it was asked again."""
        self._reading: dict[Key, asyncio.Task[Known | None]] = {}
        self._to_read: dict[Key, asyncio.Task[Known | None]] = {}

    @property
    def reading(self) -> int:
        """How many are being read."""
        return len(self._to_read) + len(self._reading)

    def ask_again(self) -> None:
        """What was the newest may have been lost with an etcd that was restored, and kopf may hear of it later than
        executions begin."""
        self._confirmed.clear()
        self._times += 1
        self._doubtful.update(dict.fromkeys(self._known, self._times))

    def find(self, key: Key) -> Known | None:
        """What is known about the state machine at this moment; None if it does not exist, or not yet, or
        where that is in doubt."""
        return None if key in self._doubtful or key in self.contested else self._known.get(key)

    def even_in_doubt(self, key: Key) -> Known | None:
        return self._known.get(key)

    def is_in_doubt(self, key: Key) -> bool:
        return key in self._doubtful

    async def read_anew(self, key: Key) -> SeenMachine | None:
        """What is stored of one in doubt, which is in doubt no more and known by that alone: kopf may have no
        longer to say about it. None if something has come meanwhile that may be newer, or it was asked
        again: it is in doubt still. Raises NotFound, ApiError."""
        since, before = self._doubtful.get(key), self.seen.get(key)
        seen = await self.stored(key)
        if self._doubtful.get(key) != since or self.seen.get(key) is not before:
            return None
        self._doubtful.pop(key, None)
        self._known.pop(key, None)
        stored = as_written(seen) or _as_written_before(seen)
        if stored is not None:
            self._known[key] = stored
            self._on_change(key)
        return seen

    def learn(self, key: Key, new: Known, *, newest: bool = False) -> None:
        """``newest``: there is nothing newer, since this operator looks after it and has just checked or read it."""
        self._known[key] = new
        self._doubtful.pop(key, None)
        if newest:
            self._confirmed.add(key)

    def forget(self, key: Key) -> bool:
        """It is gone; whether something was known about it."""
        self._confirmed.discard(key)
        self._doubtful.pop(key, None)
        return self._known.pop(key, None) is not None

    async def newest(self, key: Key) -> Known | None:
        """What is known about the state machine, and not less than who looks after it has written by now: an
        execution that is created when a new definition is Ready runs that one. Raises Unavailable."""
        seen = self.seen.get(key)
        if seen is None or (self._is_confirmed(key) and self._owns(seen.metadata.uid)):
            return self._known.get(key)
        if key not in self._to_read:
            # All that ask while one answer is under way share the next.
            before = self._reading.get(key)
            self._to_read[key] = asyncio.create_task(self._read(key, seen.metadata.uid, before))
            self._to_read[key].add_done_callback(_look_at_error)
        return await asyncio.shield(self._to_read[key])

    async def _read(self, key: Key, uid: str, before: asyncio.Task[Known | None] | None) -> Known | None:
        if before is not None:
            await asyncio.wait((before,))
        self._reading[key] = self._to_read.pop(key)
        owned = self._owns(uid)
        try:
            seen = await self.stored(key)
        except NotFound:
            self._is_gone(key, uid)
            return None
        except (ApiError, msgspec.DecodeError) as error:
            raise Unavailable(str(error)) from error
        finally:
            del self._reading[key]
        new = as_written(seen)
        if new is not None and new.uid == uid and owned and self._owns(uid) and key not in self._confirmed:
            is_news = self.find(key) != new
            self.learn(key, new, newest=True)
            if is_news:
                self._on_change(key)  # its event, when it comes, brings no news
        return new or _as_written_before(seen)

    def _is_confirmed(self, key: Key) -> bool:
        return key in self._confirmed and key not in self.contested

    async def stored(self, key: Key) -> SeenMachine:
        """What the API server has. Raises NotFound, ApiError."""
        return state_machine_watch.read(await self._api.request("GET", path_of_machine(key)))

    def take_over(self, key: Key, seen: SeenMachine) -> None:
        """Know of another operator's state machine what that one has written. Until it has looked at a change, what was
        known before counts."""
        new = as_written(seen)
        if new is not None and self.find(key) != new:
            self.learn(key, new)
            self._on_change(key)

    async def close(self) -> None:
        tasks = [*self._reading.values(), *self._to_read.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def as_written(seen: SeenMachine) -> Known | None:
    """What its operator has found out about the newest definition; None before it has."""
    metadata, status = seen.metadata, seen.status
    if seen.is_being_deleted:
        return deleted(seen)
    if status.observedGeneration != metadata.generation:
        return None
    return Known(metadata.uid, metadata.generation, status.revision, _ready(seen), deleting=False)


def _as_written_before(seen: SeenMachine) -> Known | None:
    """What its operator has found out about the last definition that it has looked at, which counts until then."""
    metadata, status = seen.metadata, seen.status
    if not status.observedGeneration:
        return None
    return Known(metadata.uid, status.observedGeneration, status.revision, _ready(seen), deleting=False)


def _ready(seen: SeenMachine) -> str:
    """What is said about whether executions can start."""
    return next((each.message for each in seen.status.conditions if each.type == conditions.READY), "")


def deleted(seen: SeenMachine) -> Known:
    reason = conditions.DRAINING.message()
    return Known(seen.metadata.uid, seen.metadata.generation, None, reason, deleting=True)


def _look_at_error(done: asyncio.Task[Known | None]) -> None:
    """Those who asked may have ended meanwhile."""
    if not done.cancelled():
        done.exception()
