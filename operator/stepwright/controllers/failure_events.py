"""Kubernetes Events, for failures only: an Event costs a write, and success is in the status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import structlog

from stepwright.cluster.record import PHASES
from stepwright.cluster.resources import API_VERSION, Phase
from stepwright.engine.ports import Clock, Commit, ExecutionRef
from stepwright.kube import timestamps
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

COMPONENT: Final = "stepwright-operator"
LONGEST_NOTE: Final = 1024  # the API server refuses longer ones
MOST_AT_ONCE: Final = 200  # failures in a burst: the rest is in the status and the log


class FailureEvents:
    """Implements ``engine.observer.Observer``. ``dropped`` is called for each Event that is not posted."""

    def __init__(
        self, api: Api, identity: str, clock: Clock, dropped: Callable[[], None] = lambda: None
    ) -> None:
        self._api = api
        self._identity = identity
        self._clock = clock
        self._dropped = dropped
        self._posting: set[asyncio.Task[None]] = set()

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        outcome = commit.outcome
        if outcome is not None and outcome.status in ("FAILED", "TIMED_OUT"):
            self._ended(ref, PHASES[outcome.status], outcome.error, told=outcome.cause is not None)

    def failed(self, ref: ExecutionRef, error: str) -> None:
        """An execution that the engine did not run has failed."""
        self._ended(ref, "Failed", error, told=True)

    def restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        """It is stored in an earlier state."""
        note = f"The cluster was restored: the execution goes on from commit {now}, the newest was {was}"
        self._post(ref, "Restored", note)

    def unwritable(self, ref: ExecutionRef) -> None:
        """Nothing can be written into the execution's status."""
        note = (
            "The object is so large that its status cannot be written: the execution neither runs nor fails. Delete it, "
            "and give its input as a reference to the data"
        )
        self._post(ref, "TooLarge", note)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        """Nothing: an execution that cannot continue fails at once, and the failure is reported."""

    def broke(self, ref: ExecutionRef) -> None:
        """Nothing: it continues, or it fails."""

    def _ended(self, ref: ExecutionRef, phase: Phase, error: str | None, *, told: bool) -> None:
        # The cause may hold what a task printed; the status, where it belongs, has its own access rules.
        how = "ran out of time" if phase == "TimedOut" else "failed"
        with_what = f" with {error}" if error else ""
        more = "; status.cause says more" if told else ""
        self._post(ref, phase, f"The execution {how}{with_what}{more}")

    def _post(self, ref: ExecutionRef, reason: str, note: str) -> None:
        if len(self._posting) >= MOST_AT_ONCE:
            self._dropped()
            return
        regarding = {
            "apiVersion": API_VERSION,
            "kind": "Execution",
            "namespace": ref.namespace,
            "name": ref.name,
            "uid": ref.uid,
        }
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            # A name prefix ending with a dot, as in other Events, is refused when the server completes the
            # name.
            "metadata": {"generateName": f"{ref.name[:200].rstrip('.-')}-", "namespace": ref.namespace},
            "eventTime": timestamps.rfc3339(self._clock.now()).replace("Z", "000Z"),
            "type": "Warning",
            "reason": reason,
            "action": "Execute",
            "regarding": regarding,
            "note": note[:LONGEST_NOTE],
            "reportingController": COMPONENT,
            "reportingInstance": self._identity[:128],
        }
        task = asyncio.create_task(self._send(ref, body))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _send(self, ref: ExecutionRef, body: dict[str, Any]) -> None:
        try:
            await self._api.create(path_of("events.k8s.io/v1", "events", ref.namespace), body)
        except ApiError as error:
            log.warning("event not posted", execution=str(ref), reason=str(error))
