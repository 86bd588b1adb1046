"""The requests that a task makes to the API server, each as the account that the state machine names.

A task needs few writes: one create, later one patch that releases the Job. Each is made as the state
machine's ServiceAccount if it has one, and only while its execution may be acted upon here. Only cleaning up falls back to
Stepwright's own account if that account's rights were taken away meanwhile: a Job that Stepwright started must not run on
because of that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict, Forbidden, Invalid, NotFound
from stepwright.kube.paths import path_of
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.job import facts, names, refusals
from stepwright.tasks.job.manifest import Manifest

log = structlog.get_logger(__name__)

BATCH = "batch/v1"

# Unknown fields are refused with their names instead of being dropped silently.
_STRICT = {"fieldValidation": "Strict"}


class Calls:
    """``api``: as Stepwright's own account, for reading what tasks have made."""

    def __init__(self, api: Api, accounts: Accounts) -> None:
        self._api = api
        self._accounts = accounts

    async def create(self, ref: ExecutionRef, manifest: Manifest) -> facts.Job | None:
        """None: a Job of that name is there already. Raises StateError, Unavailable."""
        api, account = self._accounts.of(ref)
        try:
            job: facts.Job = await api.create(
                path_of(BATCH, "jobs", ref.namespace), manifest.job, _STRICT, into=facts.Job
            )
        except AlreadyExists:
            return None
        except ApiError as error:
            raise refusals.as_failure(error, ref, "create", "jobs", account) from error
        return job

    async def is_as_made(self, ref: ExecutionRef, manifest: Manifest, job_uid: str) -> bool:
        """Whether the Job of that name and uid runs what the manifest says. Raises StateError, Unavailable.

        The API server is asked, in a dry run, to replace the Job's pod template with the manifest's. A
        template cannot be changed, so the server agrees only if both are the same after defaults and mutating
        webhooks, which it knows best.
        """
        api, account = self._accounts.of(ref)
        body = [{"op": "replace", "path": "/spec/template", "value": manifest.template_of(job_uid)}]
        path = path_of(BATCH, "jobs", ref.namespace, manifest.name)
        try:
            await api.patch(path, body, params={"dryRun": "All"}, into=facts.Job)
        except (Invalid, NotFound) as error:
            now = await self.find(ref, manifest.name)
            if now is None or now.metadata.uid != job_uid:
                raise Unavailable(f"Job {ref.namespace}/{manifest.name} was there and is gone") from error
            return False
        except ApiError as error:
            raise refusals.as_failure(error, ref, "patch", "jobs", account) from error
        return True

    async def create_input(self, ref: ExecutionRef, manifest: Manifest, job_uid: str) -> None:
        """The Secret with a large input, if there is one and it is not there yet. Raises StateError, Unavailable."""
        secret = manifest.secret(job_uid)
        if secret is None:
            return
        api, account = self._accounts.of(ref)
        try:
            await api.create(path_of("v1", "secrets", ref.namespace), secret)
        except AlreadyExists:
            return
        except ApiError as error:
            raise refusals.as_failure(error, ref, "create", "secrets", account) from error

    async def find(self, ref: ExecutionRef, name: str) -> facts.Job | None:
        """Raises Unavailable."""
        try:
            job: facts.Job = await self._api.get(path_of(BATCH, "jobs", ref.namespace, name), into=facts.Job)
        except NotFound:
            return None
        except ApiError as error:
            raise Unavailable(f"cannot read Job {ref.namespace}/{name}: {error}") from error
        return job

    async def is_settled(self, namespace: str, name: str, uid: str) -> bool:
        """Whether that execution is settled or gone: then what it owned is deleted with it, unless it was
        deleted with ``--cascade=orphan``. Raises Unavailable."""
        try:
            found: facts.Execution = await self._api.get(
                path_of(names.EXECUTIONS_API_VERSION, "executions", namespace, name), into=facts.Execution
            )
        except NotFound:
            return True
        except ApiError as error:
            raise Unavailable(f"cannot read Execution {namespace}/{name}: {error}") from error
        return found.metadata.uid != uid or found.status.settled

    async def pods_of(self, ref: ExecutionRef, job_uid: str) -> list[facts.Pod]:
        """All pods that the Job may count as its own, marked as a task's or not. Raises Unavailable."""
        labels = f"batch.kubernetes.io/controller-uid={job_uid}"
        return await self._list(path_of("v1", "pods", ref.namespace), {"labelSelector": labels}, facts.Pod)

    async def creation_troubles(self, namespace: str, job_uid: str) -> list[str]:
        """What the Job controller says about pods it could not create, newest last; empty if it may not be
        read."""
        selector = {"fieldSelector": f"involvedObject.uid={job_uid},reason=FailedCreate"}
        try:
            listed = await self._api.get(path_of("v1", "events", namespace), selector)
        except ApiError as error:
            log.info("events of a Job cannot be read", error=str(error))
            return []
        items = sorted(listed.get("items") or [], key=lambda event: str(event.get("lastTimestamp") or ""))
        return [str(event.get("message") or "") for event in items]

    async def all_creation_troubles(self, namespace: str) -> dict[str, str]:
        """The same for all Jobs of a namespace, the newest of each, by the Job's uid."""
        selector = {"fieldSelector": "involvedObject.kind=Job,reason=FailedCreate"}
        try:
            listed = await self._api.get(path_of("v1", "events", namespace), selector)
        except ApiError as error:
            log.info("events of Jobs cannot be read", error=str(error))
            return {}
        items = sorted(listed.get("items") or [], key=lambda event: str(event.get("lastTimestamp") or ""))
        return {
            str((event.get("involvedObject") or {}).get("uid")): str(event.get("message") or "")
            for event in items
        }

    async def release(
        self, ref: ExecutionRef, name: str, task_name: str, uid: str | None, ttl_seconds: int
    ) -> None:
        """Have the Job deleted ``ttl_seconds`` after its end; if its ``uid`` is known, only that one, not one
        created for its task after a restore. Raises Unavailable.

        Whoever has seen it finish does this, also for an execution that is another's by now: that one would have to find out
        first that the Job's task has ended.
        """
        await self._patch(ref, name, _released(task_name, uid, ttl_seconds), whoever_carries=True)

    async def end(self, ref: ExecutionRef, job: facts.Job, ttl_seconds: int) -> bool:
        """``release`` it, and end what runs of it. Returns whether that is done; not if the Job has changed since it was
        seen: a restore may have undone why it was to be ended. Raises Unavailable.

        With its deadline passed, its controller deletes its pods and creates no more, while the Job itself stays: a
        creation under way still finds its name taken.
        """
        metadata = job.metadata
        unchanged = {"op": "test", "path": "/metadata/resourceVersion", "value": metadata.resourceVersion}
        deadline = {"op": "add", "path": "/spec/activeDeadlineSeconds", "value": facts.ENDED_SECONDS}
        patch = _released(metadata.annotations.task_name, metadata.uid, ttl_seconds)
        return await self._patch(ref, metadata.name, [unchanged, *patch, deadline])

    async def _patch(
        self, ref: ExecutionRef, name: str, body: list[dict[str, Any]], *, whoever_carries: bool = False
    ) -> bool:
        path = path_of(BATCH, "jobs", ref.namespace, name)
        return await self._clear_away(
            ref,
            name,
            lambda api: api.change(path, body),
            whoever_carries=whoever_carries,
        )

    async def delete(self, ref: ExecutionRef, name: str, uid: str) -> None:
        """End the Job and its pods. Raises Unavailable.

        Background deletion: the Job is gone at once, so its controller creates no more pods, and the garbage
        collector deletes those that are left.
        """
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        path = path_of(BATCH, "jobs", ref.namespace, name)
        await self._clear_away(ref, name, lambda api: api.delete(path, body))

    async def _clear_away(
        self,
        ref: ExecutionRef,
        name: str,
        request: Callable[[Api], Awaitable[Any]],
        *,
        whoever_carries: bool = False,
    ) -> bool:
        """Returns False if another object has that name, or it is another one than the request is for."""
        accounts = self._accounts
        api, account = accounts.whoever_carries(ref) if whoever_carries else accounts.of(ref)
        try:
            try:
                await request(api)
            except Forbidden:
                if account is None:
                    raise
                log.warning(
                    "account may not clear away its Job", account=account, namespace=ref.namespace, job=name
                )
                await request(self._api if whoever_carries else accounts.own(ref))
        except (NotFound, Conflict, Invalid) as error:
            log.debug("nothing to clear away", namespace=ref.namespace, job=name, reason=error.reason)
            return isinstance(error, NotFound)
        except ApiError as error:
            raise Unavailable(f"cannot clear away Job {ref.namespace}/{name}: {error}") from error
        return True

    async def _list(self, path: str, params: dict[str, str], into: Any) -> list[Any]:
        try:
            found = await self._api.get(path, params, into=facts.List[into])
        except ApiError as error:
            raise Unavailable(f"cannot list {path}: {error}") from error
        return list(found.items)


def _released(task_name: str, uid: str | None, ttl_seconds: int) -> list[dict[str, Any]]:
    """A patch of the task's Job."""
    annotation = "/metadata/annotations/" + names.TASK_NAME.replace("/", "~1")
    whose = [] if uid is None else [{"op": "test", "path": "/metadata/uid", "value": uid}]
    return [
        *whose,
        {"op": "test", "path": annotation, "value": task_name},
        {"op": "add", "path": "/spec/ttlSecondsAfterFinished", "value": ttl_seconds},
    ]
