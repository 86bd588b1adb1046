"""Executions of the AWS API: Execution objects, created and asked to stop for somebody who may."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any, Final

import msgspec
from msgspec import structs

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, RedriveFrom
from stepwright.asl.step import HistoryEvent, Status
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import User
from stepwright.catalog.ports import Cursor, MachineGone, NotRedrivable, Page
from stepwright.catalog.records import Execution, ExecutionRow
from stepwright.cluster.beside import HISTORIES, payload_name
from stepwright.cluster.catalog.asking import Asking, refusal
from stepwright.cluster.catalog.finding import Finding, Named
from stepwright.cluster.catalog.histories import Histories
from stepwright.cluster.catalog.machine_names import machine_object
from stepwright.cluster.catalog.machines import path_of_machine
from stepwright.cluster.catalog.stored_execution import MACHINE, REQUEST, TRACE, StoredExecution
from stepwright.cluster.execution_index import ExecutionIndex
from stepwright.cluster.nested.stored_child import STARTED_BY, STOPPED_BY
from stepwright.cluster.places import Places
from stepwright.cluster.reading import EXECUTIONS, path_of_execution
from stepwright.cluster.resources import API_VERSION
from stepwright.engine import payloads
from stepwright.engine.ports import Gone, Refused, StopRequest, Uid, Unavailable
from stepwright.kube import timestamps
from stepwright.kube.api import JSON_PATCH
from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound, Unreachable
from stepwright.kube.json_patch import Operation, add
from stepwright.kube.paths import path_of

REDRIVEN_BY: Final = "stepwright.dev/redriven-by"
"""Annotation: who has asked for the newest redrive."""
END_SECONDS: Final = 10.0
"""How long StopExecution and RedriveExecution wait for what they have asked for, which the operator records."""

_ATTEMPTS: Final = 3
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What an execution is called that was given no name: nobody has it."""
_LOOKS: Final = (0.05, 0.1, 0.2, 0.4)
"""Seconds between looks at an execution that is to end or to go on; the last one again and again."""


class _MachineMetadata(msgspec.Struct, frozen=True):
    uid: str
    deletionTimestamp: str | None = None  # noqa: N815 - the field's name on the wire


class _Machine(msgspec.Struct, frozen=True):
    metadata: _MachineMetadata


class _Payload(msgspec.Struct, frozen=True):
    payload: str


class _Patience:
    """For what an operator does about an execution. ``waits``: a sentence about what is waited for."""

    def __init__(self, waits: str) -> None:
        self._waits: Final = waits
        self._until: Final = asyncio.get_running_loop().time() + END_SECONDS
        self._looks: Final = iter(_LOOKS)

    async def wait(self) -> None:
        """Until the next look. Raises Unavailable if that has taken too long."""
        if asyncio.get_running_loop().time() > self._until:
            raise Unavailable(f"{self._waits} yet: an operator has to see it. Repeat the request to wait on")
        await asyncio.sleep(next(self._looks, _LOOKS[-1]))


