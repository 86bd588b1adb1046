"""Reads what makes up the result of ``eks:runJob.sync``: the Job, and the logs of its pods if they are asked for.

Logs are read as the account that the state machine names: what it may not read appears as an error in the place of the log, as AWS
has it. So nobody reads a log through Stepwright that they could not read themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, StateError
from stepwright.asl.json_types import Json
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound, TooManyRequests, Unreachable
from stepwright.kube.paths import path_of
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.job import described, ended_pods, facts
from stepwright.tasks.job.adoption import is_made_by
from stepwright.tasks.job.watched import Watched

_TOO_LONG: Final = (
    f"The logs of the Job's pods have more than {described.LARGEST_LOG_BYTES:,} bytes together: limit each by tailLines or "
    "limitBytes in LogParameters."
)


class Describing:
    def __init__(self, api: Api, accounts: Accounts) -> None:
        self._api = api
        self._accounts = accounts

    async def described(self, watched: Watched, job: facts.Job, *, failed: bool) -> Json:
        """Raises ApiError; NotFound, too, if there is another Job of that name by now; StateError if the logs of a Job that
        has not failed are too long."""
        namespace, uid = watched.ref.namespace, job.metadata.uid
        found = await self._api.get(path_of("batch/v1", "jobs", namespace, watched.name))
        if found["metadata"]["uid"] != uid:
            raise NotFound(404, "NotFound", f"Job {watched.name} is another one by now")
        if watched.pods:
            pods = await self._own_pods(watched, job)
            return {**described.of(found, None), "pods": ended_pods.told(pods)}
        if not watched.logs.retrieve:
            return described.of(found, None)
        logs = await self._logs(watched, await self._own_pods(watched, job), failed=failed)
        return described.of(found, logs)

    async def _own_pods(self, watched: Watched, job: facts.Job) -> list[facts.Pod]:
        """Up to the number that is described in detail."""
        namespace, uid = watched.ref.namespace, job.metadata.uid
        selector = {"labelSelector": f"batch.kubernetes.io/controller-uid={uid}"}
        listed = await self._api.get(path_of("v1", "pods", namespace), selector, into=facts.List[facts.Pod])
        return [pod for pod in listed.items if is_made_by(job, pod)][: described.MOST_PODS]

    async def _logs(self, watched: Watched, pods: Sequence[facts.Pod], *, failed: bool) -> dict[str, Json]:
        logs: dict[str, Json] = {}
        left = described.LARGEST_LOG_BYTES
        for pod in pods:
            containers: dict[str, Json] = {}
            for container in pod.spec.containers:
                text = await self._log(watched, pod, container.name, left + 1)
                if isinstance(text, bytes) and len(text) > left:
                    if not failed:
                        raise StateError(DATA_LIMIT_EXCEEDED, _TOO_LONG)
                    text = described.unread(DATA_LIMIT_EXCEEDED, _TOO_LONG)
                if isinstance(text, bytes):
                    left -= len(text)
                    text = described.of_log(text.decode(errors="replace"), raw=watched.logs.raw)
                containers[container.name] = text
            logs[pod.metadata.name] = described.of_pod(containers)
        return logs

    async def _log(self, watched: Watched, pod: facts.Pod, container: str, most: int) -> bytes | Json:
        """Up to ``most`` bytes of it, or why it cannot be read. Raises ApiError if that may pass."""
        asked = watched.logs.parameters
        params: dict[str, str | int] = {
            **asked,
            "container": container,
            "limitBytes": min(most, asked.get("limitBytes", most)),
        }
        api, _ = self._accounts.of(watched.ref)
        path = path_of("v1", "pods", watched.ref.namespace, pod.metadata.name, "log")
        try:
            return await api.request("GET", path, params)
        except (Unreachable, TooManyRequests):
            raise
        except ApiError as error:
            return described.unread(error.reason, error.message)
