"""Map Runs of the AWS API, as the status of their Executions has them: the newest of each, with the writes that are made anyway.
Other bounds are asked for in the spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from stepwright.asl.signals import UpdateMapRun
from stepwright.asl.step import MapRunStatus, Status
from stepwright.catalog import arns
from stepwright.catalog.ports import Cursor, Page
from stepwright.catalog.records import Execution
from stepwright.cluster.catalog.asking import Asking, refusal
from stepwright.cluster.catalog.finding import Finding, Named
from stepwright.cluster.catalog.stored_execution import StoredExecution
from stepwright.cluster.execution_index import ExecutionIndex
from stepwright.cluster.map_bounds import MapRunBounds
from stepwright.cluster.places import Places
from stepwright.cluster.reading import path_of_execution
from stepwright.engine.ports import Refused, Unavailable
from stepwright.kube.api import JSON_PATCH
from stepwright.kube.api_errors import ApiError, Conflict, Invalid, NotFound
from stepwright.kube.json_patch import Operation, add

_ATTEMPTS: Final = 5


class MapRuns:
    """Implements ``catalog.ports.MapRuns``, for somebody who has the right to what is asked."""

    def __init__(self, asking: Asking, places: Places, index: ExecutionIndex) -> None:
        self._asking: Final = asking
        self._finding: Final = Finding(asking, places)
        self._places: Final = places
        self._index: Final = index

    async def map_run(self, arn: str) -> MapRunStatus | None:
        of = await self._whose(arn)
        found = None if of is None else await self._finding.find(of)
        if of is None or found is None:
            return None
        return next((run for run in _runs(of, found) if _id(run.arn) == _id(arn)), None)

    async def map_runs(self, execution_arn: str, after: Cursor | None, limit: int) -> Page[MapRunStatus]:
        named = self._finding.named(execution_arn)
        found = None if named is None else await self._finding.find(named)
        if named is None or found is None:
            return Page([])
        runs = _runs(named, found)
        if after is not None:
            # Where that one is not kept any more, none before it is.
            ids = [_id(run.arn) for run in runs]
            runs = runs[ids.index(after) + 1 :] if after in ids else []
        following = Cursor(_id(runs[limit - 1].arn)) if len(runs) > limit else None
        return Page(runs[:limit], following)

    async def children(
        self,
        map_run_arn: str,  # noqa: ARG002
        status: Status | None,  # noqa: ARG002
        after: Cursor | None,  # noqa: ARG002
        limit: int,  # noqa: ARG002
        *,
        redriven: bool | None = None,  # noqa: ARG002
    ) -> Page[Execution]:
        raise Refused(
            "A cluster keeps no child executions of Map Runs, which may be millions: DescribeMapRun counts them, and a ResultWriter "
            "writes what each has ended with"
        )

    async def update(self, asked: UpdateMapRun) -> bool:
        """The operator gives it these bounds, whoever carries the execution then. Raises Unavailable too if the spec changes all the
        time."""
        for _ in range(_ATTEMPTS):
            of = await self._whose(asked.arn)
            found = None if of is None else await self._finding.find(of)
            if of is None or found is None:
                return False
            execution = found.record(of.place, of.machine)
            open_runs = [run.mapRunArn for run in found.status.mapRuns if run.is_open(execution)]
            arn = next((arn for arn in open_runs if _id(arn) == _id(asked.arn)), None)
            if arn is None:
                return False
            kept = {each.mapRunArn: each for each in found.spec.mapRuns if each.mapRunArn in open_runs}
            kept[arn] = kept.get(arn, MapRunBounds(arn)).changed(asked)
            if await self._ask_for(found, list(kept.values())):
                return True
        raise Unavailable(f"the Execution of {asked.arn} is being changed by others: try again")

    async def _ask_for(self, found: StoredExecution, bounds: Sequence[MapRunBounds]) -> bool:
        """Durable when it returns. False: its spec has changed since it was read."""
        metadata = found.metadata
        patch: list[Operation] = [
            {"op": "test", "path": "/metadata/uid", "value": metadata.uid},
            {"op": "test", "path": "/metadata/generation", "value": metadata.generation},
            add("/spec/mapRuns", msgspec.to_builtins(bounds)),
        ]
        try:
            await self._asking.api.change(
                path_of_execution(metadata.namespace, metadata.name), patch, JSON_PATCH
            )
        except (Invalid, Conflict, NotFound):
            return False
        except ApiError as error:
            raise refusal(error) from error
        return True

    async def _whose(self, arn: str) -> Named | None:
        """The execution that it is of. The state machine is called as it is in ``arn``."""
        spot = self._places.find(arn)
        place = None if spot is None else self._places.of(spot.namespace)
        if spot is None or place is None or spot.kind != "mapRun" or len(spot.names) != 2:
            return None
        machine, label = arns.unlabelled(spot.names[0])
        if label is None:
            return None
        row = await self._index.of_map_run(place.state_machine(machine), spot.names[1])
        return None if row is None else Named(place, spot.namespace, machine, row.name)


def _runs(named: Named, found: StoredExecution) -> list[MapRunStatus]:
    """The newest first."""
    of = found.record(named.place, named.machine)
    return [run.record(named.place, of, found.spec.mapRuns) for run in reversed(found.status.mapRuns)]


def _id(arn: str) -> str:
    return arn.rpartition(":")[2]
