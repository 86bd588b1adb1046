"""StateMachines: checked, kept as revisions, told whether executions can start; deleted once theirs have ended."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from stepwright.asl import definition, jsontext
from stepwright.asl.definition import NO_DRIVER, TaskCheck
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis
from stepwright.cluster import conditions, revisions, timestamps
from stepwright.cluster.api import (
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
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.revisions import Revision, Revisions
from stepwright.cluster.serving import Cluster
from stepwright.cluster.substitutions import MissingSubstitution, substitute
from stepwright.engine import backoff
from stepwright.engine.ports import Clock, TaskDriver, Unavailable

log = structlog.get_logger(__name__)

FINALIZER: Final = "stepwright.dev/executions"
EXPRESS: Final = "Express"
MOST_DIAGNOSTICS: Final = 50
DRAINED_CHECK_SECONDS: Final = 5.0
OTHERS_NOTICE_SECONDS: Final = 10.0
"""How long a deletion waits at least where there are other operators: one of them may be about to start an execution,
and has not heard of the deletion yet."""

Body = Mapping[str, Any]
Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Known:
    """What executions need to know of a StateMachine. ``revision`` None: not ready, ``reason`` says why."""

    uid: str
    generation: int
    revision: str | None
    reason: str
    deleting: bool


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
        task_checks: Callable[[Mapping[str, Any]], Mapping[str, TaskCheck]],
        clock: Clock,
        *,
        on_change: Callable[[Key], None],
        on_retention: Callable[[Key], Awaitable[None]],
        under_way: Callable[[Key], bool],
        in_use: Callable[[Key], AbstractSet[str]],
        owns: Callable[[str], bool],
        alone: Callable[[], bool],
        on_gone: Callable[[Key], None] = lambda _: None,
    ) -> None:
        self._api = api
        self._revisions = revisions_
        self._drivers = drivers
        self._task_checks = task_checks
        self._clock = clock
        self._on_change = on_change
        self._on_retention = on_retention
        self._under_way = under_way
        self._in_use = in_use
        self._owns = owns
        self._alone = alone
        self._on_gone = on_gone
        self._bodies: dict[Key, Body] = {}
        self._known: dict[Key, Known] = {}
        self._retained: dict[Key, int | None] = {}
        self._workers: dict[Key, asyncio.Task[None]] = {}
        self._changed: defaultdict[Key, asyncio.Event] = defaultdict(asyncio.Event)
        self._draining_since: dict[Key, Millis] = {}
        self._reading: dict[Key, asyncio.Task[Known | None]] = {}
        self._to_read: dict[Key, asyncio.Task[Known | None]] = {}

    def observe(self, type: str | None, body: Body) -> None:
        """Take in an event. Runs in the engine's loop."""
        key = _key(body)
        if type == "DELETED":
            self._bodies.pop(key, None)
            self._retained.pop(key, None)
            self._draining_since.pop(key, None)
            if self._known.pop(key, None) is not None:
                self._on_change(key)
            self._on_gone(key)
        else:
            self._bodies[key] = body
        self._look_at(key)

    def shares_changed(self) -> None:
        """Other state machines belong to this operator than before."""
        for key in self._bodies:
            self._look_at(key)

    def _look_at(self, key: Key) -> None:
        self._changed[key].set()
        if key not in self._workers:
            self._workers[key] = asyncio.create_task(self._work(key), name=f"state machine {key[0]}/{key[1]}")

    def find(self, key: Key) -> Known | None:
        """What is known of the state machine at this moment; None where it does not exist, or not yet."""
        return self._known.get(key)

    async def newest(self, key: Key) -> Known | None:
        """What is known of the state machine, and not less than who looks after it has written by now: an execution
        that is created when a new definition is Ready runs that one. Raises Unavailable."""
        body = self._bodies.get(key)
        if body is None or self._owns(body["metadata"]["uid"]):
            return self._known.get(key)
        if key not in self._to_read:
            # All that ask while one answer is under way share the next.
            before = self._reading.get(key)
            self._to_read[key] = asyncio.create_task(self._read(key, before))
        return await asyncio.shield(self._to_read[key])

    async def _read(self, key: Key, before: asyncio.Task[Known | None] | None) -> Known | None:
        if before is not None:
            await asyncio.wait((before,))
        self._reading[key] = self._to_read.pop(key)
        try:
            body = await self._api.get(_path(key))
        except NotFound:
            return None
        except ApiError as error:
            raise Unavailable(str(error)) from error
        finally:
            del self._reading[key]
        return self._as_written(body) or self._known.get(key)

    def retention_of(self, key: Key) -> int | None:
        """Seconds for which ended executions stay, if the state machine says so."""
        body = self._bodies.get(key)
        seconds: int | None = (
            None if body is None else (body["spec"].get("retention") or {}).get("ttlSecondsAfterFinished")
        )
        return seconds

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
                body = self._bodies.get(key)
                if body is None:
                    return
                try:
                    again = await self._reconcile(key, body)
                    delays = backoff.delays(first=0.2, longest=30)
                except ApiError as error:
                    again = next(delays)
                    log.warning("state machine waits", name="/".join(key), reason=str(error), retry=again)
                    await self._delayed(key, body, error)
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

    async def _reconcile(self, key: Key, body: Body) -> float | None:
        """Bring one state machine on. The seconds after which to look again, None for at the next change."""
        metadata = body["metadata"]
        finalizers = list(metadata.get("finalizers") or ())
        if not self._owns(metadata["uid"]):
            self._take_over(key, body)
            await self._retain(key)
            return None
        if metadata.get("deletionTimestamp"):
            return await self._drain(key, body, finalizers)
        if FINALIZER not in finalizers:
            try:
                body = await self._patch_finalizers(key, body, [*finalizers, FINALIZER])
            except Conflict:
                return 0.1
            except NotFound:
                return None
        if not self._is_checked(key, body):
            await self._check(key, body)
        await self._retain(key)
        return None

    async def _retain(self, key: Key) -> None:
        seconds = self.retention_of(key)
        if seconds != self._retained.get(key):
            if seconds is not None:
                await self._on_retention(key)
            self._retained[key] = seconds

    def _take_over(self, key: Key, body: Body) -> None:
        """Know of another operator's state machine what that one has written. Until it has looked at a change, what was
        known before counts."""
        new = self._as_written(body)
        if new is not None and self._known.get(key) != new:
            self._known[key] = new
            self._on_change(key)

    def _as_written(self, body: Body) -> Known | None:
        metadata, status = body["metadata"], body.get("status") or {}
        generation = metadata.get("generation", 1)
        if metadata.get("deletionTimestamp"):
            return self._deleted(body)
        if status.get("observedGeneration") != generation:
            return None
        ready: Body = next(
            (c for c in status.get("conditions") or () if c.get("type") == conditions.READY), {}
        )
        return Known(
            metadata["uid"], generation, status.get("revision"), ready.get("message", ""), deleting=False
        )

    def _deleted(self, body: Body) -> Known:
        metadata = body["metadata"]
        reason = conditions.DRAINING.message()
        return Known(metadata["uid"], metadata.get("generation", 1), None, reason, deleting=True)

    def _is_checked(self, key: Key, body: Body) -> bool:
        """Whether this is the event of our own write, or of a change that is no business of ours."""
        metadata, known = body["metadata"], self._known.get(key)
        return (
            known is not None
            and (known.uid, known.generation) == (metadata["uid"], metadata.get("generation", 1))
            and (body.get("status") or {}).get("observedGeneration") == known.generation
        )

    async def _check(self, key: Key, body: Body) -> None:
        """Compile the definition, keep it as a revision, say in the status what came of it."""
        spec, generation = body["spec"], body["metadata"].get("generation", 1)
        found: tuple[Diagnostic, ...]
        revision: str | None = None
        try:
            text = definition_text(spec)
            machine, found = definition.compile_definition(
                text,
                express=spec.get("type") == EXPRESS,
                task_checks=self._task_checks(spec),
                installation=Cluster(self._serves),
            )
        except MissingSubstitution as error:
            found = (Diagnostic("ERROR", "MISSING_SUBSTITUTION", str(error), error.pointer),)
            reason, detail = conditions.INVALID_DEFINITION, _summary(found)
        except InvalidDefinition as error:
            found = _placed(spec, error.diagnostics)
            reason, detail = conditions.INVALID_DEFINITION, _summary(found)
        else:
            found = _placed(spec, found)
            unserved = [d.message for d in found if d.code == NO_DRIVER]
            reason = conditions.NO_DRIVER if unserved else conditions.VALID
            detail = "; ".join(unserved)
            if not unserved:
                data = revisions.data_of(spec, text)
                revision = await self._keep(key, body, machine, data)
        uid = body["metadata"]["uid"]
        known = Known(uid, generation, revision, reason.message(detail), deleting=False)
        await self._report(key, body, reason, detail, revision, found)
        if self._bodies.get(key, {}).get("metadata", {}).get("uid") == uid:
            self._known[key] = known
            self._on_change(key)

    async def _delayed(self, key: Key, body: Body, error: ApiError) -> None:
        """Tell what stands in the way, a quota or a policy perhaps: to the executions that wait, and in the status."""
        metadata, known = body["metadata"], self._known.get(key)
        if metadata.get("deletionTimestamp") or isinstance(error, Unreachable | TooManyRequests):
            return
        if known is None or known.revision is None:
            message = conditions.DELAYED.message(error.message)
            self._known[key] = Known(metadata["uid"], 0, None, message, deleting=False)
            self._on_change(key)
        revision = None if known is None else known.revision
        with suppress(ApiError):
            await self._report(key, body, conditions.DELAYED, error.message, revision, ())

    def _serves(self, resource: str) -> bool:
        return any(driver.serves(resource) for driver in self._drivers)

    async def _keep(self, key: Key, body: Body, machine: Machine, data: Mapping[str, Any]) -> str:
        manifest = revisions.manifest(body, data, body["metadata"].get("generation", 1))
        name: str = manifest["metadata"]["name"]
        try:
            await self._api.create(path_of("apps/v1", "controllerrevisions", key[0]), manifest)
        except AlreadyExists:
            pass
        else:
            await self._prune(key, body["metadata"]["uid"], name)
        self._revisions.keep(key[0], Revision(name, machine, data["settings"]))
        return name

    async def _prune(self, key: Key, uid: str, newest: str) -> None:
        # The revision that executions start with until this check is through may be pinned any moment.
        known = self._known.get(key)
        current = {newest} if known is None or known.revision is None else {newest, known.revision}
        try:
            await self._revisions.prune(*key, uid, current | self._in_use(key))
        except ApiError as error:
            log.warning("old revisions not deleted", name="/".join(key), reason=str(error))

    async def _report(
        self,
        key: Key,
        body: Body,
        reason: conditions.Reason,
        detail: str,
        revision: str | None,
        found: Iterable[Diagnostic],
    ) -> None:
        status = body.get("status") or {}
        generation = body["metadata"].get("generation", 1)
        now = timestamps.seconds(self._clock.now())
        ordered = sorted(found, key=lambda d: d.severity != "ERROR")
        new: dict[str, Any] = {
            "observedGeneration": generation,
            "conditions": conditions.of_state_machine(
                status.get("conditions") or (), reason, now=now, generation=generation, detail=detail
            ),
            "diagnostics": [_stored(d) for d in ordered[:MOST_DIAGNOSTICS]],
        }
        new["revision"] = (
            revision  # None, in a merge patch, takes it away: nothing can start with the former one
        )
        if any(
            status.get(name, [] if name == "diagnostics" else None) != value for name, value in new.items()
        ):
            patch = {"metadata": {"uid": body["metadata"]["uid"]}, "status": new}
            try:
                await self._api.patch(_path(key, "status"), patch, MERGE_PATCH)
            except (NotFound, Conflict):
                return  # deleted, or deleted and made again: the next event tells

    # --- Deletion ------------------------------------------------------------------------------------------------

    async def _drain(self, key: Key, body: Body, finalizers: list[str]) -> float | None:
        """Let the state machine go once nothing runs on it. New executions no longer start."""
        if FINALIZER not in finalizers:
            return None
        known = self._known.get(key)
        if known is None or not known.deleting:
            self._known[key] = self._deleted(body)
            self._on_change(key)
        since = self._draining_since.setdefault(key, self._clock.now())
        running = self._under_way(key) or await self._running(key)
        if running:
            await self._report(key, body, conditions.DRAINING, "", None, ())
            return DRAINED_CHECK_SECONDS
        if not self._alone() and self._clock.now() - since < OTHERS_NOTICE_SECONDS * 1000:
            return OTHERS_NOTICE_SECONDS
        try:
            await self._patch_finalizers(key, body, [name for name in finalizers if name != FINALIZER])
        except Conflict:
            return 0.1
        except NotFound:
            pass
        return None

    async def _running(self, key: Key) -> int:
        selector = f"spec.stateMachineRef.name={key[1]},status.phase=Running"
        try:
            answer = await self._api.get(
                path_of(API_VERSION, "executions", key[0]), {"fieldSelector": selector, "limit": 1}
            )
        except Forbidden:
            # In a namespace that is being deleted the operator's rights may be gone already. The executions go, too.
            if await self._is_terminating(key[0]):
                return 0
            raise
        return len(answer["items"])

    async def _is_terminating(self, namespace: str) -> bool:
        found = await self._api.get(path_of("v1", "namespaces", name=namespace))
        return "deletionTimestamp" in found["metadata"]

    async def _patch_finalizers(self, key: Key, body: Body, finalizers: list[str]) -> Body:
        """On condition of the resourceVersion: the list is replaced whole. Raises Conflict, NotFound."""
        version = body["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version, "finalizers": finalizers}}
        changed: Body = await self._api.patch(_path(key), patch, MERGE_PATCH)
        return changed


def definition_text(spec: Mapping[str, Any]) -> str:
    """The definition as text, substitutions made: exactly as written where it came as text. Raises
    MissingSubstitution, InvalidDefinition."""
    given = spec.get("definition")
    if not isinstance(given, str):
        try:
            given = jsontext.dump(given)
        except jsontext.TooDeep:
            definition.compile_definition(given)  # whose own limit is lower, so it has the word
            raise
    return substitute(given, spec.get("definitionSubstitutions") or {})


def _key(body: Body) -> Key:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _path(key: Key, subresource: str | None = None) -> str:
    return path_of(API_VERSION, "statemachines", key[0], key[1], subresource)


def _placed(spec: Mapping[str, Any], found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Lines are told where the definition came as text: those of an object are not the author's."""
    if isinstance(spec.get("definition"), str):
        return found
    return tuple(replace(diagnostic, line=None, column=None) for diagnostic in found)


def _summary(found: Iterable[Diagnostic]) -> str:
    """Every error at its place; the message is cut where Kubernetes takes no more."""
    return "; ".join(_in_a_line(d) for d in found if d.severity == "ERROR")


def _in_a_line(found: Diagnostic) -> str:
    place = f" (line {found.line}, column {found.column})" if found.line is not None else ""
    return f"{found.message.removesuffix('.')} at {found.pointer or '/'}{place}"


def _stored(found: Diagnostic) -> dict[str, Any]:
    fields = {
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "pointer": str(found.pointer),
    }
    if found.line is not None:
        fields |= {"line": found.line, "column": found.column}  # type: ignore[dict-item]
    return fields
