"""Fetches what makes up a task's result once its Job is judged: the message of its container, the last line
of its log, or how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.engine.ports import Clock
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.tasks.job import described, errors, facts, logs, output, verdict
from stepwright.tasks.job.describing import Describing
from stepwright.tasks.job.errands import Errands
from stepwright.tasks.job.watched import Watched

T = TypeVar("T")

LOG_RETRY_SECONDS: Final = (1, 2, 4, 8, 15)
"""How long a node that does not return its logs is given."""


class Ends(Protocol):
    def succeed(self, watched: Watched, value: Json) -> None: ...

    def fail(self, watched: Watched, error: str | None, cause: str | None) -> None: ...

    def consider(self, watched: Watched) -> None:
        """Judge it again: this was not its end."""


class Outputs:
    def __init__(self, api: Api, ends: Ends, errands: Errands, clock: Clock) -> None:
        self._api = api
        self._ends = ends
        self._errands = errands
        self._clock = clock
        self._describing = Describing(api)

    def take(
        self, watched: Watched, job: facts.Job, pod: facts.Pod | None, terminated: facts.Terminated | None
    ) -> None:
        if watched.output == "job":
            self.describe(watched, job, failed=False)
        elif pod is not None and watched.output == "stdout":
            self._errands.run(self._read_stdout(watched, job, pod, terminated), watched)
        elif pod is None or terminated is None or not (terminated.message or "").strip():
            self._ends.succeed(watched, dict(output.summary(job, terminated)))
        else:
            try:
                value = output.from_message(pod, terminated)
            except StateError as error:
                self._ends.fail(watched, error.error, error.cause)
            else:
                self._ends.succeed(watched, value)

    def describe(self, watched: Watched, job: facts.Job, *, failed: bool) -> None:
        """The Job is what the task came to."""
        self._errands.run(self._describe(watched, job, failed=failed), watched)

    async def _describe(self, watched: Watched, job: facts.Job, *, failed: bool) -> None:
        try:
            value = await self._patiently(
                lambda: self._describing.described(watched, job, failed=failed),
                f"Job {watched.name} has ended and cannot be read",
            )
        except NotFound:
            gone = verdict.deleted(watched.name)
            self._ends.fail(watched, gone.error, gone.cause)
        except StateError as error:
            self._ends.fail(watched, error.error, error.cause)
        else:
            if failed:
                self._ends.fail(watched, described.FAILED, described.cause(value))
            else:
                self._ends.succeed(watched, value)

    async def _patiently(self, read: Callable[[], Awaitable[T]], otherwise: str) -> T:
        """Raises NotFound, StateError."""
        problem = ""
        for delay in (*LOG_RETRY_SECONDS, None):
            try:
                return await read()
            except NotFound:
                raise
            except ApiError as error:  # also missing rights: somebody may be about to restore them
                problem = error.message
                if delay is not None:
                    await self._clock.sleep(delay)
        raise StateError(errors.OUTPUT_LOST, f"{otherwise}: {problem}")

    async def _read_stdout(
        self, watched: Watched, job: facts.Job, pod: facts.Pod, terminated: facts.Terminated | None
    ) -> None:
        problem = ""
        for delay in (*LOG_RETRY_SECONDS, None):
            try:
                line = await logs.last_line(self._api, watched.ref.namespace, pod.metadata.name, pod.main)
                value = output.from_line(pod, line) if line else dict(output.summary(job, terminated))
            except StateError as error:
                self._ends.fail(watched, error.error, error.cause)
                return
            except NotFound as error:
                problem = error.message
                if not watched.gone:
                    # Its node may have been lost right after its end, so that Kubernetes will create another
                    # pod, or has.
                    watched.without_log.add(pod.metadata.name)
                    watched.busy = None
                    self._ends.consider(watched)
                    return
                gone = verdict.deleted(watched.name)
                self._ends.fail(watched, gone.error, gone.cause)
                return
            except ApiError as error:  # also missing rights: somebody may be about to restore them
                problem = error.message
                if delay is not None:
                    await self._clock.sleep(delay)
            else:
                self._ends.succeed(watched, value)
                return
        self._ends.fail(
            watched,
            errors.OUTPUT_LOST,
            f"Pod {pod.metadata.name} has succeeded, but its log, which is the task's output, cannot be read: {problem}",
        )

    def fail_with_log(self, watched: Watched, error: str, cause: str, pod: str, container: str) -> None:
        self._errands.run(self._fail_with_log(watched, error, cause, pod, container), watched)

    async def _fail_with_log(
        self, watched: Watched, error: str, cause: str, pod: str, container: str
    ) -> None:
        self._ends.fail(
            watched, error, cause + await logs.tail(self._api, watched.ref.namespace, pod, container)
        )
