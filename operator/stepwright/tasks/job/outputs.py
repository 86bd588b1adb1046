"""Fetches what makes up a task's result once its Job is judged: the message of its container, the last line
of its log, or how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol, TypeVar

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.engine.ports import Clock
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.job import described, errors, facts, indexes, logs, output, verdict
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


class _LogIsGone(Exception):  # noqa: N818 - it names what happened
    def __init__(self, pod: str) -> None:
        super().__init__(pod)
        self.pod = pod


class Outputs:
    def __init__(self, api: Api, accounts: Accounts, ends: Ends, errands: Errands, clock: Clock) -> None:
        self._api = api
        self._ends = ends
        self._errands = errands
        self._clock = clock
        self._describing = Describing(api, accounts)

    def take(
        self,
        watched: Watched,
        job: facts.Job,
        of: facts.Pod | Mapping[int, facts.Pod] | None,
        terminated: facts.Terminated | None,
    ) -> None:
        """``of``, ``terminated``: as in ``verdict.Succeeded``."""
        if watched.output == "job":
            self.describe(watched, job, failed=False)
            return
        if of is not None and watched.output == "stdout":
            self._errands.run(self._read_stdout(watched, job, of, terminated), watched)
            return
        try:
            value = _written(job, of, terminated)
        except StateError as error:
            self._ends.fail(watched, error.error, error.cause)
        else:
            self._ends.succeed(watched, value)

    def describe(self, watched: Watched, job: facts.Job, *, failed: bool) -> None:
        """The Job itself is the result."""
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

    async def _read_stdout(
        self,
        watched: Watched,
        job: facts.Job,
        of: facts.Pod | Mapping[int, facts.Pod],
        terminated: facts.Terminated | None,
    ) -> None:
        try:
            if isinstance(of, facts.Pod):
                line = await self._last_line(watched, of)
                value = output.from_line(of, line) if line else dict(output.summary(job, terminated))
            else:
                value = await self._last_lines(watched, job, of)
        except StateError as error:
            self._ends.fail(watched, error.error, error.cause)
        except _LogIsGone as error:
            self._without_log(watched, error.pod, counted=not isinstance(of, facts.Pod))
        else:
            self._ends.succeed(watched, value)

    def _without_log(self, watched: Watched, pod: str, *, counted: bool) -> None:
        """``counted``: by the Job, which makes no other."""
        if watched.gone:
            gone = verdict.deleted(watched.name)
            self._ends.fail(watched, gone.error, gone.cause)
        elif counted:
            cause = f"Pod {pod} has succeeded, but it was deleted before its log, which is its output, could be read."
            self._ends.fail(watched, errors.OUTPUT_LOST, cause)
        else:
            # Its node may have been lost right after its end, so that Kubernetes will create another pod, or has.
            watched.without_log.add(pod)
            watched.busy = None
            self._ends.consider(watched)

    async def _last_lines(self, watched: Watched, job: facts.Job, by_index: Mapping[int, facts.Pod]) -> Json:
        """Raises StateError, _LogIsGone."""
        values: dict[int, Json] = {}
        size = 0
        for index, pod in sorted(by_index.items()):
            line = await self._last_line(watched, pod)
            indexes.check_size(watched.name, size := size + len(line))
            if line:
                values[index] = output.from_line(pod, line)
        return indexes.result(job, by_index, values)

    async def _last_line(self, watched: Watched, pod: facts.Pod) -> bytes:
        """Raises StateError, _LogIsGone."""
        name = pod.metadata.name
        try:
            return await self._patiently(
                lambda: logs.last_line(self._api, watched.ref.namespace, name, pod.main),
                f"Pod {name} has succeeded, but its log, which is the task's output, cannot be read",
            )
        except NotFound as error:
            raise _LogIsGone(name) from error

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

    def fail_with_log(self, watched: Watched, error: str, cause: str, pod: str, container: str) -> None:
        self._errands.run(self._fail_with_log(watched, error, cause, pod, container), watched)

    async def _fail_with_log(
        self, watched: Watched, error: str, cause: str, pod: str, container: str
    ) -> None:
        self._ends.fail(
            watched, error, cause + await logs.tail(self._api, watched.ref.namespace, pod, container)
        )


def _written(
    job: facts.Job, of: facts.Pod | Mapping[int, facts.Pod] | None, terminated: facts.Terminated | None
) -> Json:
    """What is in the output files, or the summary if that is nothing. Raises StateError."""
    if isinstance(of, Mapping):
        return indexes.from_messages(job, of)
    if of is None or terminated is None or not (terminated.message or "").strip():
        return dict(output.summary(job, terminated))
    return output.from_message(of, terminated)
