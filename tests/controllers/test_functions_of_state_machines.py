"""A StateMachine says in its status which functions nothing stands for, and no longer when something does."""

from __future__ import annotations

import asyncio
from functools import partial
from random import Random
from typing import Any, cast

from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Pointer
from stepwright.asl.resource import Resource, parse
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Function, FunctionName
from stepwright.engine.looking_through import at_once
from stepwright.engine.ports import TaskDriver
from stepwright.tasks import functions
from tests.controllers.machine_controllers import controller
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import run
from tests.on_cluster.kubectl import machine
from tests.simulation.api_server import ApiServer
from tests.simulation.client import SimulatedApi

INVOKE = "arn:aws:states:::lambda:invoke"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


class Names:
    """Implements ``catalog.ports.Functions`` as far as definitions are checked by it."""

    def __init__(self, *there: str) -> None:
        self.there = set(there)

    def known(self, name: FunctionName, namespace: str) -> Function | None:
        raise NotImplementedError

    def lacking(self, name: FunctionName, namespace: str) -> str | None:
        return None if name.name in self.there else f"nothing stands for {name.name} in {namespace}"

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> Function:
        raise NotImplementedError


class Calls:
    def serves(self, resource: Resource) -> bool:
        return functions.serves(resource)


def task(resource: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "End": True, **fields}


def found(resource: str, names: Names, **fields: Any) -> list[tuple[str, str]]:
    state = task(resource, **fields)
    diagnostics = functions.check(names, "shop", parse(resource), state, Pointer("/States/S"))
    return [(each.pointer, each.message) for each in diagnostics]


def test_a_function_that_a_definition_names_is_looked_for() -> None:
    names = Names("there")

    assert found(f"{ARN}gone:prod", names) == [("/States/S/Resource", "nothing stands for gone in shop")]
    assert found("k8s:task/gone", names) == [("/States/S/Resource", "nothing stands for gone in shop")]
    for member in ("Parameters", "Arguments"):
        assert found(INVOKE, names, **{member: {"FunctionName": f"{ARN}gone"}}) == [
            (f"/States/S/{member}/FunctionName", "nothing stands for gone in shop")
        ]


def test_a_function_that_is_named_at_run_time_is_looked_for_then() -> None:
    names = Names()

    assert found(INVOKE, names, Parameters={"FunctionName.$": "$.name"}) == []
    assert found(INVOKE, names, Arguments={"FunctionName": "{% $name %}"}) == []
    assert found(INVOKE, names, Arguments="{% $all %}") == []
    assert found(INVOKE, names) == []
    assert found("k8s:job", names) == []


def test_the_warning_goes_when_a_template_comes_and_comes_when_it_goes() -> None:
    names = Names()
    server = ApiServer(Random(0))

    def said() -> list[str]:
        (body,) = (each for each in server.all("statemachines") if each["metadata"]["name"] == "order")
        status = body["status"]
        assert [each["status"] for each in status["conditions"] if each["type"] == "Ready"] == ["True"]
        return [each["code"] for each in status["diagnostics"]]

    async def main() -> None:
        quiet = Quiet("operator")
        api = SimulatedApi(server, quiet, quiet, lambda *_: None)

        def check_for(_spec: Any, namespace: str) -> Any:
            return partial(functions.check, names, namespace)

        machines = controller(
            api,
            lambda _: True,
            drivers=(cast(TaskDriver, Calls()),),
            check=check_for,
            looked_through=at_once,
        )

        def tell(kind: str, key: tuple[str, str, str], _old: Any, new: Any) -> None:
            if key[0] == "statemachines":
                asyncio.get_running_loop().call_soon(machines.observe, kind, new)

        server.observers.append(tell)
        definition = {"StartAt": "S", "States": {"S": task("k8s:task/charge")}}
        server.create("statemachines", "shop", machine("order", definition))
        server.create(
            "statemachines", "shop", machine("other", {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})
        )
        await asyncio.sleep(5)
        assert said() == ["NO_TASK_TEMPLATE"]
        names.there.add("charge")
        machines.surroundings_changed("elsewhere")
        await asyncio.sleep(5)
        assert said() == ["NO_TASK_TEMPLATE"]
        machines.surroundings_changed("shop")
        await asyncio.sleep(5)
        assert said() == []
        names.there.clear()
        machines.surroundings_changed("shop")
        await asyncio.sleep(5)
        assert said() == ["NO_TASK_TEMPLATE"]
        version = server.version
        machines.surroundings_changed("shop")
        await asyncio.sleep(5)
        assert server.version == version
        await machines.close()

    run(main)


def test_a_finding_is_a_warning() -> None:
    assert all(
        isinstance(each, Diagnostic) and each.severity == "WARNING"
        for each in functions.check(Names(), "shop", parse(f"{ARN}gone"), {}, Pointer(""))
    )
