"""Shards of distributed Maps: Executions that Stepwright makes itself, beside the one whose Map they are parts of.

A shard is owned by its parent, names it and its task in ``spec.parent``, and begins with a checkpoint instead of an input. So it is
created without one, and left alone by everybody until the parent's operator has written what it begins with. From then on it is an
Execution like any other: carried by whoever owns it, fenced, taken over, and stopped where its task does not wait for it any more.
One that has ended stays while its parent may be redriven, and is redriven with it: the parent's operator asks for that.
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
from stepwright.cluster.map_bounds import MapShardBounds
from stepwright.cluster.nested.ends import Ends, Look
from stepwright.cluster.nested.parent import Parent
from stepwright.cluster.nested.stored_child import StoredChild
from stepwright.cluster.reading import EXECUTIONS, path_of_execution
from stepwright.cluster.redrives import is_asked_for
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.stored import STARTED, Stored
from stepwright.engine.ports import Clock, Commit, Fenced, Gone, Refused, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound
from stepwright.kube.json_patch import Operation, add
from stepwright.kube.paths import path_of

LABEL: Final = "stepwright.dev/map-shard"
"""Of all shards: the uid by which their parents know them."""

REDRIVES: Final = "stepwright.dev/redrives"
"""Annotation of shards: how often their parent had been redriven when they were created. Requests for redrives are these numbers,
too."""

_LONGEST_NAME: Final = 200
_BOUNDS: Final = "/spec/mapShard/bounds"


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
        redrives: int,
    ) -> None:
        bounds = MapShardBounds.of(shards.bounds_of(parts))
        manifest = self._manifest(shard, scheduled, parts, bounds, redrives)
        found = await self._created(manifest, shard)
        if redrives > _redriven(found) and found.phase != "Succeeded":
            await self._redrive(found, shard, bounds, redrives)
            return
        if found.has_ended and not is_asked_for(found):
            return
        await self._bound(found, shard, bounds)
        if found.seq:
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

    async def _redrive(self, found: Stored, shard: ShardTask, bounds: MapShardBounds, redrives: int) -> None:
        """Ask whoever owns it to have it go on, if it has begun at all. Raises Unavailable."""
        if not found.has_ended:
            raise Unavailable(f"{found.name} is being stopped")
        if found.pinned is None:
            await self._delete(found.uid, shard)
            raise Unavailable(f"{found.name} was stopped before it had begun, and begins again")
        patch: list[Operation] = [
            {"op": "test", "path": "/metadata/uid", "value": found.uid},
            {"op": "test", "path": "/metadata/resourceVersion", "value": found.version},
            *([] if found.stop is None else [{"op": "remove", "path": "/spec/stop"}]),
            add("/spec/redrive", {"requestId": str(redrives)}),
            add(_BOUNDS, msgspec.to_builtins(bounds)),
        ]
        try:
            await self._api.change(self._path(shard), patch)
        except ApiError as error:
            raise Unavailable(f"cannot have {found.name} go on now: {error}") from error

    async def _bound(self, found: Stored, shard: ShardTask, bounds: MapShardBounds) -> None:
        """Say with which bounds it goes on, to whoever carries it. Raises Unavailable."""
        known, wanted = found.body["spec"]["mapShard"].get("bounds"), msgspec.to_builtins(bounds)
        if known == wanted:
            return
        patch: list[Operation] = [{"op": "test", "path": "/metadata/uid", "value": found.uid}]
        if known is not None:  # an operator that is no longer its Map's may be late with what it had to say
            patch.append({"op": "test", "path": _BOUNDS, "value": known})
        try:
            await self._api.change(self._path(shard), [*patch, add(_BOUNDS, wanted)])
        except NotFound:
            return
        except ApiError as error:
            raise Unavailable(f"cannot give {found.name} other bounds now: {error}") from error

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
                    if found.is_at_rest:
                        return await self._end(found)
                    if not found.status.seq:
                        raise NotBegun
                await changed.wait()
                changed.clear()

    async def stop(self, shard: ShardTask) -> None:
        found = await self._read(shard)
        if found is None or found.stop_is_asked_for or found.is_at_rest:
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
        if found is not None:
            await self._delete(found.metadata.uid, shard)

    async def _delete(self, uid: str, shard: ShardTask) -> None:
        """Raises Unavailable."""
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._api.delete(self._path(shard), options)
        except (NotFound, Conflict):
            return
        except ApiError as error:
            raise Unavailable(f"cannot delete {object_name(shard)} now: {error}") from error

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
        self,
        shard: ShardTask,
        scheduled: Millis,
        parts: Mapping[PartId, EncodedPart],
        bounds: MapShardBounds,
        redrives: int,
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
                "annotations": {STARTED: shard.uid} | ({REDRIVES: str(redrives)} if redrives else {}),
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
                    "bounds": msgspec.to_builtins(bounds),
                },
                # Where its Map does not ask for its end any more.
                "ttlSecondsAfterFinished": 0,
            },
        }


def _redriven(found: Stored) -> int:
    """How often its parent had been redriven when it was created, or was last asked to go on."""
    said = (found.annotations.get(REDRIVES), None if found.redrive is None else found.redrive.id)
    return max(int(text) if text is not None and text.isdecimal() else 0 for text in said)


def _is(spec: Mapping[str, Any], shard: ShardTask) -> bool:
    said: str | None = (spec.get("mapShard") or {}).get("uid")
    return said == shard.uid


class _Payload(msgspec.Struct, frozen=True):
    payload: str
