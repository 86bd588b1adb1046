"""Starts, reads and stops executions for tasks, each time as the account of the task's state machine.

Nothing is done with the operator's own rights but to look for what a task has started, by labels that only such accounts can
have given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec

from stepwright.asl.signals import Millis
from stepwright.catalog.ports import CallingTask, NotAllowed
from stepwright.catalog.records import Execution, StateMachine
from stepwright.catalog.records import Revision as CatalogRevision
from stepwright.cluster import arns
from stepwright.cluster.beside import HISTORIES, payload_name
from stepwright.cluster.nested import ownership
from stepwright.cluster.nested.asking import Asking, for_now
from stepwright.cluster.nested.ends import Ends, Look
from stepwright.cluster.nested.names import Named, candidates, object_name
from stepwright.cluster.nested.stopping import Stopping
from stepwright.cluster.nested.stored_child import StoredChild
from stepwright.cluster.reading import EXECUTIONS, path_of_execution
from stepwright.cluster.resources import API_VERSION
from stepwright.engine import payloads
from stepwright.engine.ports import ExecutionRef, Refused, StopRequest, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError
from stepwright.kube.paths import path_of

IsReady: TypeAlias = Callable[[str, str], bool]
"""Whether executions of a state machine can start, by its namespace and name; not if that is not known."""


_LONG_AGO: Final = Millis(0)
"""Nobody asks when a state machine was created."""


class _MachineMetadata(msgspec.Struct, frozen=True):
    uid: str
    deletionTimestamp: str | None = None  # noqa: N815 - the field's name on the wire


class _MachineSpec(msgspec.Struct, frozen=True):
    type: str = "Standard"


class _StoredMachine(msgspec.Struct, frozen=True):
    metadata: _MachineMetadata
    spec: _MachineSpec


class _Payload(msgspec.Struct, frozen=True):
    payload: str


class Children:
    """``api``: Stepwright's own. ``namespaces``: those that are served; all if there are none."""

    def __init__(
        self,
        api: Api,
        asking: Asking,
        stopping: Stopping,
        ends: Ends,
        look: Look,
        is_ready: IsReady,
        namespaces: Sequence[str] = (),
    ) -> None:
        self._api: Final = api
        self._asking: Final = asking
        self._stopping: Final = stopping
        self._ends: Final = ends
        self._look: Final = look
        self._is_ready: Final = is_ready
        self._namespaces: Final = tuple(namespaces)

    # --- Starting -----------------------------------------------------------------------------------------------

    async def machine(self, by: CallingTask, namespace: str, name: str) -> StateMachine | None:
        """For one that executions can start with, this is known without a request if it is in the task's own namespace. Raises
        NotAllowed, Unavailable."""
        _, account = self._asking.account(by)
        if self._namespaces and namespace not in self._namespaces:
            raise NotAllowed(f"This installation of Stepwright does not serve the namespace {namespace}")
        if namespace == by.ref.namespace and self._is_ready(namespace, name):
            return _machine(namespace, name, account)
        path = path_of(API_VERSION, "statemachines", namespace, name)
        found = await self._asking.get(
            by, path, f"get statemachines in namespace {namespace}", _StoredMachine
        )
        if found is None:
            return None
        deleting = found.metadata.deletionTimestamp is not None
        return _machine(namespace, name, account, express=found.spec.type == "Express", deleting=deleting)

    async def start(self, by: CallingTask, execution: Execution, named: Named) -> Execution:
        """The one that is stored: with the uid of ``execution`` if the task has started it, now or before. Raises
        NameTaken, NotAllowed, LimitReached, Refused, Unavailable."""
        api, _ = self._asking.account(by)
        user, namespace = self._asking.user(by), named.namespace
        there = await self._there_before(by, execution, named)
        if there is not None:
            return there
        body = ownership.manifest(by, user, await self._depth(by.ref), execution.input, named)
        try:
            created: StoredChild = await api.create(
                path_of(API_VERSION, EXECUTIONS, namespace), body, into=StoredChild
            )
        except AlreadyExists:
            return await self._there(by, execution, named)
        except ApiError as error:
            raise self._asking.refusal(error, by, f"create executions in namespace {namespace}") from error
        return msgspec.structs.replace(created.record(None), uid=execution.uid)

    async def _there_before(self, by: CallingTask, execution: Execution, named: Named) -> Execution | None:
        """An execution of this name, whoever has created it, and however its object is called.

        For a task that waits, this is looked for in any case: an account that may not read what it starts would never hear of its
        end. Without a name that somebody has chosen there can be no other.
        """
        if named.name == execution.uid and not by.waits:
            return None
        found = await self._named(by, named)
        return None if found is None else ownership.as_started(found, by, self._asking.user(by), execution)

    async def _there(self, by: CallingTask, execution: Execution, named: Named) -> Execution:
        name = object_name(named.machine, named.name)
        found = await self._asking.child(by, named.namespace, name)
        if found is None:
            raise Unavailable(f"Execution {named.namespace}/{name} was there and is gone")
        if found.arn != _arn(named):
            raise Refused(f"The Execution {named.namespace}/{name} has the name that the new one is to have")
        return ownership.as_started(found, by, self._asking.user(by), execution)

    async def _depth(self, ref: ExecutionRef) -> int:
        """How many executions have led to this one. Raises Unavailable."""
        seen = self._look(ref.namespace, ref.name)
        if seen is not None and seen.uid == ref.uid:
            parent = seen.parent
        else:
            try:
                found = await self._api.get(path_of_execution(ref.namespace, ref.name), into=StoredChild)
            except ApiError as error:
                raise Unavailable(f"cannot find out who has started {ref}: {error}") from error
            parent = found.spec.parent
        return 0 if parent is None else parent.depth

    # --- Reading ------------------------------------------------------------------------------------------------

    async def execution(self, by: CallingTask, named: Named) -> Execution | None:
        """For a task that waits only what it has started itself. Raises NotAllowed, Unavailable."""
        try:
            found = await self._named(by, named)
            if found is None or (by.waits and not self._is_own(found, by)):
                return None
            return found.record(await self._output(by, found))
        except NotAllowed as error:
            raise for_now(error, by) from error

    async def _named(self, by: CallingTask, named: Named) -> StoredChild | None:
        for name in candidates(named.machine, named.name):
            found = await self._asking.child(by, named.namespace, name)
            if found is not None and found.arn == _arn(named):
                return found
        return None

    async def _output(self, by: CallingTask, found: StoredChild) -> str | None:
        name, namespace = found.payload, found.metadata.namespace
        if name is None:
            return found.status.output
        doing = f"get executionhistories in namespace {namespace}"
        history: _Payload | None = await self._asking.get(
            by, path_of(API_VERSION, HISTORIES, namespace, name), doing, _Payload
        )
        text = None if history is None else history.payload
        if text is None or payload_name(found.metadata.uid, payloads.digest_of(text)) != name:
            raise Refused(f"The output of Execution {namespace}/{found.metadata.name} is lost")
        return text

    async def until_ended(self, by: CallingTask, named: Named) -> None:
        """Return once the execution that the task has started is over, or is not there. Raises Unavailable."""
        namespace, name = named.namespace, object_name(named.machine, named.name)
        with self._ends.of(namespace, name) as ended:
            while self._is_seen_running(by, namespace, name) or await self._runs(by, namespace, name):
                await ended.wait()
                ended.clear()

    async def end_of(self, by: CallingTask, named: Named) -> Millis:
        """When it ended, which is waited for. Raises NotAllowed, Unavailable."""
        for name in candidates(named.machine, named.name):
            with self._ends.of(named.namespace, name) as ended:
                while (found := await self._asking.child(by, named.namespace, name)) is not None:
                    if found.arn != _arn(named):
                        break
                    if found.ended is not None:
                        return found.ended
                    await ended.wait()
                    ended.clear()
        raise Unavailable(f"Execution {named.namespace}/{named.name} is gone")

    def _is_seen_running(self, by: CallingTask, namespace: str, name: str) -> bool:
        seen = self._look(namespace, name)
        is_own = seen is not None and seen.parent is not None and seen.parent.is_of(by)
        return seen is not None and is_own and not seen.has_ended

    async def _runs(self, by: CallingTask, namespace: str, name: str) -> bool:
        try:
            found = await self._asking.child(by, namespace, name)
        except NotAllowed as error:
            raise for_now(error, by) from error
        return found is not None and self._is_own(found, by) and not found.has_ended

    def _is_own(self, found: StoredChild, by: CallingTask) -> bool:
        return ownership.is_own(found, by, self._asking.user(by))

    # --- Stopping -----------------------------------------------------------------------------------------------

    async def stop(self, by: CallingTask, named: Named, request: StopRequest) -> bool:
        """Ask an execution to stop; durable when it returns. False where it does not run. Raises NotAllowed, Refused,
        Unavailable."""
        found = await self._named(by, named)
        return found is not None and await self._stopping.stop(by, found, request)

    async def stop_own(self, by: CallingTask, request: StopRequest) -> bool:
        """``Stopping.own``."""
        return await self._stopping.own(by, request)


def _machine(
    namespace: str, name: str, account: str, *, express: bool = False, deleting: bool = False
) -> StateMachine:
    return StateMachine(
        arn=arns.state_machine(namespace, name),
        name=name,
        type="EXPRESS" if express else "STANDARD",
        created=_LONG_AGO,
        revision=CatalogRevision("", "", arns.role(namespace, account), _LONG_AGO),
        deleting=deleting,
    )


def _arn(named: Named) -> str:
    return arns.execution(*named)
