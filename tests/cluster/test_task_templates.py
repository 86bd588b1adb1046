"""Which TaskTemplate stands for a function, where its calls go, and what its status says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
import pytest

from stepwright.asl.resource import parse
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Function, FunctionJob, FunctionUnfit, NoFunction
from stepwright.cluster import task_templates
from stepwright.cluster.functions import ClusterFunctions
from stepwright.cluster.resources import TaskTemplate
from stepwright.cluster.task_templates import Seen, Service, Template
from stepwright.controllers.task_templates import TaskTemplates
from stepwright.engine.ports import Unavailable
from stepwright.tasks.functions import resources
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import VirtualClock, run
from tests.simulation.api_server import ApiServer
from tests.simulation.client import SimulatedApi

CALLER = Caller("")
CLUSTER_IP = {"type": "ClusterIP", "clusterIP": "10.96.0.7", "ports": [{"port": 8080, "name": "http"}]}


def template(name: str, created: str = "2026-01-01T00:00:00Z", **spec: Any) -> dict[str, Any]:
    body = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "TaskTemplate",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": created},
        "spec": {"http": {"service": {"name": "charge"}}, **spec},
    }
    TaskTemplate.model_validate(body)
    return body


def service(name: str = "charge", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "uid": name}, "spec": {**CLUSTER_IP, **spec}}


def claiming(*names: str, **qualifiers: str) -> dict[str, Any]:
    return {"lambda": {"names": list(names), "qualifiers": qualifiers}}


def seen(*templates: Mapping[str, Any], services: tuple[Mapping[str, Any], ...] = (service(),)) -> Seen:
    read = [msgspec.convert(each, Template) for each in templates]
    found = {each.metadata.name: each for each in read}
    there = {each["metadata"]["name"]: msgspec.convert(each, Service) for each in services}
    return Seen(
        "shop",
        found.get,
        lambda function: [
            each for each in read if each.spec.lambda_ and function in (each.spec.lambda_.names or ())
        ],
        there.get,
    )


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"
TWO = (template("charge"), template("pay", **claiming("PaymentCharge", "charge2", beta="charge")))
STANDS: Mapping[str, tuple[str, str]] = {
    "its own name": ("charge", "charge"),
    "its own name in another spelling": ("Char_ge", "char-ge"),
    "a name that it claims": ("PaymentCharge", "pay"),
    "by ARN": (f"{ARN}PaymentCharge", "pay"),
    "by partial ARN": ("123456789012:function:PaymentCharge", "pay"),
    "by partial ARN with alias": ("function:PaymentCharge:beta", "charge"),
    "an alias that is another template": (f"{ARN}PaymentCharge:beta", "charge"),
    "an alias that is not": (f"{ARN}PaymentCharge:prod", "pay"),
    "a version": ("charge:7", "charge"),
}


@pytest.mark.parametrize(("text", "name"), STANDS.values(), ids=STANDS.keys())
def test_a_function_means_a_template(text: str, name: str) -> None:
    found = task_templates.standing_for(resources.function_name(text), seen(*TWO, template("char-ge")))

    assert found.metadata.name == name


def test_of_two_that_claim_a_function_the_older_one_stands_for_it_and_the_other_says_so() -> None:
    old = template("z", "2026-01-01T00:00:00Z", **claiming("Charge"))
    new = template("a", "2026-01-02T00:00:00Z", **claiming("Charge"))
    there = seen(new, old, template("charge"))

    assert task_templates.standing_for(resources.function_name("Charge"), there).metadata.name == "z"
    reason, detail = task_templates.verdict(msgspec.convert(new, Template), there)
    assert reason.message(detail) == "An older TaskTemplate stands for the same function: z stands for Charge"
    assert task_templates.verdict(msgspec.convert(old, Template), there)[0].name == "Callable"


LACKING = {
    "Pay_Out": (
        "No TaskTemplate in the namespace shop stands for the function Pay_Out. Create one named pay-out, or one that has "
        "Pay_Out among its spec.lambda.names."
    ),
    "Gone:beta": (
        "TaskTemplate gone says that nowhere stands for Gone:beta, and there is no TaskTemplate nowhere in the namespace "
        "shop. Create it."
    ),
}


@pytest.mark.parametrize(("text", "sentence"), LACKING.items(), ids=LACKING.keys())
def test_where_no_template_stands_for_a_function_it_is_said_what_to_make(text: str, sentence: str) -> None:
    there = seen(template("gone", **claiming("Gone", beta="nowhere")))
    with pytest.raises(NoFunction) as lacking:
        task_templates.standing_for(resources.function_name(text), there)

    assert str(lacking.value) == sentence


def test_a_task_names_its_template() -> None:
    there = seen(template("other", **claiming("charge")))
    named = resources.named(parse("k8s:task/charge"))
    assert named is not None
    with pytest.raises(NoFunction) as lacking:
        task_templates.standing_for(named, there)

    assert str(lacking.value) == "There is no TaskTemplate charge in the namespace shop. Create one."


def http(name: str = "charge", port: Any = None, path: str = "/", **fields: Any) -> dict[str, Any]:
    given = {"name": name, "path": path} | ({} if port is None else {"port": port})
    return {"http": {"service": given, **fields}}


TWO_PORTS = {"ports": [{"port": 80, "name": "web"}, {"port": 9000, "name": "rpc"}]}
WHERE: Mapping[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "the one port": (http(), {}, "http://10.96.0.7:8080"),
    "by name": (http(port="rpc"), TWO_PORTS, "http://10.96.0.7:9000"),
    "by number": (http(port=80), TWO_PORTS, "http://10.96.0.7:80"),
    "IPv6": (http(), {"clusterIP": "fd00::7"}, "http://[fd00::7]:8080"),
    "below a path": (http(path="/fn/"), {}, "http://10.96.0.7:8080/fn"),
    "JSON": (http(path="/charge", protocol="json"), {}, "http://10.96.0.7:8080/charge"),
    "a node's port": (http(), {"type": "NodePort"}, "http://10.96.0.7:8080"),
    "two protocols": (
        http(),
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 8080}]},
        "http://10.96.0.7:8080",
    ),
}


@pytest.mark.parametrize(("spec", "of_service", "url"), WHERE.values(), ids=WHERE.keys())
def test_a_call_goes_to_the_cluster_ip_of_the_service(
    spec: dict[str, Any], of_service: dict[str, Any], url: str
) -> None:
    this = template("charge", **spec)
    there = seen(this, services=(service(**of_service),))
    function = task_templates.function(msgspec.convert(this, Template), there)

    assert isinstance(function, Function)
    assert function.url == url
    headers = asyncio.run(_headers(function))
    assert headers["Host"].startswith("charge.shop.svc:")
    assert set(headers) == {"Host"}


async def _headers(function: Function) -> dict[str, str]:
    return await function.signed(function.url, {}, b"")


UNFIT: Mapping[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no Service": (
        http("other"),
        {},
        "The Service does not exist; tasks can call it when it does: Service other in shop",
    ),
    "ExternalName": (
        http(),
        {"type": "ExternalName", "externalName": "metadata.google.internal", "clusterIP": ""},
        (
            "The Service has no address of its own in this cluster, so nothing is called: Service charge in shop has the type "
            "ExternalName"
        ),
    ),
    "ExternalName that was a ClusterIP": (
        http(),
        {"type": "ExternalName", "externalName": "169.254.169.254"},
        (
            "The Service has no address of its own in this cluster, so nothing is called: Service charge in shop has the type "
            "ExternalName"
        ),
    ),
    "headless": (
        http(),
        {"clusterIP": "None"},
        "The Service has no address of its own in this cluster, so nothing is called: Service charge in shop is headless",
    ),
    "no such port": (
        http(port="rpc"),
        {},
        "The Service has no such port: Service charge in shop has no TCP port rpc; there are: http (8080)",
    ),
    "several ports": (
        http(),
        TWO_PORTS,
        (
            "The Service has no such port: Service charge in shop has several, and the template names none; there are: web "
            "(80), rpc (9000)"
        ),
    ),
    "UDP": (
        http(port=8080),
        {"ports": [{"port": 8080, "protocol": "UDP"}]},
        "The Service has no such port: Service charge in shop has no TCP port 8080; there are: none",
    ),
}


@pytest.mark.parametrize(("spec", "of_service", "sentence"), UNFIT.values(), ids=UNFIT.keys())
def test_a_template_whose_calls_would_lead_elsewhere_or_nowhere_says_why(
    spec: dict[str, Any], of_service: dict[str, Any], sentence: str
) -> None:
    this = template("charge", **spec)
    there = seen(this, services=(service(**of_service),))
    with pytest.raises(FunctionUnfit) as unfit:
        task_templates.function(msgspec.convert(this, Template), there)

    assert str(unfit.value) == f"TaskTemplate charge: {sentence}"


def test_a_template_with_a_job_needs_no_service() -> None:
    job: dict[str, Any] = {"image": "example/charge:1", "resources": {"requests": {"cpu": "500m"}}}
    this = template("charge", http=None, job=job)
    there = seen(this, services=())

    assert task_templates.function(msgspec.convert(this, Template), there) == FunctionJob(
        job, "TaskTemplate charge"
    )
    assert task_templates.verdict(msgspec.convert(this, Template), there)[0].name == "Callable"


# --- With an API server -----------------------------------------------------------------------------------------------


class Scene:
    def __init__(self) -> None:
        quiet = Quiet("operator")
        self.server = ApiServer(Random(0))
        self.api = SimulatedApi(self.server, quiet, quiet, lambda *_: None)
        clock = VirtualClock()
        self.functions = ClusterFunctions(self.api, (), self._changed)
        self.status = TaskTemplates(self.api, clock, self.functions, owns=lambda _: True)

    def _changed(self, namespace: str) -> None:
        self.status.look_at(namespace)

    def put(self, plural: str, body: Mapping[str, Any]) -> None:
        self.server.create(plural, "shop", {"metadata": {}, **body})

    def ready(self, name: str = "charge") -> tuple[str, str] | None:
        body = self.server.get("tasktemplates", "shop", name) or {}
        conditions = (body.get("status") or {}).get("conditions") or []
        return next(
            ((each["status"], each["reason"]) for each in conditions if each["type"] == "Ready"), None
        )

    async def find(self, text: str = "charge") -> Function:
        found = await self.functions.find(resources.function_name(text), "shop", CALLER)
        assert isinstance(found, Function)
        return found


def played(main: Callable[[Scene], Awaitable[None]]) -> None:
    async def within() -> None:
        scene = Scene()
        running = [asyncio.create_task(each.run()) for each in (scene.functions, scene.status)]
        try:
            await main(scene)
        finally:
            for each in running:
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each

    run(within)


def test_a_change_counts_at_once() -> None:
    async def main(scene: Scene) -> None:
        with pytest.raises(Unavailable):
            await scene.find()
        await asyncio.sleep(5)
        with pytest.raises(NoFunction):
            await scene.find()
        scene.put("tasktemplates", template("charge"))
        with pytest.raises(FunctionUnfit):
            await scene.find()
        scene.put("services", service())
        assert (await scene.find()).url == "http://10.96.0.7:8080"  # though no watch has reported it yet
        await asyncio.sleep(5)
        known = scene.functions.known(resources.function_name("charge"), "shop")
        assert isinstance(known, Function)
        assert known.url == "http://10.96.0.7:8080"
        assert scene.functions.known(resources.function_name("charge"), "other") is None

    played(main)


def test_the_status_says_whether_a_template_can_be_called() -> None:
    async def main(scene: Scene) -> None:
        scene.put("tasktemplates", template("charge"))
        await asyncio.sleep(5)
        assert scene.ready() == ("False", "NoService")
        scene.put("services", service())
        await asyncio.sleep(5)
        assert scene.ready() == ("True", "Callable")
        written = scene.server.version
        scene.status.look_at(None)
        await asyncio.sleep(60)
        assert scene.server.version == written  # what is said already is not said again

    played(main)


def test_services_are_not_watched_where_there_are_no_templates() -> None:
    async def main(scene: Scene) -> None:
        await asyncio.sleep(60)
        assert not scene.functions.services.synced.is_set()

    played(main)
