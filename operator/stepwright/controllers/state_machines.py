"""StateMachines: what is reported of them, and what is to be done about each: checked (``definitions``), left to whom it
belongs, or deleted once its executions have ended (``draining``).

Memory holds only what kopf reports about them, not the definition: that is read when it has to be checked, a few at a
time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from stepwright.asl.definition import TaskCheck
from stepwright.cluster.revisions import Revisions
from stepwright.controllers import state_machine_watch
from stepwright.controllers.checking import Checking
from stepwright.controllers.definitions import Definitions
from stepwright.controllers.draining import OTHERS_NOTICE_SECONDS, Draining
from stepwright.controllers.known_machines import Known, KnownMachines
from stepwright.controllers.machine_acts import FINALIZER, Act, Here, act_upon, once_held
from stepwright.controllers.machine_status import MachineStatus
from stepwright.controllers.pruning import Pruning
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy, SeenMachine
from stepwright.controllers.workers import Workers
from stepwright.engine import readings
from stepwright.engine.looking_through import LookingThrough, LooksThrough
from stepwright.engine.ports import Clock, TaskDriver
from stepwright.engine.readings import Readings
from stepwright.engine.turns import Turns
from stepwright.kube.api import Api
from stepwright.kube.api_errors import Conflict, NotFound

log = structlog.get_logger(__name__)

CHECKS_AT_ONCE: Final = 2
"""Each holds a whole definition, decoded and compiled."""

Body = Mapping[str, Any]


class StateMachines:
    """Level-triggered: the newest object of each key is processed, however many events there were (``workers``).

    Each state machine is handled by the operator that it belongs to (``owns``). The others know what that one
    has written: in the status, once its revision is stored.
    """

    def __init__(
        self,
        api: Api,
        known: KnownMachines,
        revisions_: Revisions,
        drivers: Sequence[TaskDriver],
        task_check: Callable[[Mapping[str, Any], str], TaskCheck],
        clock: Clock,
        *,
        on_change: Callable[[Key], None],
        on_retention: Callable[[Key | None], None],
        under_way: Callable[[Key], bool],
        in_use: Callable[[Key], AbstractSet[str]],
        owns: Callable[[str], bool],
        on_gone: Callable[[Key], None] = lambda _: None,
        looked_through: LooksThrough | None = None,
        read_clocks: Callable[[], Readings] = readings.read,
    ) -> None:
        self._on_change = on_change
        self._on_retention = on_retention
        self._pruning = Pruning(revisions_, clock, in_use, OTHERS_NOTICE_SECONDS)
        self._owns = owns
        self._on_gone = on_gone
        self._status = MachineStatus(api, clock)
        self.known = known
        self._draining = Draining(
            api,
            self.known,
            self._status,
            clock,
            under_way=under_way,
            on_change=on_change,
            is_gone=self.forget,
            read_clocks=read_clocks,
        )
        self._definitions = Definitions(
            api,
            revisions_,
            Checking(drivers, task_check, looked_through or LookingThrough()),
            self._pruning,
            self.known,
            self._status,
            owns=owns,
            on_change=on_change,
        )
        self._checks = Turns(CHECKS_AT_ONCE)
        self._workers = Workers(clock, work=self._bring_on, delayed=self._definitions.delayed)

    def observe(self, type: str | None, body: Body) -> None:
        """Process an event. Runs in the engine's loop."""
        try:
            seen = state_machine_watch.seen(body)
        except msgspec.ValidationError as error:
            log.error("a StateMachine cannot be read and is left out", error=str(error))
            return
        key = seen.key
        if type == "DELETED":
            self.forget(key, seen.metadata.uid)
        elif self._is_another(seen):
            self.known.contested.add(key)
        else:
            self._take_in(type, seen)
        self._workers.look_at(key)

    def _is_another(self, seen: SeenMachine) -> bool:
        """Whether one of the same name is known already. kopf has a worker for each of them, so events of the
        two may come in any order."""
        known = self.known.seen.get(seen.key)
        return known is not None and known.metadata.uid != seen.metadata.uid

    def _take_in(self, type: str | None, seen: SeenMachine) -> None:
        self._note_retention(type, seen)
        self._forget_former(seen)
        self.known.seen[seen.key] = seen

    def uids(self) -> dict[Key, str]:
        """The uids of all that are known to exist."""
        return {key: seen.metadata.uid for key, seen in self.known.seen.items()}

    def forget(self, key: Key, uid: str) -> None:
        """It is gone. Also called when that is noticed in another way: kopf does not report what was deleted
        between a watch and the list after it (``vanished``), and may report a deletion when another of that
        name exists already."""
        seen = self.known.seen.get(key)
        if seen is None or seen.metadata.uid != uid:
            return
        del self.known.seen[key]
        self._definitions.forget(key)
        self._draining.forget(key)
        self._pruning.forget(key)
        if self.known.forget(key):
            self._on_change(key)
        self._on_gone(key)

    def _forget_former(self, seen: SeenMachine) -> None:
        """There was another one of the same name, whose end was not reported."""
        former = self.known.seen.get(seen.key)
        if former is not None and former.metadata.uid != seen.metadata.uid:
            self.forget(seen.key, former.metadata.uid)

    def _note_retention(self, type: str | None, new: SeenMachine) -> None:
        """A change also applies to executions that have ended. Those listed at the start are handled
        together."""
        old = self.known.seen.get(new.key)
        if new.policy != (NOTHING_SAID if old is None else old.policy):
            self._on_retention(None if old is None and type is None else new.key)

    def shares_changed(self) -> None:
        """Different state machines belong to this operator than before, or its Lease had expired, perhaps
        because etcd was away, or everything was listed again."""
        self.known.confirm_anew()
        self.known.ask_again()
        for key in self.known.seen:
            self._workers.look_at(key)

    def surroundings_changed(self, namespace: str) -> None:
        """In a namespace TaskTemplates stand for other functions than before, or Connections say something else."""
        for key in self._definitions.surroundings_changed(namespace):
            self._workers.look_at(key)

    def find(self, key: Key) -> Known | None:
        """What is known about it right now (``KnownMachines.find``)."""
        return self.known.find(key)

    async def newest(self, key: Key) -> Known | None:
        """At least as new as what is written by now (``KnownMachines.newest``). Raises Unavailable."""
        return await self.known.newest(key)

    def ask_again(self) -> None:
        """etcd was restored: what was newest may no longer exist."""
        for key in self.known.ask_again():
            self._workers.look_at(key)

    def policy_of(self, key: Key) -> Policy:
        """What the state machine says about how long ended executions stay; nothing if it does not exist."""
        seen = self.known.seen.get(key)
        return NOTHING_SAID if seen is None else seen.policy

    def execution_ended(self, key: Key) -> None:
        """Perhaps the last one that a deletion waits for."""
        known = self.known.even_in_doubt(key)
        if known is not None and known.deleting:
            self._workers.wait_no_longer(key)

    async def close(self) -> None:
        await self._workers.close()
        await self.known.close()

    async def _bring_on(self, key: Key) -> float | None:
        """Returns the seconds after which to check again; None for at the next change."""
        if key in self.known.contested and not await self._has_settled(key):
            return 0
        seen = self.known.seen.get(key)
        return None if seen is None else await self._do(act_upon(seen, self._here(key, seen)), key, seen)

    async def _has_settled(self, key: Key) -> bool:
        """Find out which of two with one name exists. Returns whether that is certain: nothing newer may have
        come meanwhile."""
        stored: SeenMachine | None = None
        async with self._checks.of(key[0]):
            with suppress(NotFound):
                stored = await self.known.stored(key)
        if self._workers.have_news(key):
            return False
        self.known.contested.discard(key)
        if stored is not None:
            self._take_in("MODIFIED", stored)
        elif (seen := self.known.seen.get(key)) is not None:
            self.forget(key, seen.metadata.uid)
        self._on_change(key)  # nothing was known about it meanwhile
        return True

    def _here(self, key: Key, seen: SeenMachine) -> Here:
        return Here(
            self._owns(seen.metadata.uid),
            self._definitions.is_checked(key, seen),
            self._definitions.revision_of(key),
            self.known.is_in_doubt(key),
        )

    async def _do(self, act: Act, key: Key, seen: SeenMachine) -> float | None:
        """As ``_bring_on``."""
        if act is Act.READ_ANEW:
            return await self._read_anew(key, seen)
        if act is Act.DRAIN:
            return await self._draining.go_on(key, seen)
        self._draining.forget(key)
        if act is Act.HOLD:
            return await self._hold(key, seen)
        if act is Act.CHECK:
            async with self._checks.of(key[0]):
                await self._read_and_check(key, seen.metadata.uid)
        elif act is Act.LEARN:
            self.known.take_over(key, seen)
        # Also of another operator's: whoever looks after it now does not know that a revision is to go.
        return await self._definitions.prune_when_named(key)

    async def _read_anew(self, key: Key, seen: SeenMachine) -> float | None:
        async with self._checks.of(key[0]):
            try:
                anew = await self.known.read_anew(key)
            except NotFound:
                self.forget(key, seen.metadata.uid)
                return None
            if anew is None:
                return 0
            self._take_in("MODIFIED", anew.seen)
            act = act_upon(anew.seen, self._here(key, anew.seen))
            if act is Act.CHECK:
                await self._definitions.check(key, anew.text, anew.sent)
                return None
        return await self._do(act, key, anew.seen)

    async def _hold(self, key: Key, seen: SeenMachine) -> float | None:
        finalizers = seen.metadata.finalizers or ()
        try:
            await self._status.set_finalizers(key, seen, [*finalizers, FINALIZER])
        except Conflict:
            return 0.1
        except NotFound:
            self.forget(key, seen.metadata.uid)
            return None
        return await self._do(once_held(seen, self._here(key, seen)), key, seen)

    async def _read_and_check(self, key: Key, uid: str) -> None:
        sent = self.known.sending()
        try:
            text = await self.known.text_of(key)
        except NotFound:
            self.forget(key, uid)
            return
        await self._definitions.check(key, text, sent)
