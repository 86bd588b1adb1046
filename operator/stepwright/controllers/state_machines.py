"""StateMachines: checked, kept as revisions, told whether executions can start; deleted once theirs have ended.

What is kept in memory is what kopf tells of them, which is not the definition: it is read when it has to be checked, by
few at once, and not decoded where its length says already that it cannot run.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from stepwright.asl import definition
from stepwright.asl.definition import NO_DRIVER, TaskCheck, substitutions
from stepwright.asl.definition.substitutions import InvalidSubstitution
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.asl.json_types import Pointer
from stepwright.asl.machine import Machine
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis
from stepwright.asl.text import jsontext
from stepwright.cluster import conditions, diagnostics, revisions, state_machines
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.revisions import Revision, Revisions
from stepwright.cluster.serving import Cluster
from stepwright.controllers import state_machine_watch
from stepwright.controllers.pruning import Pruning
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy, SeenMachine
from stepwright.engine import backoff
from stepwright.engine.looking_through import LookingThrough, LooksThrough
from stepwright.engine.ports import Clock, TaskDriver, Unavailable
from stepwright.engine.turns import Turns
from stepwright.kube import namespaces, timestamps
from stepwright.kube.api import (
    MERGE_PATCH,
    AlreadyExists,
    Api,
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unreachable,
    path_of,
)
from stepwright.kube.depth import decoded

log = structlog.get_logger(__name__)

FINALIZER: Final = "stepwright.dev/executions"
EXPRESS: Final = "Express"
CHECKS_AT_ONCE: Final = 2
"""Each holds a whole definition, decoded and compiled."""
DRAINED_CHECK_SECONDS: Final = 5.0
OTHERS_NOTICE_SECONDS: Final = 10.0
"""How long a deletion waits at least, and a revision that nobody needs any more: another operator may be about to start
an execution, and has not heard yet. No Lease tells that there is none: installations do not know of each other's."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What executions need to know of a StateMachine. ``revision`` None: not ready, ``reason`` says why."""

    uid: str
    generation: int
    revision: str | None
    reason: str
    deleting: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of looking at a StateMachine, as its status is to tell it. ``revision`` None: nothing can start.
    ``shown``: the diagnostics in the status so far, where they were read."""

    reason: conditions.Reason
    detail: str = ""
    revision: str | None = None
    found: tuple[Diagnostic, ...] = ()
    shown: Sequence[Mapping[str, Any]] | None = None


class StateMachines:
    """Level-triggered: the newest object of each key is looked at, however many events there were.

    Each state machine is looked after by the operator that it belongs to (``owns``). The others know of it what that
    one has written: in the status, once its revision is kept.
    """

    def __init__(
        self,
        api: Api,
        revisions_: Revisions,
        drivers: Sequence[TaskDriver],
        task_check: Callable[[Mapping[str, Any]], TaskCheck],
        clock: Clock,
        *,
        on_change: Callable[[Key], None],
        on_retention: Callable[[Key | None], None],
        under_way: Callable[[Key], bool],
        in_use: Callable[[Key], AbstractSet[str]],
        owns: Callable[[str], bool],
        on_gone: Callable[[Key], None] = lambda _: None,
        looked_through: LooksThrough | None = None,
    ) -> None:
        self._api = api
        self._revisions = revisions_
        self._drivers = drivers
        self._task_check = task_check
        self._clock = clock
        self._on_change = on_change
        self._on_retention = on_retention
        self._under_way = under_way
        self._pruning = Pruning(revisions_, clock, in_use, OTHERS_NOTICE_SECONDS)
        self._owns = owns
        self._on_gone = on_gone
        self._looked_through = looked_through or LookingThrough()
        self._seen: dict[Key, SeenMachine] = {}
        self._known: dict[Key, Known] = {}
        self._confirmed: set[Key] = set()
        """Of which ``_known`` is the newest there is: they are this operator's, which has checked or read them since."""
        self._doubtful: dict[Key, SeenMachine | None] = {}
        """Of which ``_known`` may be of a time that an etcd that was restored has undone, and what was seen of each, which
        may be, too."""
        self._checks = Turns(CHECKS_AT_ONCE)
        self._workers: dict[Key, asyncio.Task[None]] = {}
        self._changed: defaultdict[Key, asyncio.Event] = defaultdict(asyncio.Event)
        self._draining_since: dict[Key, Millis] = {}
        self._reading: dict[Key, asyncio.Task[Known | None]] = {}
        self._to_read: dict[Key, asyncio.Task[Known | None]] = {}

    def observe(self, type: str | None, body: Body) -> None:
        """Take in an event. Runs in the engine's loop."""
        try:
            seen = state_machine_watch.seen(body)
        except msgspec.ValidationError as error:
            log.error("a StateMachine cannot be read and is left out", error=str(error))
            return
        key = seen.key
        if type == "DELETED":
            self.forget(key, seen.metadata.uid)
        else:
            self._note_retention(type, seen)
            self._forget_former(seen)
            self._seen[key] = seen
        self._look_at(key)

    def uids(self) -> dict[Key, str]:
        """Of all that are known to be there."""
        return {key: seen.metadata.uid for key, seen in self._seen.items()}

    def forget(self, key: Key, uid: str) -> None:
        """It is gone. Called where that shows, too: kopf does not tell of what was deleted between a watch and the list
        after it (``vanished``), and may tell of one when another of its name is there already."""
        seen = self._seen.get(key)
        if seen is None or seen.metadata.uid != uid:
            return
        del self._seen[key]
        self._draining_since.pop(key, None)
        self._pruning.forget(key)
        self._confirmed.discard(key)
        self._doubtful.pop(key, None)
        if self._known.pop(key, None) is not None:
            self._on_change(key)
        self._on_gone(key)

    def _forget_former(self, seen: SeenMachine) -> None:
        """Another one of the same name was there, of whose end nobody has told."""
        former = self._seen.get(seen.key)
        if former is not None and former.metadata.uid != seen.metadata.uid:
            self.forget(seen.key, former.metadata.uid)

    def _note_retention(self, type: str | None, new: SeenMachine) -> None:
        """A change counts for the executions that have ended, too. Those that are listed at the start are looked at
        together."""
        old = self._seen.get(new.key)
        if new.policy != (NOTHING_SAID if old is None else old.policy):
            self._on_retention(None if old is None and type is None else new.key)

    def shares_changed(self) -> None:
        """Other state machines belong to this operator than before, or its Lease had run out, perhaps because etcd was
        away."""
        self.ask_again()
        for key in self._seen:
            self._look_at(key)

    def ask_again(self) -> None:
        """What was the newest may have been lost with an etcd that was restored, and kopf may hear of it later than
        executions begin."""
        self._confirmed.clear()
        self._doubtful.update({key: self._seen.get(key) for key in self._known})

    def _look_at(self, key: Key) -> None:
        self._changed[key].set()
        if key not in self._workers:
            self._workers[key] = asyncio.create_task(self._work(key), name=f"state machine {key[0]}/{key[1]}")

    def find(self, key: Key) -> Known | None:
        """What is known of the state machine at this moment; None where it does not exist, or not yet, or where that is in
        doubt."""
        return None if key in self._doubtful else self._known.get(key)

    def _learn(self, key: Key, new: Known) -> None:
        self._known[key] = new
        self._doubtful.pop(key, None)

    async def newest(self, key: Key) -> Known | None:
        """What is known of the state machine, and not less than who looks after it has written by now: an execution
        that is created when a new definition is Ready runs that one. Raises Unavailable."""
        seen = self._seen.get(key)
        if seen is None or (key in self._confirmed and self._owns(seen.metadata.uid)):
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
            seen = state_machine_watch.read(await self._api.request("GET", _path(key)))
        except NotFound:
            self.forget(key, uid)
            return None
        except (ApiError, msgspec.DecodeError) as error:
            raise Unavailable(str(error)) from error
        finally:
            del self._reading[key]
        new = _as_written(seen)
        if new is not None and new.uid == uid and owned and self._owns(uid) and key not in self._confirmed:
            is_news = self.find(key) != new
            self._learn(key, new)
            self._confirmed.add(key)
            if is_news:
                self._on_change(key)  # its event, when it comes, is none any more
        return new or _as_written_before(seen)

    def policy_of(self, key: Key) -> Policy:
        """What the state machine says of how long ended executions stay; nothing where it does not exist."""
        seen = self._seen.get(key)
        return NOTHING_SAID if seen is None else seen.policy

    def execution_ended(self, key: Key) -> None:
        """Perhaps the last one that a deletion waits for."""
        known = self._known.get(key)
        if known is not None and known.deleting:
            self._changed[key].set()

    async def close(self) -> None:
        tasks = [*self._workers.values(), *self._reading.values(), *self._to_read.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, key: Key) -> None:
        """Reconcile until the newest object needs nothing more."""
        delays = backoff.delays(first=0.2, longest=30)
        try:
            while True:
                self._changed[key].clear()
                seen = self._seen.get(key)
                if seen is None:
                    return
                try:
                    again = await self._reconcile(key, seen)
                    delays = backoff.delays(first=0.2, longest=30)
                except ApiError as error:
                    again = next(delays)
                    log.warning("state machine waits", name="/".join(key), reason=str(error), retry=again)
                    await self._delayed(key, seen, error)
                except Exception:
                    again = next(delays)
                    log.exception("state machine failed", name="/".join(key), retry=again)
                if again is None and not self._changed[key].is_set():
                    return
                await self._changed_within(key, again or 0)
        finally:
            del self._workers[key]
            self._changed.pop(key, None)

    async def _changed_within(self, key: Key, seconds: float) -> None:
        changed = asyncio.create_task(self._changed[key].wait())
        nap = asyncio.create_task(self._clock.sleep(seconds))
        try:
            await asyncio.wait((changed, nap), return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            nap.cancel()

    async def _reconcile(self, key: Key, seen: SeenMachine) -> float | None:
        """Bring one state machine on. The seconds after which to look again, None for at the next change."""
        owned = self._owns(seen.metadata.uid)
        if owned and seen.is_being_deleted:
            return await self._drain(key, seen)
        self._draining_since.pop(key, None)
        if not owned:
            self._pruning.forget(key)
            self._take_over(key, seen)
            return None
        finalizers = seen.metadata.finalizers or ()
        if FINALIZER not in finalizers:
            try:
                await self._patch_finalizers(key, seen, [*finalizers, FINALIZER])
            except Conflict:
                return 0.1
            except NotFound:
                self.forget(key, seen.metadata.uid)
                return None
        if not self._is_checked(key, seen):
            async with self._checks.of(key[0]):
                await self._check(key, seen.metadata.uid)
        elif self._known[key].revision != seen.status.revision or key in self._doubtful:
            self._take_over(key, seen)  # another installation has written that
        return await self._prune_when_named(key)

    def _take_over(self, key: Key, seen: SeenMachine) -> None:
        """Know of another operator's state machine what that one has written. Until it has looked at a change, what was
        known before counts."""
        new = _as_written(seen)
        is_news = self._doubtful.get(key) is not seen
        if new is not None and is_news and self.find(key) != new:
            self._learn(key, new)
            self._on_change(key)

    def _is_checked(self, key: Key, seen: SeenMachine) -> bool:
        """Whether this is the event of our own write, or of a change that is no business of ours."""
        metadata, known = seen.metadata, self._known.get(key)
        return (
            known is not None
            and (known.uid, known.generation) == (metadata.uid, metadata.generation)
            and seen.status.observedGeneration == known.generation
            and not _is_delayed(seen)
        )

    async def _check(self, key: Key, uid: str) -> None:
        """Compile the definition as it is now, keep it as a revision, say in the status what came of it."""
        try:
            text = await self._api.request("GET", _path(key))
        except NotFound:
            self.forget(key, uid)
            return
        seen = state_machine_watch.read(text)
        problem = state_machines.unfit(text)
        if problem is not None:
            found = (Diagnostic("ERROR", "DEFINITION_TOO_LARGE", problem, Pointer("/definition")),)
            await self._tell(key, seen, _invalid(found))
            return
        body: Body = decoded(msgspec.json.decode, text)
        del text
        await self._compile(key, seen, body)

    async def _compile(self, key: Key, seen: SeenMachine, body: Body) -> None:
        spec = body["spec"]
        found: tuple[Diagnostic, ...]
        try:
            text = definition_text(spec)
            machine, found = await self._looked_through(
                text,
                partial(
                    definition.compile_definition,
                    text,
                    express=spec.get("type") == EXPRESS,
                    task_check=self._task_check(spec),
                    installation=Cluster(self._serves),
                ),
                key[0],
            )
        except InvalidSubstitution as error:
            found = (Diagnostic("ERROR", "INVALID_SUBSTITUTION", str(error), error.pointer),)
            verdict = _invalid(found)
        except InvalidDefinition as error:
            verdict = _invalid(diagnostics.placed(spec, error.diagnostics))
        else:
            found = (*diagnostics.placed(spec, found), *_shared_account(spec))
            unserved = [d.message for d in found if d.code == NO_DRIVER]
            if unserved:
                verdict = Verdict(conditions.NO_DRIVER, "; ".join(unserved), found=found)
            else:
                revision = await self._keep(key, seen, body, machine, revisions.data_of(spec, text))
                verdict = Verdict(conditions.VALID, revision=revision, found=found)
        shown = (body.get("status") or {}).get("diagnostics") or []
        await self._tell(key, seen, replace(verdict, shown=shown))

    async def _tell(self, key: Key, seen: SeenMachine, verdict: Verdict) -> None:
        """In the status, and to the executions that wait. Known before it is written: whoever reads that it is Ready and
        creates an execution gets this definition."""
        metadata, message = seen.metadata, verdict.reason.message(verdict.detail)
        newest = self._seen.get(key)
        if newest is not None and newest.metadata.uid == metadata.uid:
            if self._named(key, seen) - {verdict.revision}:
                self._pruning.want(key)
            new = Known(metadata.uid, metadata.generation, verdict.revision, message, deleting=False)
            self._learn(key, new)
            self._confirmed.add(key)
        await self._report(key, seen, verdict)
        self._on_change(key)

    async def _delayed(self, key: Key, seen: SeenMachine, error: ApiError) -> None:
        """Tell what stands in the way, a quota or a policy perhaps: to the executions that wait, and in the status."""
        known = self._known.get(key)
        if seen.is_being_deleted or isinstance(error, Unreachable | TooManyRequests):
            return
        if known is None or known.revision is None:
            message = conditions.DELAYED.message(error.message)
            self._learn(key, Known(seen.metadata.uid, 0, None, message, deleting=False))
            self._on_change(key)
        revision = None if known is None else known.revision
        with suppress(ApiError):
            await self._report(key, seen, Verdict(conditions.DELAYED, error.message, revision))

    def _serves(self, resource: Resource) -> bool:
        return any(driver.serves(resource) for driver in self._drivers)

    async def _keep(
        self, key: Key, seen: SeenMachine, body: Body, machine: Machine, data: Mapping[str, Any]
    ) -> str:
        manifest = revisions.manifest(body, data, body["metadata"].get("generation", 1))
        name: str = manifest["metadata"]["name"]
        try:
            await self._api.create(path_of("apps/v1", "controllerrevisions", key[0]), manifest)
        except AlreadyExists:
            pass
        else:
            # What executions start with until this check is through, here or at other operators, may be pinned any moment.
            if not await self._pruning.prune(key, seen.metadata.uid, {name} | self._named(key, seen)):
                self._pruning.want(key)
        self._revisions.keep(key[0], Revision(name, machine, data["settings"]))
        return name

    def _named(self, key: Key, seen: SeenMachine) -> set[str]:
        """The revisions that executions start with: here, and where only the status is known."""
        known = self._known.get(key)
        told = (seen.status.revision, None if known is None else known.revision)
        return {name for name in told if name is not None}

    async def _prune_when_named(self, key: Key) -> float | None:
        """Once the status that names another revision has been seen: until then its event is on its way."""
        seen, known = self._seen.get(key), self._known.get(key)
        if seen is None or known is None or seen.status.revision != known.revision:
            return None
        return await self._pruning.go_on(key, seen.metadata.uid, self._named(key, seen))

    async def _report(self, key: Key, seen: SeenMachine, verdict: Verdict) -> None:
        """In the status, where it does not say so yet."""
        generation, before = seen.metadata.generation, seen.conditions()
        now = timestamps.seconds(self._clock.now())
        after = conditions.of_state_machine(
            before, verdict.reason, now=now, generation=generation, detail=verdict.detail
        )
        listed = diagnostics.stored(verdict.found)
        said = (seen.status.observedGeneration, seen.status.revision, before)
        if said == (generation, verdict.revision, after) and verdict.shown in (None, listed):
            return
        new = {
            "observedGeneration": generation,
            "conditions": after,
            "diagnostics": listed,
            # None, in a merge patch, takes it away: nothing can start with the former one.
            "revision": verdict.revision,
        }
        try:
            metadata = {"uid": seen.metadata.uid, "resourceVersion": seen.metadata.resourceVersion}
            # On condition of what was looked at: else a request that was long under way, or that a process sends after
            # it was stopped, would take back what the next operator has said of a newer definition.
            patch = {"metadata": metadata, "status": new}
            await self._api.patch(_path(key, "status"), patch, MERGE_PATCH)
        except (NotFound, Conflict):
            return  # changed or deleted: the next event tells

    # --- Deletion ------------------------------------------------------------------------------------------------

    async def _drain(self, key: Key, seen: SeenMachine) -> float | None:
        """Let the state machine go once nothing runs on it. New executions no longer start."""
        finalizers = seen.metadata.finalizers or ()
        if FINALIZER not in finalizers:
            return None
        known = self._known.get(key)
        if known is None or not known.deleting:
            self._learn(key, _deleted(seen))
            self._on_change(key)
        since = self._draining_since.setdefault(key, self._clock.now())
        running = self._under_way(key) or await self._running(key)
        if running:
            await self._report(key, seen, Verdict(conditions.DRAINING))
            return DRAINED_CHECK_SECONDS
        waits = since + OTHERS_NOTICE_SECONDS * 1000 - self._clock.now()
        if waits > 0:
            return waits / 1000
        try:
            await self._patch_finalizers(key, seen, [name for name in finalizers if name != FINALIZER])
        except Conflict:
            return 0.1
        except NotFound:
            pass
        if set(finalizers) <= {FINALIZER}:
            self.forget(key, seen.metadata.uid)
        return None

    async def _running(self, key: Key) -> int:
        selector = f"spec.stateMachineRef.name={key[1]},status.phase=Running"
        try:
            answer = await self._api.get(
                path_of(API_VERSION, "executions", key[0]), {"fieldSelector": selector, "limit": 1}
            )
        except Forbidden:
            # In a namespace that is being deleted the operator's rights may be gone already. The executions go, too.
            if await namespaces.is_going(self._api, key[0]):
                return 0
            raise
        return len(answer["items"])

    async def _patch_finalizers(self, key: Key, seen: SeenMachine, finalizers: list[str]) -> None:
        """On condition of the resourceVersion: the list is replaced whole. Raises Conflict, NotFound."""
        patch = {"metadata": {"resourceVersion": seen.metadata.resourceVersion, "finalizers": finalizers}}
        await self._api.patch(_path(key), patch, MERGE_PATCH, into=_Nothing)


class _Nothing(msgspec.Struct):
    """What is needed of an answer that tells what is known."""


def _as_written(seen: SeenMachine) -> Known | None:
    """What its operator has found out about the newest definition; None before it has."""
    metadata, status = seen.metadata, seen.status
    if seen.is_being_deleted:
        return _deleted(seen)
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
    """What is said of whether executions can start."""
    return next((each.message for each in seen.status.conditions if each.type == conditions.READY), "")


def _is_delayed(seen: SeenMachine) -> bool:
    """Whether somebody was kept from recording the definition, and was to try again."""
    delayed = conditions.DELAYED.name
    return any(each.type == conditions.READY and each.reason == delayed for each in seen.status.conditions)


def _look_at_error(done: asyncio.Task[Known | None]) -> None:
    """Those who asked may have ended meanwhile."""
    if not done.cancelled():
        done.exception()


def _invalid(found: tuple[Diagnostic, ...]) -> Verdict:
    return Verdict(conditions.INVALID_DEFINITION, diagnostics.summary(found), found=found)


def _deleted(seen: SeenMachine) -> Known:
    reason = conditions.DRAINING.message()
    return Known(seen.metadata.uid, seen.metadata.generation, None, reason, deleting=True)


def definition_text(spec: Mapping[str, Any]) -> str:
    """The definition as text, substitutions made: exactly as written where it came as text. Raises
    InvalidSubstitution, InvalidDefinition."""
    given: Any = spec.get("definition")
    try:
        return substitutions.definition_text(given, spec.get("definitionSubstitutions") or {})
    except jsontext.TooDeep:
        definition.compile_definition(given)  # whose own limit is lower, so it has the word
        raise


def _path(key: Key, subresource: str | None = None) -> str:
    return path_of(API_VERSION, "statemachines", key[0], key[1], subresource)


def _shared_account(spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    name = spec.get("taskServiceAccountName")
    if name and name == spec.get("serviceAccountName"):
        yield Diagnostic(
            "WARNING",
            "SHARED_SERVICE_ACCOUNT",
            f"tasks run as the ServiceAccount {name!r}, as which their Jobs are made, too: a task whose pod mounts its "
            "token can make Jobs in the place of other tasks of the namespace. Give taskServiceAccountName an account "
            "of its own",
            Pointer(""),
        )
