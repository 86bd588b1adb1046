"""StateMachines: checked, kept as revisions, marked as ready or not; deleted once their executions have
ended.

Memory holds only what kopf reports about them, not the definition: that is read when it has to be checked, a
few at a time, and not decoded if its length alone forbids it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import msgspec
import structlog

from stepwright.asl.definition import TaskCheck
from stepwright.cluster import conditions, revisions
from stepwright.cluster.revisions import Revision, Revisions
from stepwright.controllers import checking, state_machine_watch
from stepwright.controllers.checking import Checking, Runnable
from stepwright.controllers.draining import FINALIZER, OTHERS_NOTICE_SECONDS, Draining
from stepwright.controllers.known_machines import Known, KnownMachines, Sent
from stepwright.controllers.machine_status import MachineStatus, Verdict
from stepwright.controllers.pruning import Pruning
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy, SeenMachine
from stepwright.engine import backoff, readings
from stepwright.engine.looking_through import LookingThrough, LooksThrough
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, TaskDriver
from stepwright.engine.readings import Readings
from stepwright.engine.turns import Turns
from stepwright.kube.api import Api
from stepwright.kube.api_errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    NotFound,
    TooManyRequests,
    Unreachable,
)
from stepwright.kube.depth import decoded
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

CHECKS_AT_ONCE: Final = 2
"""Each holds a whole definition, decoded and compiled."""

Body = Mapping[str, Any]


class StateMachines:
    """Level-triggered: the newest object of each key is processed, however many events there were.

    Each state machine is handled by the operator that it belongs to (``owns``). The others know what that one
    has written: in the status, once its revision is stored.
    """

    def __init__(
        self,
        api: Api,
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
        self._api = api
        self._revisions = revisions_
        self._clock = clock
        self._on_change = on_change
        self._on_retention = on_retention
        self._pruning = Pruning(revisions_, clock, in_use, OTHERS_NOTICE_SECONDS)
        self._owns = owns
        self._on_gone = on_gone
        self._checking = Checking(drivers, task_check, looked_through or LookingThrough())
        self._status = MachineStatus(api, clock)
        self.known = KnownMachines(
            api, owns=owns, on_change=on_change, is_gone=self.forget, read_clocks=read_clocks
        )
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
        self._checks = Turns(CHECKS_AT_ONCE)
        self._calling_functions: set[Key] = set()
        """Those checked here whose tasks call functions."""
        self._to_check_again: set[Key] = set()
        self._workers: dict[Key, asyncio.Task[None]] = {}
        self._changed: defaultdict[Key, asyncio.Event] = defaultdict(asyncio.Event)

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
        self._look_at(key)

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
        self._calling_functions.discard(key)
        self._to_check_again.discard(key)
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
            self._look_at(key)

    def functions_changed(self, namespace: str) -> None:
        """Other functions than before are stood for in a namespace."""
        for key in self._calling_functions:
            if key[0] == namespace:
                self._to_check_again.add(key)
                self._look_at(key)

    def _look_at(self, key: Key) -> None:
        self._changed[key].set()
        if key not in self._workers:
            self._workers[key] = asyncio.create_task(self._work(key), name=f"state machine {key[0]}/{key[1]}")

    def find(self, key: Key) -> Known | None:
        """What is known about it right now (``KnownMachines.find``)."""
        return self.known.find(key)

    async def newest(self, key: Key) -> Known | None:
        """At least as new as what is written by now (``KnownMachines.newest``). Raises Unavailable."""
        return await self.known.newest(key)

    def ask_again(self) -> None:
        """etcd was restored: what was newest may no longer exist."""
        for key in self.known.ask_again():
            self._look_at(key)

    def policy_of(self, key: Key) -> Policy:
        """What the state machine says about how long ended executions stay; nothing if it does not exist."""
        seen = self.known.seen.get(key)
        return NOTHING_SAID if seen is None else seen.policy

    def execution_ended(self, key: Key) -> None:
        """Perhaps the last one that a deletion waits for."""
        known = self.known.even_in_doubt(key)
        if known is not None and known.deleting:
            self._changed[key].set()

    async def close(self) -> None:
        tasks = list(self._workers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.known.close()

    async def _work(self, key: Key) -> None:
        """Reconcile until the newest object needs nothing more."""
        delays = backoff.delays(first=0.2, longest=30)
        try:
            while True:
                self._changed[key].clear()
                try:
                    again = await self._bring_on(key)
                    delays = backoff.delays(first=0.2, longest=30)
                except ApiError as error:
                    again = next(delays)
                    log.warning("state machine waits", name="/".join(key), reason=str(error), retry=again)
                    await self._delayed(key, error)
                except Exception:
                    again = next(delays)
                    log.exception("state machine failed", name="/".join(key), retry=again)
                if again is None and not self._changed[key].is_set():
                    return
                await nap(self._clock, again or 0, self._changed[key])
        finally:
            del self._workers[key]
            self._changed.pop(key, None)

    async def _bring_on(self, key: Key) -> float | None:
        """Returns the seconds after which to check again; None for at the next change."""
        if key in self.known.contested and not await self._has_settled(key):
            return 0
        seen = self.known.seen.get(key)
        return None if seen is None else await self._reconcile(key, seen)

    async def _has_settled(self, key: Key) -> bool:
        """Find out which of two with one name exists. Returns whether that is certain: nothing newer may have
        come meanwhile."""
        stored: SeenMachine | None = None
        async with self._checks.of(key[0]):
            with suppress(NotFound):
                stored = await self.known.stored(key)
        if self._changed[key].is_set():
            return False
        self.known.contested.discard(key)
        if stored is not None:
            self._take_in("MODIFIED", stored)
        elif (seen := self.known.seen.get(key)) is not None:
            self.forget(key, seen.metadata.uid)
        self._on_change(key)  # nothing was known about it meanwhile
        return True

    async def _reconcile(self, key: Key, seen: SeenMachine) -> float | None:
        """As ``_bring_on``, for one that exists."""
        if not self.known.is_in_doubt(key):
            return await self._go_on_with(key, seen)
        async with self._checks.of(key[0]):
            try:
                anew = await self.known.read_anew(key)
            except NotFound:
                self.forget(key, seen.metadata.uid)
                return None
            if anew is None:
                return 0
            self._take_in("MODIFIED", anew.seen)
            if self._is_to_check(key, anew.seen):
                await self._check(key, anew.text, anew.sent)
                return None
        return await self._go_on_with(key, anew.seen)

    async def _go_on_with(self, key: Key, seen: SeenMachine) -> float | None:
        owned = self._owns(seen.metadata.uid)
        if owned and seen.is_being_deleted:
            return await self._draining.go_on(key, seen)
        self._draining.forget(key)
        if not owned:
            self.known.take_over(key, seen)
            # Whoever looks after it now does not know that a revision is to go.
            return await self._prune_when_named(key)
        if not _is_held(seen):
            finalizers = seen.metadata.finalizers or ()
            try:
                await self._status.set_finalizers(key, seen, [*finalizers, FINALIZER])
            except Conflict:
                return 0.1
            except NotFound:
                self.forget(key, seen.metadata.uid)
                return None
        if not self._is_checked(key, seen):
            async with self._checks.of(key[0]):
                await self._read_and_check(key, seen.metadata.uid)
        elif self._revision_of(key) != seen.status.revision:
            self.known.take_over(key, seen)  # another installation has written that
        return await self._prune_when_named(key)

    def _is_to_check(self, key: Key, seen: SeenMachine) -> bool:
        """Whether checking is the next thing to do about it."""
        is_here = self._owns(seen.metadata.uid) and not seen.is_being_deleted and _is_held(seen)
        return is_here and not self._is_checked(key, seen)

    def _is_checked(self, key: Key, seen: SeenMachine) -> bool:
        """Whether this is the event of our own write, or of a change that does not concern us."""
        metadata, known = seen.metadata, self.known.even_in_doubt(key)
        return (
            known is not None
            and key not in self._to_check_again
            and (known.uid, known.generation) == (metadata.uid, metadata.generation)
            and seen.status.observedGeneration == known.generation
            and not _is_delayed(seen)
        )

    async def _read_and_check(self, key: Key, uid: str) -> None:
        sent = self.known.sending()
        try:
            text = await self.known.text_of(key)
        except NotFound:
            self.forget(key, uid)
            return
        await self._check(key, text, sent)

    async def _check(self, key: Key, text: bytes, sent: Sent) -> None:
        """Compile the definition as it was read, store it as a revision, report the result in the status.
        ``sent``: when it was requested."""
        self._to_check_again.discard(key)
        seen = state_machine_watch.read(text)
        verdict = checking.unfit(text)
        if verdict is None:
            body: Body = decoded(msgspec.json.decode, text)
            del text
            shown = (body.get("status") or {}).get("diagnostics") or []
            verdict = replace(await self._kept_if_it_can_run(key, seen, body), shown=shown)
        await self._tell(key, seen, verdict, sent)

    async def _kept_if_it_can_run(self, key: Key, seen: SeenMachine, body: Body) -> Verdict:
        spec = body["spec"]
        checked = await self._checking.check(spec, key[0])
        self._calling_functions.discard(key)
        if isinstance(checked, Verdict):
            return checked
        if checked.calls_functions:
            self._calling_functions.add(key)
        revision = await self._keep(key, seen, body, checked)
        return Verdict(conditions.VALID, revision=revision, found=checked.found)

    async def _tell(self, key: Key, seen: SeenMachine, verdict: Verdict, sent: Sent) -> None:
        """Report it in the status, and to waiting executions. It is known here before it is written: whoever
        reads Ready and then creates an execution gets this definition."""
        metadata, message = seen.metadata, verdict.reason.message(verdict.detail)
        newest = self.known.seen.get(key)
        if newest is not None and newest.metadata.uid == metadata.uid:
            if self._named(key, seen) - {verdict.revision}:
                self._pruning.want(key)
            new = Known(metadata.uid, metadata.generation, verdict.revision, message, deleting=False)
            self.known.learn(key, new, read=sent)
        await self._status.report(key, seen, verdict)
        self._on_change(key)

    async def _delayed(self, key: Key, error: ApiError) -> None:
        """Report the obstacle, perhaps a quota or a policy, to waiting executions and in the status."""
        seen, known = self.known.seen.get(key), self.known.even_in_doubt(key)
        if seen is None or not self._owns(seen.metadata.uid):
            return
        if seen.is_being_deleted or isinstance(error, Unreachable | TooManyRequests):
            return
        if known is None or known.revision is None:
            message = conditions.DELAYED.message(error.message)
            self.known.learn(key, Known(seen.metadata.uid, 0, None, message, deleting=False))
            self._on_change(key)
        revision = None if known is None else known.revision
        with suppress(ApiError):
            await self._status.report(key, seen, Verdict(conditions.DELAYED, error.message, revision))

    async def _keep(self, key: Key, seen: SeenMachine, body: Body, runnable: Runnable) -> str:
        data = revisions.data_of(body["spec"], runnable.text)
        manifest = revisions.manifest(body, data, body["metadata"].get("generation", 1))
        name: str = manifest["metadata"]["name"]
        try:
            await self._api.create(path_of("apps/v1", "controllerrevisions", key[0]), manifest)
        except AlreadyExists:
            pass
        else:
            # The revision that executions start with until this check is done, here or on other operators,
            # may be pinned any moment.
            if not await self._pruning.prune(key, seen.metadata.uid, {name} | self._named(key, seen)):
                self._pruning.want(key)
        self._revisions.keep(key[0], Revision(name, runnable.machine, data["settings"]))
        return name

    def _revision_of(self, key: Key) -> str | None:
        known = self.known.even_in_doubt(key)
        return None if known is None else known.revision

    def _named(self, key: Key, seen: SeenMachine) -> set[str]:
        """The revisions that executions start with: here, and on operators that know only the status."""
        told = (seen.status.revision, self._revision_of(key))
        return {name for name in told if name is not None}

    async def _prune_when_named(self, key: Key) -> float | None:
        """Prune once the status that names another revision has been seen: until then its event is on its
        way."""
        seen, known = self.known.seen.get(key), self.known.even_in_doubt(key)
        if seen is None or known is None or seen.status.revision != known.revision:
            return None
        return await self._pruning.go_on(key, seen.metadata.uid, self._named(key, seen))


def _is_held(seen: SeenMachine) -> bool:
    """Whether it waits for its executions when it is deleted."""
    return FINALIZER in (seen.metadata.finalizers or ())


def _is_delayed(seen: SeenMachine) -> bool:
    """Whether an operator could not record the definition, and was going to try again."""
    delayed = conditions.DELAYED.name
    return any(each.type == conditions.READY and each.reason == delayed for each in seen.status.conditions)
