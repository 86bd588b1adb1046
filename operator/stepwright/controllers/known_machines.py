"""What is known about StateMachines that executions need to know: by what this operator has found out of its
own, and by what others have written of theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from stepwright.cluster import conditions
from stepwright.cluster.rows import TRUSTED_SECONDS
from stepwright.controllers import state_machine_watch
from stepwright.controllers.machine_status import path_of_machine
from stepwright.controllers.state_machine_watch import Key, SeenMachine
from stepwright.engine import readings
from stepwright.engine.ports import Unavailable
from stepwright.engine.readings import Readings
from stepwright.kube.api import Api, ApiError, NotFound

SAME_RESTORE_SECONDS: Final = TRUSTED_SECONDS / 2
"""Who asks again within this time asks about the same restore, since one takes longer than both together; and what was asked
for so shortly before was answered after it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What executions need to know of a StateMachine. ``revision`` None: not ready, ``reason`` says why."""

    uid: str
    generation: int
    revision: str | None
    reason: str
    deleting: bool


class Sent(NamedTuple):
    """When something was asked of the API server. ``questions``: how often it had been asked by then whether etcd was
    restored."""

    questions: int
    at: Readings


class Anew(NamedTuple):
    """A StateMachine as it is stored, all of its text, and when that was asked for."""

    seen: SeenMachine
    text: bytes
    sent: Sent


class KnownMachines:
    """``owns``: whether a state machine, by its uid, is this operator's. ``on_change`` is called when what is known has changed,
    ``is_gone`` when one is found not to be there any more. ``read_clocks`` tells how much time has passed."""

    def __init__(
        self,
        api: Api,
        *,
        owns: Callable[[str], bool],
        on_change: Callable[[Key], None],
        is_gone: Callable[[Key, str], None],
        read_clocks: Callable[[], Readings] = readings.read,
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
        self._doubtful: set[Key] = set()
        """Of which ``_known`` and ``seen`` may be of a time that an etcd that was restored has undone."""
        self._read_clocks = read_clocks
        self._asked = Sent(0, read_clocks())
        """When it was asked again last."""
        self._sent: dict[Key, Sent] = {}
        """When what each is known by was asked for, where it was read."""
        self._reading: dict[Key, asyncio.Task[Known | None]] = {}
        self._to_read: dict[Key, asyncio.Task[Known | None]] = {}

    @property
    def reading(self) -> int:
        """How many are being read."""
        return len(self._to_read) + len(self._reading)

    def ask_again(self) -> Collection[Key]:
        """What was the newest may have been lost with an etcd that was restored, and kopf may hear of it later than
        executions begin. Those of which that is in doubt now, and was not before; executions that were restored ask one by
        one, so what has been read since the restore that all of them tell of is not."""
        now = self.sending()
        if now.questions and readings.passed(self._asked.at, now.at) <= SAME_RESTORE_SECONDS:
            return ()
        self._asked = Sent(now.questions + 1, now.at)
        doubtful = [key for key in self._known if not self._is_of_after(self._sent.get(key))]
        self._confirmed.difference_update(doubtful)
        self._doubtful.update(doubtful)
        return doubtful

    def confirm_anew(self) -> None:
        """Others may have looked after what belongs here now, or does so again."""
        self._confirmed.clear()

    def sending(self) -> Sent:
        """Of what is sent now."""
        return Sent(self._asked.questions, self._read_clocks())

    def _is_of_after(self, sent: Sent | None) -> bool:
        """Whether what was sent then was answered after any restore that has been asked about."""
        if sent is None:
            return False
        asked = self._asked
        is_later = sent.questions == asked.questions
        return is_later or readings.passed(sent.at, asked.at) <= SAME_RESTORE_SECONDS

    def find(self, key: Key) -> Known | None:
        """What is known about the state machine at this moment; None if it does not exist, or not yet, or
        where that is in doubt."""
        return None if key in self._doubtful or key in self.contested else self._known.get(key)

    def even_in_doubt(self, key: Key) -> Known | None:
        return self._known.get(key)

    def is_in_doubt(self, key: Key) -> bool:
        return key in self._doubtful

    async def read_anew(self, key: Key) -> Anew | None:
        """What is stored of one in doubt, which is in doubt no more and known by that alone: kopf may have nothing more to
        say about it. None if something has come meanwhile that may be newer, or it was asked about another restore: it is
        in doubt still. Raises NotFound, ApiError."""
        before, sent = self.seen.get(key), self.sending()
        text = await self.text_of(key)
        seen = state_machine_watch.read(text)
        if key not in self._doubtful or not self._is_of_after(sent) or self.seen.get(key) is not before:
            return None
        self.forget(key)
        written = as_written(seen)
        stored = written or _as_written_before(seen)
        if stored is not None:
            self.learn(key, stored, read=sent if written and self._owns(stored.uid) else None)
            self._sent[key] = sent
            self._on_change(key)
        return Anew(seen, text, sent)

    def learn(self, key: Key, new: Known, *, read: Sent | None = None) -> None:
        """``read``: there is nothing newer, since this operator looks after it, and has checked or read what it asked for
        then."""
        self._known[key] = new
        if read is None:
            self._sent.pop(key, None)
            self._doubtful.discard(key)
        elif self._is_of_after(read):
            self._sent[key] = read
            self._doubtful.discard(key)
            self._confirmed.add(key)

    def forget(self, key: Key) -> bool:
        """It is gone; whether something was known about it."""
        self._confirmed.discard(key)
        self._doubtful.discard(key)
        self._sent.pop(key, None)
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
        owned, sent = self._owns(uid), self.sending()
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
            self.learn(key, new, read=sent)
            if is_news:
                self._on_change(key)  # its event, when it comes, brings no news
        return new or _as_written_before(seen)

    def _is_confirmed(self, key: Key) -> bool:
        return key in self._confirmed and key not in self.contested

    async def stored(self, key: Key) -> SeenMachine:
        """What the API server has. Raises NotFound, ApiError."""
        return state_machine_watch.read(await self.text_of(key))

    async def text_of(self, key: Key) -> bytes:
        """All of it. Raises NotFound, ApiError."""
        return await self._api.request("GET", path_of_machine(key))

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
