"""What executions need to know about StateMachines: what this operator has found out about its own, and what
others have written about theirs.
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
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound

SAME_RESTORE_SECONDS: Final = TRUSTED_SECONDS / 2
"""A question repeated within this time is about the same restore, since a restore takes longer; and a request
sent so shortly before was answered after it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What executions need to know about a StateMachine. ``revision`` None: not ready, ``reason`` says
    why."""

    uid: str
    generation: int
    revision: str | None
    reason: str
    deleting: bool


class Sent(NamedTuple):
    """When a request was sent to the API server. ``questions``: how many restores of etcd had been suspected
    by then."""

    questions: int
    at: Readings


class Anew(NamedTuple):
    """A StateMachine as it is stored, with its whole text, and when it was requested."""

    seen: SeenMachine
    text: bytes
    sent: Sent


class KnownMachines:
    """``owns``: whether a state machine, by its uid, is this operator's. ``on_change`` is called when what is
    known changes, ``is_gone`` when one turns out not to exist any more. ``read_clocks`` shows how much time
    has passed."""

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
        """The newest view of each."""
        self.contested: set[Key] = set()
        """Those for which another one of the same name was reported: either may have replaced the other, so
        the existing one has to be read."""
        self._known: dict[Key, Known] = {}
        self._confirmed: set[Key] = set()
        """Those for which ``_known`` is up to date: they are this operator's, which has checked or read them
        since."""
        self._doubtful: set[Key] = set()
        """Those for which ``_known`` and ``seen`` may be of a time that a restore of etcd has undone."""
        self._read_clocks = read_clocks
        self._asked = Sent(0, read_clocks())
        """When the question was last repeated."""
        self._sent: dict[Key, Sent] = {}
        """When the knowledge about each was requested, if it was read."""
        self._reading: dict[Key, asyncio.Task[Known | None]] = {}
        self._to_read: dict[Key, asyncio.Task[Known | None]] = {}

    @property
    def reading(self) -> int:
        """How many are being read."""
        return len(self._to_read) + len(self._reading)

    def ask_again(self) -> Collection[Key]:
        """A restore of etcd may have lost what was newest, and kopf may hear of it only after executions
        begin. Returns those newly in doubt. Restored executions ask one by one, so what was read since the
        restore that they all report is not in doubt."""
        now = self.sending()
        if now.questions and readings.passed(self._asked.at, now.at) <= SAME_RESTORE_SECONDS:
            return ()
        self._asked = Sent(now.questions + 1, now.at)
        doubtful = [key for key in self._known if not self._is_of_after(self._sent.get(key))]
        self._confirmed.difference_update(doubtful)
        self._doubtful.update(doubtful)
        return doubtful

    def confirm_anew(self) -> None:
        """Others may have handled in the meantime what belongs here now."""
        self._confirmed.clear()

    def sending(self) -> Sent:
        """The mark for a request sent now."""
        return Sent(self._asked.questions, self._read_clocks())

    def _is_of_after(self, sent: Sent | None) -> bool:
        """Whether that request was answered after every restore suspected so far."""
        if sent is None:
            return False
        asked = self._asked
        is_later = sent.questions == asked.questions
        return is_later or readings.passed(sent.at, asked.at) <= SAME_RESTORE_SECONDS

    def find(self, key: Key) -> Known | None:
        """What is known about the state machine right now; None if it does not exist, or not yet, or if that
        is in doubt."""
        return None if key in self._doubtful or key in self.contested else self._known.get(key)

    def even_in_doubt(self, key: Key) -> Known | None:
        return self._known.get(key)

    def is_in_doubt(self, key: Key) -> bool:
        return key in self._doubtful

    async def read_anew(self, key: Key) -> Anew | None:
        """Read one that is in doubt; it is then no longer in doubt, and this is all that is known about it:
        kopf may have nothing more to report. None if something newer may have come meanwhile, or another
        restore was suspected: it is still in doubt. Raises NotFound, ApiError."""
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
        """``read``: there is nothing newer, since this operator handles it, and has checked or read what it
        requested then."""
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
        """What is known about the state machine, at least as new as what its operator has written by now: an
        execution that is created when a new definition is Ready runs that one. Raises Unavailable."""
        seen = self.seen.get(key)
        if seen is None or (self._is_confirmed(key) and self._owns(seen.metadata.uid)):
            return self._known.get(key)
        if key not in self._to_read:
            # All that ask while one answer is pending share the next.
            before = self._reading.get(key)
            self._to_read[key] = asyncio.create_task(self._read(key, seen.metadata.uid, before))
            self._to_read[key].add_done_callback(_look_at_error)
        return await asyncio.shield(self._to_read[key])

    async def _read(self, key: Key, uid: str, before: asyncio.Task[Known | None] | None) -> Known | None:
        if before is not None:
            await asyncio.wait((before,))
        self._reading[key] = self._to_read.pop(key)
        known, owned, sent = self._known.get(key), self._owns(uid), self.sending()
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
        is_own = new is not None and new.uid == uid and owned and self._owns(uid)
        # What was found out while the answer was under way may be newer.
        if new is not None and is_own and key not in self._confirmed and self._known.get(key) is known:
            is_news = self.find(key) != new
            self.learn(key, new, read=sent)
            if is_news:
                self._on_change(key)  # its event will bring nothing new
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
        """Use what another operator has written about its state machine. Until that one has checked a change,
        the earlier knowledge counts."""
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
    """What its operator found out about the last definition that it checked, which counts until then."""
    metadata, status = seen.metadata, seen.status
    if not status.observedGeneration:
        return None
    return Known(metadata.uid, status.observedGeneration, status.revision, _ready(seen), deleting=False)


def _ready(seen: SeenMachine) -> str:
    """The message about whether executions can start."""
    return next((each.message for each in seen.status.conditions if each.type == conditions.READY), "")


def deleted(seen: SeenMachine) -> Known:
    reason = conditions.DRAINING.message()
    return Known(seen.metadata.uid, seen.metadata.generation, None, reason, deleting=True)


def _look_at_error(done: asyncio.Task[Known | None]) -> None:
    """The callers may have ended meanwhile."""
    if not done.cancelled():
        done.exception()
