"""Which TaskTemplate stands for a function, and where its calls go. Everything here is pure.

A call goes to the cluster IP of a Service in the template's own namespace, never to a name: an ExternalName, or whatever a
name server says, would lead the operator anywhere.
"""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from stepwright.catalog.ports import (
    LARGEST_RESULT_BYTES,
    Function,
    FunctionJob,
    FunctionName,
    FunctionUnfit,
    FunctionWork,
    NoFunction,
    Speech,
    StandsFor,
)
from stepwright.cluster import conditions
from stepwright.cluster.conditions import Reason
from stepwright.cluster.summarised import Metadata, Status


class Lambda(msgspec.Struct, frozen=True, omit_defaults=True):
    names: tuple[str, ...] | None = None
    qualifiers: Mapping[str, str] | None = None


class HttpService(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    port: int | str | None = None
    path: str = "/"


class Http(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    service: HttpService
    protocol: Speech = "lambda"
    functionName: str = "function"
    timeoutSeconds: int = 900
    connectSeconds: int = 30
    onLostAnswer: str = "Repeat"


class Worker(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    timeoutSeconds: int = 900
    heartbeatSeconds: int = 60


class Spec(msgspec.Struct, frozen=True, omit_defaults=True, rename={"lambda_": "lambda"}):
    """It has one of ``http``, ``job`` and ``worker``."""

    http: Http | None = None
    job: dict[str, Any] | None = None
    """Parameters of ``k8s:job``."""
    worker: Worker | None = None
    lambda_: Lambda | None = None
    maxConcurrency: int | None = None


class Template(msgspec.Struct, frozen=True, omit_defaults=True):
    """The fields of a TaskTemplate that matter."""

    metadata: Metadata
    spec: Spec
    status: Status = Status()


class ServicePort(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    port: int
    name: str = ""
    protocol: str = "TCP"


class ServiceSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str = "ClusterIP"
    clusterIP: str = ""
    ports: tuple[ServicePort, ...] = ()


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """The fields of a Service that matter."""

    metadata: Metadata
    spec: ServiceSpec = ServiceSpec()


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is in one namespace. ``claiming``: the templates that name a function in ``lambda.names``."""

    namespace: str
    template: Callable[[str], Template | None]
    claiming: Callable[[str], Iterable[Template]]
    service: Callable[[str], Service | None]


class Unfit(FunctionUnfit):
    """Of a template whose calls lead nowhere now."""

    def __init__(self, template: Template, reason: Reason, detail: str) -> None:
        super().__init__(f"TaskTemplate {template.metadata.name}: {reason.message(detail)}")
        self.reason = reason
        self.detail = detail


def standing_for(name: FunctionName, seen: Seen) -> Template:
    """Raises NoFunction."""
    found = _named(name, seen)
    if found is None:
        raise NoFunction(lacking(name, seen.namespace))
    if name.qualifier is None or found.spec.lambda_ is None:
        return found
    other = (found.spec.lambda_.qualifiers or {}).get(name.qualifier)
    if other is None:
        return found
    if (qualified := seen.template(other)) is None:
        raise NoFunction(
            f"TaskTemplate {found.metadata.name} says that {other} stands for {name.name}:{name.qualifier}, and there is "
            f"no TaskTemplate {other} in the namespace {seen.namespace}. Create it."
        )
    return qualified


def _named(name: FunctionName, seen: Seen) -> Template | None:
    if name.template:
        return seen.template(name.name)
    return next(iter(claimants(name.name, seen)), None) or seen.template(name.of_template)


def claimants(function: str, seen: Seen) -> list[Template]:
    """The templates that name it, the one that stands for it first."""
    return sorted(
        seen.claiming(function), key=lambda each: (each.metadata.creationTimestamp, each.metadata.name)
    )


def lacking(name: FunctionName, namespace: str) -> str:
    if name.template:
        return f"There is no TaskTemplate {name.name} in the namespace {namespace}. Create one."
    return (
        f"No TaskTemplate in the namespace {namespace} stands for the function {name.name}. Create one named "
        f"{name.of_template}, or one that has {name.name} among its spec.lambda.names."
    )


def function(template: Template, seen: Seen) -> StandsFor:
    """Where its calls go, as what it runs, or who asks for it. Raises Unfit."""
    metadata, http, worker = template.metadata, template.spec.http, template.spec.worker
    shown = f"TaskTemplate {metadata.name}"
    if worker is not None:
        return FunctionWork(metadata.name, worker.timeoutSeconds, worker.heartbeatSeconds, shown)
    if http is None:
        return FunctionJob(template.spec.job or {}, shown)
    service = seen.service(http.service.name)
    where = f"Service {http.service.name} in {seen.namespace}"
    if service is None:
        raise Unfit(template, conditions.NO_SERVICE, where)
    address = _address(template, service, where)
    port = _port(template, http.service.port, service, where)
    path = http.service.path if http.protocol == "json" else http.service.path.rstrip("/")
    host = f"{http.service.name}.{seen.namespace}.svc:{port}"

    async def signed(_url: str, headers: Mapping[str, str], _body: bytes) -> dict[str, str]:
        return {**headers, "Host": host}

    return Function(
        key=f"{seen.namespace}/{metadata.name}",
        url=f"http://{address}:{port}{path}",
        invoked_as=http.functionName,
        shown=f"Service {http.service.name} (TaskTemplate {metadata.name})",
        seconds=http.timeoutSeconds,
        connect_seconds=http.connectSeconds,
        largest_bytes=LARGEST_RESULT_BYTES,
        signed=signed,
        speech=http.protocol,
        most_at_once=template.spec.maxConcurrency,
        repeats=http.onLostAnswer == "Repeat",
        stands_in=True,
    )


def verdict(template: Template, seen: Seen) -> tuple[Reason, str]:
    """Whether tasks can call it, for its status, and the details."""
    for name in (template.spec.lambda_ and template.spec.lambda_.names) or ():
        first = next(iter(claimants(name, seen)), template)
        if first.metadata.name != template.metadata.name:
            return conditions.NAME_TAKEN, f"{first.metadata.name} stands for {name}"
    try:
        function(template, seen)
    except Unfit as unfit:
        return unfit.reason, unfit.detail
    return conditions.CALLABLE, ""


def _address(template: Template, service: Service, where: str) -> str:
    """Of the Service, for a URL. None of type ExternalName has one, and a headless one has none of its own."""
    given = service.spec.clusterIP
    if service.spec.type == "ExternalName" or given in ("", "None"):
        what = "has the type ExternalName" if service.spec.type == "ExternalName" else "is headless"
        raise Unfit(template, conditions.NO_CLUSTER_IP, f"{where} {what}")
    address = ipaddress.ip_address(given)
    return f"[{address}]" if address.version == 6 else str(address)


def _port(template: Template, wanted: int | str | None, service: Service, where: str) -> int:
    ports = [port for port in service.spec.ports if port.protocol == "TCP"]
    found = [port.port for port in ports if wanted is None or wanted in (port.port, port.name)]
    if len(found) == 1:
        return found[0]
    offered = ", ".join(f"{port.name or 'unnamed'} ({port.port})" for port in ports) or "none"
    asked = "has several, and the template names none" if wanted is None else f"has no TCP port {wanted}"
    raise Unfit(template, conditions.NO_PORT, f"{where} {asked}; there are: {offered}")
