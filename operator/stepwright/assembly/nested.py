"""Step Functions' own API as tasks in a cluster call it: the operations are those of ``stepwright dev``, what they work on are
the Executions of the cluster, as ``cluster.nested`` has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from stepwright.api.operations.executions import CALLED_IN_A_CLUSTER
from stepwright.api.own_calls import OwnCalls
from stepwright.api.service import ForExecutions
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.assembly.access import Unrestricted
from stepwright.catalog import arns, callers
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import CallingTask, CallRefused, Calls
from stepwright.cluster import arns as cluster_arns
from stepwright.cluster.nested.asking import Asking
from stepwright.cluster.nested.children import Children, IsReady
from stepwright.cluster.nested.ends import Ends, Look
from stepwright.cluster.nested.of_task import ExecutionsOfTask, MachinesOfTask, call_id
from stepwright.cluster.nested.stopping import Stopping
from stepwright.engine.beside import Beside
from stepwright.engine.ports import Clock
from stepwright.kube.api import Api
from stepwright.tasks.step_functions.resources import IN_A_CLUSTER

_MACHINE: Final = "StateMachineArn"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def children(
    api: Api, asking: Asking, ends: Ends, look: Look, is_ready: IsReady, namespaces: Sequence[str]
) -> Children:
    return Children(api, asking, Stopping(api, asking, look, namespaces), ends, look, is_ready, namespaces)


def calls(children: Children, asking: Asking, clock: Clock) -> Calls:
    return CallsFromTasks(OwnCalls(CALLED_IN_A_CLUSTER, _basis_of(children, asking, clock)))


class CallsFromTasks:
    """Implements ``catalog.ports.Calls``. State machines are named by their ARN, by the one that they had on AWS, or by their
    plain name: the last two are in the namespace of the task's execution."""

    def __init__(self, own: OwnCalls[ForExecutions]) -> None:
        self._own: Final = own

    def serves(self, operation: str) -> bool:
        return operation in IN_A_CLUSTER

    async def call(
        self,
        operation: str,
        parameters: Json,
        *,
        by: CallingTask,
        caller: Caller,
        moment: Callable[[Millis], Json],
    ) -> dict[str, Json]:
        if caller != callers.of_task(by.ref):
            raise CallRefused(
                "AccessDeniedException",
                f"{caller.role_arn} cannot be assumed in a cluster: a state machine acts as the ServiceAccount that it names in "
                "serviceAccountName, and its tasks have no Credentials of their own",
                400,
            )
        given = _with_arn(parameters, by.ref.namespace)
        return await self._own.call(operation, given, by=by, caller=caller, moment=moment)

    async def is_express(self, arn: str, by: CallingTask) -> bool:
        found = arns.parse(_arn(arn, by.ref.namespace))
        if found is None or found.kind != "stateMachine":
            return False  # what it is instead is said by the call
        return await self._own.is_express(_arn(arn, by.ref.namespace), by)

    async def until_ended(self, arn: str, by: CallingTask) -> None:
        await self._own.until_ended(arn, by)

    async def stop(self, by: CallingTask) -> None:
        await self._own.stop(by)


def _with_arn(parameters: Json, namespace: str) -> Json:
    arn = parameters.get(_MACHINE) if isinstance(parameters, Mapping) else None
    if not isinstance(parameters, dict) or not isinstance(arn, str):
        return parameters
    return {**parameters, _MACHINE: _arn(arn, namespace)}


def _arn(text: str, namespace: str) -> str:
    """The ARN in the cluster of what is named like this; what names nothing is left for the API to refuse."""
    if _NAME.fullmatch(text):
        return cluster_arns.state_machine(namespace, text)
    found = arns.parse(text)
    if found is None or found.kind != "stateMachine" or found.region == cluster_arns.REGION:
        return text
    return cluster_arns.state_machine(namespace, ":".join(found.names))


def _basis_of(children: Children, asking: Asking, clock: Clock) -> Callable[[CallingTask], ForExecutions]:
    beside = Beside()

    def of(by: CallingTask) -> ForExecutions:
        name = call_id(by)
        return ForExecutions(
            machines=MachinesOfTask(children, by),
            executions=ExecutionsOfTask(children, asking, by),
            express=None,
            versions=None,
            map_runs=None,  # those of a cluster have no ARNs that a task could know
            # The API server decides, about the account of the state machine.
            access=Unrestricted(),
            clock=clock,
            caller=callers.of_task(by.ref),
            place=arns.place_of(by.ref.arn),
            new_id=lambda: name,
            chance=lambda: 0.0,
            beside=beside,
            where=" in a cluster",
        )

    return of
