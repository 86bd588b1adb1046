"""Copies of the tasks' Jobs and of their pods, which watches keep current, and whose each pod is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from stepwright.engine.ports import Unavailable
from stepwright.kube.api import Api
from stepwright.kube.informer import Informer, OnChange
from stepwright.tasks.job import facts, names
from stepwright.tasks.job.adoption import Adopted
from stepwright.tasks.job.requests import BATCH

SYNC_SECONDS: Final = 5.0
"""How long is waited for the first lists, and for a watch that was cut off."""


class Copies:
    """``run`` must be running in the engine's loop. ``on_job`` and ``on_pod``: called when a copy has changed, with what it
    was and what it is; None is what is not there."""

    def __init__(
        self, api: Api, namespaces: Sequence[str], on_job: OnChange[facts.Job], on_pod: OnChange[facts.Pod]
    ) -> None:
        self._adopted = Adopted()
        self._on_pod = on_pod
        self.jobs: Informer[facts.Job] = Informer(
            api,
            BATCH,
            "jobs",
            facts.Job,
            namespaces=namespaces,
            label_selector=names.EXECUTION_UID,
            on_change=on_job,
            index=lambda job: (job.metadata.labels.execution_uid,),
        )
        self.pods: Informer[facts.Pod] = Informer(
            api,
            "v1",
            "pods",
            facts.Pod,
            namespaces=namespaces,
            label_selector=names.EXECUTION_UID,
            on_change=self._pod_changed,
            index=lambda pod: (_of_job(pod.metadata.namespace, pod.job.uid),) if pod.job is not None else (),
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.jobs.run())
            group.create_task(self.pods.run())

    async def wait_until_synced(self) -> None:
        """Raises Unavailable."""
        await _all_set(self.jobs.synced, self.pods.synced, "could not be listed yet")

    async def wait_until_current(self) -> None:
        """After a watch was cut, etcd may have been restored: tasks would be judged by pods that never existed. Raises
        Unavailable."""
        await _all_set(
            self.jobs.following, self.pods.following, "cannot be looked at: a watch of them is cut off"
        )

    def newest(self, job: facts.Job) -> facts.Job | None:
        """This very Job as it was seen last; None if it is not there, whoever has its name."""
        known = self.jobs.get(job.metadata.namespace, job.metadata.name)
        return known if known is not None and known.metadata.uid == job.metadata.uid else None

    def pods_of(self, job: facts.Job, listed: Iterable[facts.Pod] | None = None) -> list[facts.Pod]:
        """All that Kubernetes counts for it. ``listed``: the server's latest answer, instead of what the watch reported."""
        uid = job.metadata.uid
        found = self.pods.by_index(_of_job(job.metadata.namespace, uid)) if listed is None else listed
        return [pod for pod in found if pod.job is not None and pod.job.uid == uid]

    def own_pods_of(self, job: facts.Job) -> list[facts.Pod]:
        """Those that it created."""
        return self.told_apart(job, self.pods_of(job))[0]

    def told_apart(
        self, job: facts.Job, pods: Iterable[facts.Pod]
    ) -> tuple[list[facts.Pod], list[facts.Pod]]:
        """Those that it created, and those that were given to it."""
        return self._adopted.told_apart(job, pods)

    def forget(self, pods: Iterable[facts.Pod]) -> None:
        """They are gone, and nobody needs to know any more whose they were."""
        for pod in pods:
            self._adopted.forget(pod)

    def _pod_changed(self, old: facts.Pod | None, new: facts.Pod | None) -> None:
        self._adopted.observe(old, new, appears=self.pods.appears)
        self._on_pod(old, new)


async def _all_set(jobs: asyncio.Event, pods: asyncio.Event, otherwise: str) -> None:
    """Raises Unavailable."""
    if jobs.is_set() and pods.is_set():
        return
    try:
        async with asyncio.timeout(SYNC_SECONDS):
            while not (jobs.is_set() and pods.is_set()):
                await jobs.wait()
                await pods.wait()
    except TimeoutError as error:
        raise Unavailable(f"the Jobs and pods there are {otherwise}") from error


def _of_job(namespace: str, job_uid: str) -> str:
    """The index key of a Job's pods. Anybody may name a Job's uid in a pod of another namespace: such a pod
    does not count."""
    return f"{namespace}/{job_uid}"
