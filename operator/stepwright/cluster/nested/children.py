"""Starts, reads and stops executions for tasks, each time as the account of the task's state machine.

Nothing is done with the operator's own rights but to look for what a task has started, by labels that only such accounts can
have given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import structlog

from stepwright.asl.signals import Millis
from stepwright.catalog.ports import CallingTask, LimitReached, NameTaken, NotAllowed
from stepwright.catalog.records import Execution, StateMachine
from stepwright.catalog.records import Revision as CatalogRevision
from stepwright.cluster import arns
from stepwright.cluster.beside import HISTORIES, payload_name
from stepwright.cluster.nested import refusals
from stepwright.cluster.nested.ends import Ends, Glance
from stepwright.cluster.nested.names import candidates, object_name
from stepwright.cluster.nested.parent import DEEPEST, Parent, selector
from stepwright.cluster.nested.stored_child import STARTED_BY, STOPPED_BY, StoredChild
from stepwright.cluster.reading import EXECUTIONS, path_of_execution
from stepwright.cluster.resources import API_VERSION
from stepwright.engine import payloads
from stepwright.engine.ports import ExecutionRef, Refused, StopRequest, Unavailable
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, Invalid, NotFound
from stepwright.kube.json_patch import Operation, add
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

Accounts: TypeAlias = Callable[[ExecutionRef], tuple[Api, str | None]]
"""The API as an execution may use it, and as which ServiceAccount of its namespace; None: as Stepwright itself."""

Look: TypeAlias = Callable[[str, str], Glance | None]
"""What the watch of executions has seen of one, by its namespace and name. None: nothing, or it has settled."""

IsReady: TypeAlias = Callable[[str, str], bool]
"""Whether executions of a state machine can start, by its namespace and name; not if that is not known."""


_LONG_AGO: Final = Millis(0)
"""Nobody asks when a state machine was created."""


class Named(NamedTuple):
    """An execution by its ARN."""

    namespace: str
    machine: str
    name: str


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


class _Item(msgspec.Struct, frozen=True):
    metadata: _ItemMetadata
    spec: _ItemSpec


class _ItemMetadata(msgspec.Struct, frozen=True):
    namespace: str
    name: str


class _ItemSpec(msgspec.Struct, frozen=True):
    parent: Parent | None = None


class Children:
    """``api``: Stepwright's own. ``namespaces``: those that are served; all if there are none."""

    def __init__(
        self,
        api: Api,
        accounts: Accounts,
        ends: Ends,
        look: Look,
        is_ready: IsReady,
        namespaces: Sequence[str] = (),
    ) -> None:
        self._api: Final = api
        self._accounts: Final = accounts
        self._ends: Final = ends
        self._look: Final = look
        self._is_ready: Final = is_ready
        self._namespaces: Final = tuple(namespaces)

    # --- Starting -----------------------------------------------------------------------------------------------

    async def machine(self, by: CallingTask, namespace: str, name: str) -> StateMachine | None:
        """Of one that executions start of this is known without a request, where it is in the task's own namespace. Raises
        NotAllowed, Unavailable."""
        _, account = self._as(by)
        if self._namespaces and namespace not in self._namespaces:
            raise NotAllowed(f"This installation of Stepwright does not serve the namespace {namespace}")
        if namespace == by.ref.namespace and self._is_ready(namespace, name):
            return _machine(namespace, name, account)
        path = path_of(API_VERSION, "statemachines", namespace, name)
        found = await self._get(by, path, f"get statemachines in namespace {namespace}", _StoredMachine)
        if found is None:
            return None
        deleting = found.metadata.deletionTimestamp is not None
        return _machine(namespace, name, account, express=found.spec.type == "Express", deleting=deleting)

    async def start(self, by: CallingTask, execution: Execution, named: Named) -> Execution:
        """The one that is stored: with the uid of ``execution`` if the task has started it, now or before. Raises
        NameTaken, NotAllowed, LimitReached, Refused, Unavailable."""
        api, account = self._as(by)
        there = await self._there_before(by, execution, named)
        if there is not None:
            return there
        body = self._manifest(by, await self._depth(by.ref) + 1, account, execution, named)
        try:
            created = await api.create(
                path_of(API_VERSION, EXECUTIONS, named.namespace), body, into=StoredChild
            )
        except AlreadyExists:
            return await self._there(by, execution, named)
        except ApiError as error:
            raise self._refusal(error, by, f"create executions in namespace {named.namespace}") from error
        return _with_uid(created.record(None), execution)

    async def _there_before(self, by: CallingTask, execution: Execution, named: Named) -> Execution | None:
        """An execution of this name, whoever has created it, and however its object is called.

        Of a task that waits this is looked for in any case: an account that may not read what it starts would learn of no
        end. Without a name that somebody has chosen there can be no other.
        """
        if named.name == execution.uid and not by.waits:
            return None
        found = await self._named(by, named)
        return None if found is None else self._taken(by, found, execution)

    async def _there(self, by: CallingTask, execution: Execution, named: Named) -> Execution:
        name = object_name(named.machine, named.name)
        found = await self._child(by, named.namespace, name)
        if found is None:
            raise Unavailable(f"Execution {named.namespace}/{name} was there and is gone")
        if found.arn != _arn(named):
            raise Refused(f"The Execution {named.namespace}/{name} has the name that the new one is to have")
        return self._taken(by, found, execution)

    def _taken(self, by: CallingTask, found: StoredChild, execution: Execution) -> Execution:
        """What is there already. Raises NameTaken: what a task waits for it has started itself, or others could give it the
        output."""
        if self._is_own(found, by):
            return _with_uid(found.record(None), execution)
        if by.waits:
            raise NameTaken(found.arn)
        return found.record(None)

    def _is_own(self, found: StoredChild, by: CallingTask) -> bool:
        """Whether the task has started it: nobody else could have said so as its account."""
        parent, (_, account) = found.spec.parent, self._as(by)
        return parent is not None and parent.is_of(by) and found.started_by == _user(by.ref, account)

    def _manifest(
        self, by: CallingTask, depth: int, account: str, execution: Execution, named: Named
    ) -> dict[str, Any]:
        if depth > DEEPEST:
            raise LimitReached(
                f"{DEEPEST} executions have started one another, one the next: no further one is started by them"
            )
        parent, name = Parent.of(by, depth), object_name(named.machine, named.name)
        metadata = {
            "name": name,
            "namespace": named.namespace,
            "labels": parent.labels(),
            "annotations": {STARTED_BY: _user(by.ref, account)},
        }
        spec = {
            "stateMachineRef": {"name": named.machine},
            "name": named.name,
            "inputJson": execution.input,
            "parent": parent.as_spec(),
        }
        return {"apiVersion": API_VERSION, "kind": "Execution", "metadata": metadata, "spec": spec}

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
            raise _for_now(error, by) from error

    async def _named(self, by: CallingTask, named: Named) -> StoredChild | None:
        for name in candidates(named.machine, named.name):
            found = await self._child(by, named.namespace, name)
            if found is not None and found.arn == _arn(named):
                return found
        return None

    async def _output(self, by: CallingTask, found: StoredChild) -> str | None:
        name, namespace = found.payload, found.metadata.namespace
        if name is None:
            return found.status.output
        doing = f"get executionhistories in namespace {namespace}"
        history: _Payload | None = await self._get(
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
                while (found := await self._child(by, named.namespace, name)) is not None:
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
            found = await self._child(by, namespace, name)
        except NotAllowed as error:
            raise _for_now(error, by) from error
        return found is not None and self._is_own(found, by) and not found.has_ended

    # --- Stopping -----------------------------------------------------------------------------------------------

    async def stop(self, by: CallingTask, named: Named, request: StopRequest) -> bool:
        """Ask an execution to stop; durable when it returns. False where it does not run. Raises NotAllowed, Refused,
        Unavailable."""
        found = await self._named(by, named)
        return found is not None and await self._stop(by, found, request)

    async def stop_own(self, by: CallingTask, request: StopRequest) -> bool:
        """The same for what the task has started. Raises Unavailable, also where the account lacks the right, as long as the
        execution runs: it may get it, and the execution may end."""
        stopped = False
        for namespace, name in await self._started(by):
            try:
                found = await self._child(by, namespace, name)
                own = found is not None and self._is_own(found, by)
                if found is not None and own:
                    stopped |= await self._stop(by, found, request)
            except (NotAllowed, Refused) as error:
                seen = self._look(namespace, name)
                if seen is not None and not seen.has_ended:
                    raise Unavailable(str(error)) from error
                log.warning(
                    "what a task has started is not stopped", execution=str(by.ref), reason=str(error)
                )
        return stopped

    async def _stop(self, by: CallingTask, found: StoredChild, request: StopRequest) -> bool:
        if found.has_ended:
            return False
        if found.stop_is_asked_for:
            return True
        api, account = self._as(by)
        metadata = found.metadata
        said = {"error": request.error, "cause": request.cause}
        patch: list[Operation] = [
            {"op": "test", "path": "/metadata/uid", "value": metadata.uid},
            add("/spec/stop", {name: text for name, text in said.items() if text is not None}),
        ]
        if metadata.annotations:
            mark = STOPPED_BY.replace("/", "~1")
            patch.append(add(f"/metadata/annotations/{mark}", _user(by.ref, account)))
        doing = f"patch executions in namespace {metadata.namespace}"
        try:
            await api.patch(path_of_execution(metadata.namespace, metadata.name), patch, into=msgspec.Raw)
        except NotFound:
            return False
        except Invalid as error:
            # Another one has its name by now, or somebody else has asked it to stop.
            raise Unavailable(f"cannot {doing} now: {error}") from error
        except ApiError as error:
            raise self._refusal(error, by, doing) from error
        return True

    async def _started(self, by: CallingTask) -> list[tuple[str, str]]:
        """Namespaces and names of what is labelled as the task's. It may have been created a moment ago, by a process that is
        gone: so the API server is asked, not the watch."""
        own = by.ref.namespace
        found = await self._labelled(by, own)
        # It is elsewhere in few cases, and then nothing is here.
        return found or [
            each
            for namespace in (self._namespaces or (None,))
            for each in await self._labelled(by, namespace)
        ]

    async def _labelled(self, by: CallingTask, namespace: str | None) -> list[tuple[str, str]]:
        try:
            items, _ = await lists.whole(
                self._api, path_of(API_VERSION, EXECUTIONS, namespace), {"labelSelector": selector(by)}
            )
        except ApiError as error:
            raise Unavailable(f"cannot look for what a task has started: {error}") from error
        read = (msgspec.json.decode(item, type=_Item) for item in items)
        return [
            (each.metadata.namespace, each.metadata.name)
            for each in read
            if each.spec.parent is not None and each.spec.parent.is_of(by)
        ]

    # --- As whom ------------------------------------------------------------------------------------------------

    def _as(self, by: CallingTask) -> tuple[Api, str]:
        """Raises NotAllowed."""
        api, account = self._accounts(by.ref)
        if account is None:
            raise NotAllowed(
                f"The state machine {by.ref.state_machine!r} names no account: only with spec.serviceAccountName can its "
                "tasks start, read and stop executions"
            )
        return api, account

    def _refusal(self, error: ApiError, by: CallingTask, doing: str) -> Exception:
        _, account = self._as(by)
        return refusals.of(error, by.ref, account, doing)

    async def _child(self, by: CallingTask, namespace: str, name: str) -> StoredChild | None:
        path = path_of_execution(namespace, name)
        found: StoredChild | None = await self._get(
            by, path, f"get executions in namespace {namespace}", StoredChild
        )
        return found

    async def _get(self, by: CallingTask, path: str, doing: str, into: Any) -> Any:
        """None if it is not there."""
        api, _ = self._as(by)
        try:
            return await api.get(path, into=into)
        except NotFound:
            return None
        except ApiError as error:
            raise self._refusal(error, by, doing) from error


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


def _for_now(error: NotAllowed, by: CallingTask) -> Exception:
    """What a task waits for runs, and could be read when it began: the right may come back."""
    return Unavailable(str(error)) if by.waits else error


def _user(ref: ExecutionRef, account: str) -> str:
    return f"system:serviceaccount:{ref.namespace}:{account}"


def _with_uid(found: Execution, execution: Execution) -> Execution:
    return msgspec.structs.replace(found, uid=execution.uid)
