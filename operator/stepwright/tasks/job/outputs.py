"""Fetches what makes up a task's result once its Job is judged: the message of its container, the last line
of its log, or how it ended."""

from __future__ import annotations

from typing import Final, Protocol

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.engine.ports import Clock
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.paths import path_of
from stepwright.tasks.job import described, errors, facts, logs, output, verdict
from stepwright.tasks.job.errands import Errands
from stepwright.tasks.job.watched import Watched

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
        self._errands.run(self._describe(watched, job.metadata.uid, failed=failed), watched)

    async def _describe(self, watched: Watched, job_uid: str, *, failed: bool) -> None:
        problem = ""
        for delay in (*LOG_RETRY_SECONDS, None):
            try:
                value = await self._described(watched, job_uid)
            except NotFound:
                value = None
            except ApiError as error:
                problem = error.message
                if delay is not None:
                    await self._clock.sleep(delay)
                continue
            if value is None:
                gone = verdict.deleted(watched.name)
                self._ends.fail(watched, gone.error, gone.cause)
            elif failed:
                self._ends.fail(watched, described.FAILED, jsontext.dump(value))
            else:
                self._ends.succeed(watched, value)
            return
        self._ends.fail(
            watched, errors.OUTPUT_LOST, f"Job {watched.name} has ended and cannot be read: {problem}"
        )

    async def _described(self, watched: Watched, job_uid: str) -> Json:
        """None: it is another one by now. Raises ApiError."""
        namespace = watched.ref.namespace
        job = await self._api.get(path_of("batch/v1", "jobs", namespace, watched.name))
        if job["metadata"]["uid"] != job_uid:
            return None
        if not watched.logs.retrieve:
            return described.of(job, None)
        selector = {"labelSelector": f"batch.kubernetes.io/controller-uid={job_uid}"}
        listed = await self._api.get(path_of("v1", "pods", namespace), selector)
        pods: dict[str, Json] = {}
        for pod in listed.get("items") or ():
            name = pod["metadata"]["name"]
            names = [str(container["name"]) for container in pod["spec"]["containers"]]
            pods[name] = described.of_pod({each: await self._log(watched, name, each) for each in names})
        return described.of(job, pods)

    async def _log(self, watched: Watched, pod: str, container: str) -> Json:
        limits = {"limitBytes": described.LARGEST_LOG_BYTES, **watched.logs.parameters}
        path = path_of("v1", "pods", watched.ref.namespace, pod, "log")
        try:
            text = await self._api.request("GET", path, {"container": container, **limits})
        except ApiError as error:
            return described.unread(error.reason, error.message)
        return described.of_log(text.decode(errors="replace"), raw=watched.logs.raw)

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