class Executions:
    """What ``catalog.ports.Executions`` has for the API, for one user, who has the right to what is asked."""

    def __init__(
        self,
        asking: Asking,
        places: Places,
        histories: Histories,
        index: ExecutionIndex,
        user: User | None,
    ) -> None:
        self._asking: Final = asking
        self._places: Final = places
        self._finding: Final = Finding(asking, places)
        self._histories: Final = histories
        self._index: Final = index
        self._user: Final = user

    # --- Reading ------------------------------------------------------------------------------------------------

    async def execution(self, arn: str) -> Execution | None:
        named = self._finding.named(arn)
        found = None if named is None else await self._finding.find(named)
        return None if named is None or found is None else await self._record(named, found)

    async def has_machine(self, execution: Execution) -> bool:
        named = self._finding.named(execution.arn)
        found = None if named is None else await self._finding.find(named)
        if named is None or found is None:
            return False
        path = path_of_machine(named.namespace, found.machine)
        machine: _Machine | None = await self._asking.get(path, _Machine)
        if machine is None or machine.metadata.deletionTimestamp is not None:
            return False
        started = found.status.stateMachine
        return started is None or started.uid == machine.metadata.uid

    async def executions(
        self, started_as: str, status: Status | None, after: Cursor | None, limit: int
    ) -> Page[Execution]:
        spot = self._places.find(started_as)
        place = None if spot is None else self._places.of(spot.namespace)
        if spot is None or place is None:
            return Page([])
        machine = place.state_machine(spot.names[0])
        page = self._index.latest(machine, status, after, limit)
        return Page([_listed(row, place, spot.names[0]) for row in page.items], page.next)

    async def events(
        self,
        execution: Execution,
        after: Cursor | None,
        limit: int,
        *,
        newest_first: bool,
        first: int | None = None,
    ) -> Page[HistoryEvent]:
        named = self._finding.named(execution.arn)
        found = None if named is None else await self._finding.find(named)
        if found is None or found.metadata.uid != execution.uid:
            raise Gone(f"{execution.arn} was deleted")
        return await self._histories.events(found, after, limit, newest_first=newest_first, first=first)

    async def _record(self, named: Named, found: StoredExecution) -> Execution:
        output = None
        if (name := found.payload) is not None:
            path = path_of(API_VERSION, HISTORIES, named.namespace, name)
            history: _Payload | None = await self._asking.get(path, _Payload)
            output = None if history is None else history.payload
            if output is None or payload_name(found.metadata.uid, payloads.digest_of(output)) != name:
                raise Refused(f"The output of Execution {named.namespace}/{found.metadata.name} is lost")
        return found.record(named.place, named.machine, output)

    # --- Starting -----------------------------------------------------------------------------------------------

    async def start(self, execution: Execution) -> Execution:
        """What decides between two of one name is the API server's create."""
        named = self._finding.named(execution.arn)
        if named is None:
            raise MachineGone(execution.machine_arn)
        # Somebody may have made one with kubectl, whose object is called otherwise.
        there = None if _UUID.fullmatch(named.name) else await self._finding.find(named)
        for _ in range(_ATTEMPTS):
            if there is not None:
                is_own = there.metadata.annotations.get(REQUEST) == execution.uid
                record = await self._record(named, there)
                return structs.replace(record, uid=execution.uid) if is_own else record
            try:
                created: StoredExecution = await self._asking.api.create(
                    path_of(API_VERSION, EXECUTIONS, named.namespace),
                    self._manifest(execution, named),
                    into=StoredExecution,
                )
                return structs.replace(created.record(named.place, named.machine), uid=execution.uid)
            except AlreadyExists:
                there = await self._taken(named)
            except Unreachable as error:
                if not error.outcome_unknown:
                    raise refusal(error) from error
                there = await self._finding.find(named)  # it may have been created all the same
            except ApiError as error:
                raise refusal(error) from error
        raise Unavailable(f"{execution.arn} is being created and deleted again and again: try again later")

    def _manifest(self, execution: Execution, named: Named) -> dict[str, Any]:
        annotations = {REQUEST: str(execution.uid)}
        if self._user is not None:
            annotations[STARTED_BY] = self._user.name
        if execution.trace_header is not None:
            annotations[TRACE] = execution.trace_header
        machine = machine_object(named.machine)
        if machine != named.machine:
            annotations[MACHINE] = named.machine
        metadata = {"name": named.object, "namespace": named.namespace, "annotations": annotations}
        spec = {
            "stateMachineRef": {"name": machine},
            "name": named.name,
            "inputJson": execution.input,
        }
        return {"apiVersion": API_VERSION, "kind": "Execution", "metadata": metadata, "spec": spec}

    async def _taken(self, named: Named) -> StoredExecution | None:
        """Who has the name that a new one was to have. Raises Refused if that is another one, which somebody has called so."""
        found = await self._finding.find(named)
        if found is not None:
            return found
        path = path_of_execution(named.namespace, named.object)
        if await self._asking.get(path, StoredExecution) is not None:
            raise Refused(
                f"The Execution {named.namespace}/{named.object} has the name that the new one is to have: give another name"
            )
        return None

    # --- Stopping -----------------------------------------------------------------------------------------------

    async def stop(self, execution: Execution, request: StopRequest) -> Millis:
        given = {"error": request.error, "cause": request.cause}
        stop = {name: text for name, text in given.items() if text is not None}
        patience = _Patience(f"{execution.arn} was asked to stop and has not ended")
        while True:
            found = await self._still_there(execution)
            if found.has_ended:
                return timestamps.millis(str(found.status.endTime))
            if not found.stop_is_asked_for:
                await self._ask(found, STOPPED_BY, [add("/spec/stop", stop)])
            await patience.wait()

    # --- Redriving ----------------------------------------------------------------------------------------------

    async def redrive(self, execution: Execution, token: str | None, at: RedriveFrom | None = None) -> Millis:
        """A token is the request's id, so it is made once."""
        request = token or str(uuid.uuid4())
        patience = _Patience(f"{execution.arn} was asked to go on and has not done so")
        while True:
            found = await self._still_there(execution)
            if (known := found.redrive(request)) is not None:
                if known.refused is not None:
                    raise NotRedrivable(known.refused)
                return timestamps.millis(known.time)
            if not found.redrive_is_asked_for:  # by this request or another one
                if not found.has_ended or not found.status.redrivable:
                    raise NotRedrivable
                if found.status.settled:
                    await self._ask(found, REDRIVEN_BY, _redrive(found, request, at))
            await patience.wait()

    # --- What an operator is asked for ----------------------------------------------------------------------------

    async def _still_there(self, execution: Execution) -> StoredExecution:
        """Raises Gone."""
        named = self._finding.named(execution.arn)
        found = None if named is None else await self._finding.find(named)
        if found is None or found.metadata.uid != execution.uid:
            raise Gone(f"{execution.arn} was deleted")
        return found

    async def _ask(self, found: StoredExecution, by: str, asked: list[Operation]) -> None:
        """Durable when it returns, unless it has changed since it was read. ``by``: the annotation of who asks."""
        metadata = found.metadata
        annotations = dict(metadata.annotations)
        if self._user is not None:
            annotations[by] = self._user.name
        patch: list[Operation] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": metadata.resourceVersion},
            add("/metadata/annotations", annotations),
            *asked,
        ]
        try:
            await self._asking.api.change(
                path_of_execution(metadata.namespace, metadata.name), patch, JSON_PATCH
            )
        except (Invalid, Conflict, NotFound):
            pass  # it has changed meanwhile, which the next look shows
        except Unreachable as error:
            if not error.outcome_unknown:
                raise refusal(error) from error
        except ApiError as error:
            raise refusal(error) from error

    # --- What only tasks ask ------------------------------------------------------------------------------------

    async def ask_to_stop(self, uid: Uid, request: StopRequest) -> bool:
        """They have ports of their own (``cluster.nested``)."""
        raise NotImplementedError

    async def until_ended(self, arn: str) -> None:
        """Likewise."""
        raise NotImplementedError


def _redrive(found: StoredExecution, request: str, at: RedriveFrom | None) -> list[Operation]:
    """What stopped it counts no longer."""
    stop: list[Operation] = [{"op": "remove", "path": "/spec/stop"}] if found.stop_is_asked_for else []
    asked = {"requestId": request}
    if at is not None:
        asked["from"] = at.state
        if at.input is not None:
            asked["inputJson"] = at.input
    return [*stop, add("/spec/redrive", asked)]


def _listed(row: ExecutionRow, place: Place, machine: str) -> Execution:
    """``machine``: what its state machine is called where it is asked for. Lists show neither inputs nor outputs."""
    return Execution(
        arn=place.execution(machine, row.name),
        uid=row.uid,
        name=row.name,
        machine_arn=place.state_machine(machine),
        revision_id="",
        status=row.status,
        input=JsonText("{}"),
        started=row.started,
        stopped=row.stopped,
        error=row.error,
        redrives=row.redrives,
        redriven=row.redriven,
    )
