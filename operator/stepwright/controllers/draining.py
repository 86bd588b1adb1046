"""A deleted StateMachine goes once nothing runs on it; no new executions start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepwright.asl.signals import Millis
from stepwright.cluster import conditions
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.rows import Row
from stepwright.controllers.known_machines import KnownMachines, deleted
from stepwright.controllers.machine_acts import FINALIZER
from stepwright.controllers.machine_status import MachineStatus, Verdict
from stepwright.controllers.state_machine_watch import Key, SeenMachine
from stepwright.engine.ports import Clock, Unavailable
from stepwright.engine.readings import Readings
from stepwright.kube import namespaces
from stepwright.kube.api import Api
from stepwright.kube.api_errors import Conflict, Forbidden, NotFound
from stepwright.kube.paths import path_of

CHECK_SECONDS: Final = 5.0
OTHERS_NOTICE_SECONDS: Final = 10.0
"""How long a deletion waits at least, as does a revision that nobody needs any more: another operator that
has not heard of it yet may be about to start an execution. The Leases cannot rule that out: installations do
not see each other's."""


class Draining:
    """``under_way`` says whether this operator runs executions of a state machine, or sees that others do.
    ``read_clocks`` shows how much time has passed."""

    def __init__(
        self,
        api: Api,
        known: KnownMachines,
        status: MachineStatus,
        clock: Clock,
        *,
        under_way: Callable[[Key], bool],
        on_change: Callable[[Key], None],
        is_gone: Callable[[Key, str], None],
        read_clocks: Callable[[], Readings],
    ) -> None:
        self._api = api
        self._known = known
        self._status = status
        self._clock = clock
        self._under_way = under_way
        self._on_change = on_change
        self._is_gone = is_gone
        self._read_clocks = read_clocks
        self._since: dict[Key, Millis] = {}

    def __len__(self) -> int:
        return len(self._since)

    def forget(self, key: Key) -> None:
        self._since.pop(key, None)

    async def go_on(self, key: Key, seen: SeenMachine) -> float | None:
        """Let the state machine go once nothing runs on it. New executions no longer start."""
        finalizers = seen.metadata.finalizers or ()
        if FINALIZER not in finalizers:
            return None
        known = self._known.even_in_doubt(key)
        if known is None or not known.deleting:
            self._known.learn(key, deleted(seen))
            self._on_change(key)
        since = self._since.setdefault(key, self._clock.now())
        row = Row(self._read_clocks)
        row.go_on()
        running = self._under_way(key) or await self._running(key)
        if running:
            await self._status.report(seen, Verdict(conditions.DRAINING))
            return CHECK_SECONDS
        waits = since + OTHERS_NOTICE_SECONDS * 1000 - self._clock.now()
        if waits > 0:
            return waits / 1000
        try:
            row.go_on()
            await self._status.set_finalizers(key, seen, [name for name in finalizers if name != FINALIZER])
        except (Conflict, Unavailable):
            return 0.1
        except NotFound:
            pass
        if set(finalizers) <= {FINALIZER}:
            self._is_gone(key, seen.metadata.uid)
        return None

    async def _running(self, key: Key) -> int:
        selector = f"spec.stateMachineRef.name={key[1]},status.phase=Running"
        try:
            answer = await self._api.get(
                path_of(API_VERSION, "executions", key[0]), {"fieldSelector": selector, "limit": 1}
            )
        except Forbidden:
            # In a namespace that is being deleted the operator's rights may already be gone. Its executions
            # go, too.
            if await namespaces.is_going(self._api, key[0]):
                return 0
            raise
        return len(answer["items"])
