"""Shards of distributed Maps: Executions that Stepwright makes itself, beside the one whose Map they are parts of.

A shard is owned by its parent, names it and its task in ``spec.parent``, and begins with a checkpoint instead of an input. So it is
created without one, and left alone by everybody until the parent's operator has written what it begins with. From then on it is an
Execution like any other: carried by whoever owns it, fenced, taken over, and stopped where its task does not wait for it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from stepwright.asl.checkpoint import shards
from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, ShardCounts
from stepwright.catalog.ports import CallingTask, NotBegun, ShardEnd, ShardTask
from stepwright.cluster import stored
from stepwright.cluster.beside import HISTORIES
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.nested.ends import Ends, Look
from stepwright.cluster.nested.parent import Parent
from stepwright.cluster.nested.stored_child import StoredChild
from stepwright.cluster.reading import EXECUTIONS, path_of_execution
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.stored import STARTED, Stored
from stepwright.engine.ports import Clock, Commit, Fenced, Gone, Refused, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound
from stepwright.kube.json_patch import add
from stepwright.kube.paths import path_of

LABEL: Final = "stepwright.dev/map-shard"
"""Of all shards: the uid by which their parents know them."""

_LONGEST_NAME: Final = 200


def object_name(shard: ShardTask) -> str:
    """``order-7.map-43e358d5-1c2d``: nobody can know it before the parent is there."""
    return f"{shard.parent.name[:_LONGEST_NAME].rstrip('.-')}.map-{shard.uid[:13]}"


class ClusterShards:
    """Implements ``catalog.ports.Shards``. ``look``: what the watch of executions has seen of one."""

    def __init__(self, api: Api, journal: ClusterJournal, ends: Ends, look: Look, clock: Clock) -> None:
        self._api: Final = api
        self._journal: Final = journal
        self._ends: Final = ends
        self._look: Final = look
        self._clock: Final = clock

    async def begin(
        self,
        shard: ShardTask,
        scheduled: Millis,
        parts: Mapping[PartId, EncodedPart],
        redrives: int,  # noqa: ARG002 - executions are not redriven here yet
    ) -> None:
        found = await self._created(self._manifest(shard, scheduled, parts), shard)
        if found.seq or found.has_ended:
            return
        commit = Commit(
            # Of an execution there is only one first commit, whoever writes it, and however often.
            commit_id=f"begun-{shard.uid}",
            expected_seq=0,
            now=self._clock.now(),
            started=scheduled,
            parts=parts,
        )
        try:
            await self._journal.begin(found, shard.parent, commit)
        except (Fenced, Gone):
            return  # it was stopped or taken away meanwhile, or has begun and gone on

    async def until_ended(self, shard: ShardTask, progress: Callable[[ShardCounts], None]) -> ShardEnd:
        namespace, name = shard.parent.namespace, object_name(shard)
        with self._ends.of(namespace, name) as changed:
            while True:
                seen = self._look(namespace, name)
                if seen is not None and seen.counts is not None:
                    progress(seen.counts)
                if seen is None or seen.has_ended or not seen.has_begun:
                    found = await self._read(shard)
                    if found is None:
                        return ShardEnd("ABORTED")
                    if found.has_ended:
                        return await self._end(found)
                    if not found.status.seq:
                        raise NotBegun
                await changed.wait()
                changed.clear()

    async def stop(self, shard: ShardTask) -> None:
        found = await self._read(shard)
        if found is None or found.has_ended or found.stop_is_asked_for:
            return
        patch = [{"op": "test", "path": "/metadata/uid", "value": found.metadata.uid}, add("/spec/stop", {})]
        try:
            await self._api.change(self._path(shard), patch)
        except NotFound:
            return
        except ApiError as error:
            raise Unavailable(f"cannot stop {found.metadata.name} now: {error}") from error

    async def forget(self, shard: ShardTask) -> None:
        namespace, name = shard.parent.namespace, object_name(shard)
        with self._ends.of(namespace, name) as changed:
            # What has settled leaves the watch: until then something of it may have to be stopped.
            while self._look(namespace, name) is not None:
                await changed.wait()
                changed.clear()
        found = await self._read(shard)
        if found is None:
            return
        options = {"preconditions": {"uid": found.metadata.uid}, "propagationPolicy": "Background"}
        try:
            await self._api.delete(self._path(shard), options)
        except (NotFound, Conflict):
            return
        except ApiError as error:
            raise Unavailable(f"cannot delete {namespace}/{name} now: {error}") from error

    # --- As it is stored --------------------------------------------------------------------------------------------

    async def _created(self, body: Mapping[str, Any], shard: ShardTask) -> Stored:
        """The one that is there, created now or before. Raises Unavailable, Refused."""
        path = path_of(API_VERSION, EXECUTIONS, shard.parent.namespace)
        try:
            return stored.lean(await self._api.request("POST", path, body=msgspec.json.encode(body)))
        except AlreadyExists:
            pass
        except Invalid as error:
            raise Refused(str(error)) from error
        except ApiError as error:
            raise Unavailable(
                f"cannot create {shard.parent.namespace}/{object_name(shard)}: {error}"
            ) from error
        try:
            found = stored.lean(await self._api.request("GET", self._path(shard)))
        except ApiError as error:
            raise Unavailable(str(error)) from error
        if not _is(found.body["spec"], shard):
            raise Refused(
                f"The Execution {found.reference} has the name that a shard of {shard.parent} is to have"
            )
        return found

    async def _read(self, shard: ShardTask) -> StoredChild | None:
        """Raises Unavailable."""
        try:
            found: StoredChild = await self._api.get(self._path(shard), into=StoredChild)
        except NotFound:
            return None
        except ApiError as error:
            raise Unavailable(str(error)) from error
        return found if found.shard == shard.uid else None

    async def _end(self, found: StoredChild) -> ShardEnd:
        status, output = found.status, found.status.output
        if found.payload is not None:
            path = path_of(API_VERSION, HISTORIES, found.metadata.namespace, found.payload)
            try:
                output = (await self._api.get(path, into=_Payload)).payload
            except ApiError as error:
                raise Unavailable(f"cannot read what {found.metadata.name} ended with: {error}") from error
        record = found.record(output)
        return ShardEnd(
            record.status, None if output is None else JsonText(output), status.error, status.cause
        )

    def _path(self, shard: ShardTask) -> str:
        return path_of_execution(shard.parent.namespace, object_name(shard))

    def _manifest(
        self, shard: ShardTask, scheduled: Millis, parts: Mapping[PartId, EncodedPart]
    ) -> dict[str, Any]:
        parent, items = shard.parent, shards.range_of(parts)
        seen = self._look(parent.namespace, parent.name)
        depth = 1 if seen is None or seen.parent is None else seen.parent.depth
        said = Parent.of(CallingTask(parent, shard.task, scheduled, waits=True), depth)
        owner = {"apiVersion": API_VERSION, "kind": "Execution", "name": parent.name, "uid": parent.uid}
        return {
            "apiVersion": API_VERSION,
            "kind": "Execution",
            "metadata": {
                "name": object_name(shard),
                "namespace": parent.namespace,
                "labels": {**said.labels(), LABEL: shard.uid},
                # A version that knows no shards takes it for a copy that was restored, and leaves it alone.
                "annotations": {STARTED: shard.uid},
                "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": False}],
            },
            "spec": {
                "stateMachineRef": {"name": parent.state_machine},
                "name": parent.arn.rpartition(":")[2],
                "parent": said.as_spec(),
                "mapShard": {
                    "uid": shard.uid,
                    "mapRun": items.map_run,
                    "first": items.first,
                    "count": items.count,
                },
                # Where its Map does not ask for its end any more.
                "ttlSecondsAfterFinished": 0,
            },
        }


def _is(spec: Mapping[str, Any], shard: ShardTask) -> bool:
    said: str | None = (spec.get("mapShard") or {}).get("uid")
    return said == shard.uid


class _Payload(msgspec.Struct, frozen=True):
    payload: str
