"""The definition of a StateMachine: checked, kept as a revision, and reported, in the status and to executions that wait. The
revisions that nobody needs any more go.

It is not decoded if its length alone forbids that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import msgspec

from stepwright.cluster import conditions, revisions
from stepwright.cluster.revisions import Revision, Revisions
from stepwright.controllers import checking, state_machine_watch
from stepwright.controllers.checking import Checking, Runnable
from stepwright.controllers.known_machines import Known, KnownMachines, Sent
from stepwright.controllers.machine_status import MachineStatus, Verdict
from stepwright.controllers.pruning import Pruning
from stepwright.controllers.state_machine_watch import Key, SeenMachine
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, TooManyRequests, Unreachable
from stepwright.kube.depth import decoded
from stepwright.kube.paths import path_of

Body = Mapping[str, Any]


class Definitions:
    """``owns``: whether a state machine, by its uid, is this operator's. ``on_change`` is called when executions may begin that
    could not, or wait for another reason."""

    def __init__(
        self,
        api: Api,
        revisions_: Revisions,
        checking_: Checking,
        pruning: Pruning,
        known: KnownMachines,
        status: MachineStatus,
        *,
        owns: Callable[[str], bool],
        on_change: Callable[[Key], None],
    ) -> None:
        self._api: Final = api
        self._revisions: Final = revisions_
        self._checking: Final = checking_
        self._pruning: Final = pruning
        self._known: Final = known
        self._status: Final = status
        self._owns: Final = owns
        self._on_change: Final = on_change
        self._depending: set[Key] = set()
        """Those checked here whose findings depend on what else there is in their namespace."""
        self._to_check_again: set[Key] = set()

    def forget(self, key: Key) -> None:
        """It is gone."""
        self._depending.discard(key)
        self._to_check_again.discard(key)

    def surroundings_changed(self, namespace: str) -> list[Key]:
        """In a namespace TaskTemplates stand for other functions than before, or Connections say something else. Returns those that
        have to be checked again."""
        changed = [key for key in self._depending if key[0] == namespace]
        self._to_check_again.update(changed)
        return changed

    def is_checked(self, key: Key, seen: SeenMachine) -> bool:
        """Whether this is the event of our own write, or of a change that does not concern us."""
        metadata, known = seen.metadata, self._known.even_in_doubt(key)
        return (
            known is not None
            and key not in self._to_check_again
            and (known.uid, known.generation) == (metadata.uid, metadata.generation)
            and seen.status.observedGeneration == known.generation
            and not _is_delayed(seen)
        )

    async def check(self, key: Key, text: bytes, sent: Sent) -> None:
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
        self._depending.discard(key)
        if isinstance(checked, Verdict):
            return checked
        if checked.depends:
            self._depending.add(key)
        revision = await self._keep(key, seen, body, checked)
        return Verdict(conditions.VALID, revision=revision, found=checked.found)

    async def _tell(self, key: Key, seen: SeenMachine, verdict: Verdict, sent: Sent) -> None:
        """Report it in the status, and to waiting executions. It is known here before it is written: whoever
        reads Ready and then creates an execution gets this definition."""
        metadata, message = seen.metadata, verdict.reason.message(verdict.detail)
        newest = self._known.seen.get(key)
        if newest is not None and newest.metadata.uid == metadata.uid:
            if self._named(key, seen) - {verdict.revision}:
                self._pruning.want(key)
            new = Known(metadata.uid, metadata.generation, verdict.revision, message, deleting=False)
            self._known.learn(key, new, read=sent)
        await self._status.report(seen, verdict)
        self._on_change(key)

    async def delayed(self, key: Key, error: ApiError) -> None:
        """Report the obstacle, perhaps a quota or a policy, to waiting executions and in the status."""
        seen, known = self._known.seen.get(key), self._known.even_in_doubt(key)
        if seen is None or not self._owns(seen.metadata.uid):
            return
        if seen.is_being_deleted or isinstance(error, Unreachable | TooManyRequests):
            return
        if known is None or known.revision is None:
            message = conditions.DELAYED.message(error.message)
            self._known.learn(key, Known(seen.metadata.uid, 0, None, message, deleting=False))
            self._on_change(key)
        revision = None if known is None else known.revision
        with suppress(ApiError):
            await self._status.report(seen, Verdict(conditions.DELAYED, error.message, revision))

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
        self._revisions.keep(key[0], Revision(name, runnable.machine, data["settings"], len(runnable.text)))
        return name

    def revision_of(self, key: Key) -> str | None:
        known = self._known.even_in_doubt(key)
        return None if known is None else known.revision

    def _named(self, key: Key, seen: SeenMachine) -> set[str]:
        """The revisions that executions start with: here, and on operators that know only the status."""
        told = (seen.status.revision, self.revision_of(key))
        return {name for name in told if name is not None}

    async def prune_when_named(self, key: Key) -> float | None:
        """Prune once the status that names another revision has been seen: until then its event is on its
        way."""
        seen, known = self._known.seen.get(key), self._known.even_in_doubt(key)
        if seen is None or known is None or seen.status.revision != known.revision:
            return None
        return await self._pruning.go_on(key, seen.metadata.uid, self._named(key, seen))


def _is_delayed(seen: SeenMachine) -> bool:
    """Whether an operator could not record the definition, and was going to try again."""
    delayed = conditions.DELAYED.name
    return any(each.type == conditions.READY and each.reason == delayed for each in seen.status.conditions)
