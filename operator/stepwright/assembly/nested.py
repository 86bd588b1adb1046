"""Step Functions' own API as tasks in a cluster call it: the operations are those of ``stepwright dev``, what they work on are
the Executions of the cluster, as ``cluster.nested`` has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from stepwright.api.own_calls import OwnCalls, ServiceOf
from stepwright.api.service import Service
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.assembly.access import Unrestricted
from stepwright.catalog import arns, callers
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import (
    CallingTask,
    CallRefused,
    Calls,
    Executions,
    Express,
    Machines,
    MapRuns,
    Versions,
)
from stepwright.catalog.records import Execution
from stepwright.cluster import arns as cluster_arns
from stepwright.cluster.nested.asking import Asking
from stepwright.cluster.nested.children import Children, IsReady
from stepwright.cluster.nested.ends import Ends, Look
from stepwright.cluster.nested.of_task import ExecutionsOfTask, MachinesOfTask, NoMapRuns, NoVersions, call_id
from stepwright.cluster.nested.stopping import Stopping
from stepwright.engine.beside import Beside
from stepwright.engine.ports import Clock, Refused
from stepwright.kube.api import Api
from stepwright.tasks.step_functions.resources import IN_A_CLUSTER

_MACHINE: Final = "StateMachineArn"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_NOT_ASKED: Any = None
"""Of these ports no operation in ``IN_A_CLUSTER`` asks anything."""


def children(
    api: Api, asking: Asking, ends: Ends, look: Look, is_ready: IsReady, namespaces: Sequence[str]
) -> Children:
    return Children(api, asking, Stopping(api, asking, look, namespaces), ends, look, is_ready, namespaces)


def calls(children: Children, asking: Asking, clock: Clock) -> Calls:
    return CallsFromTasks(OwnCalls(_service_of(children, asking, clock), IN_A_CLUSTER.__contains__))


class NoExpress:
    """What ``catalog.ports.Express`` has for starting executions."""

    async def start(self, execution: Execution) -> None:  # noqa: ARG002
        raise Refused(
            "Express executions are not served in a cluster yet: use a state machine of the type Standard"
        )


class CallsFromTasks:
    """Implements ``catalog.ports.Calls``. State machines are named by their ARN, by the one that they had on AWS, or by their
    plain name: the last two are in the namespace of the task's execution."""

    def __init__(self, own: OwnCalls) -> None:
        self._own: Final = own

    def serves(self, operation: str) -> bool:
        return self._own.serves(operation)

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


def _service_of(children: Children, asking: Asking, clock: Clock) -> ServiceOf:
    beside = Beside()

    def of(by: CallingTask) -> Service:
        name = call_id(by)
        caller = callers.of_task(by.ref)
        return Service(
            machines=cast(Machines, MachinesOfTask(children, by)),
            executions=cast(Executions, ExecutionsOfTask(children, asking, by)),
            express=cast(Express, NoExpress()),
            versions=cast(Versions, NoVersions()),
            answers=_NOT_ASKED,
            activities=_NOT_ASKED,
            work=_NOT_ASKED,
            map_runs=cast(MapRuns, NoMapRuns()),
            # The API server decides, about the account of the state machine.
            access=Unrestricted(),
            clock=clock,
            caller=caller,
            place=arns.place_of(by.ref.arn),
            new_id=lambda: name,
            chance=lambda: 0.0,
            new_task_check=_NOT_ASKED,
            installation=_NOT_ASKED,
            beside=beside,
        )

    return of
