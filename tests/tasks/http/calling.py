"""HTTP tasks by themselves: Connections from plain data, and one call of the integration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.step import StartTask
from stepwright.catalog.ports import ConnectionObject, NoObject
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.calls.addresses import look_up
from stepwright.tasks.calls.host_names import HostNames
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.http.client import Client
from stepwright.tasks.http.integration import Http
from stepwright.tasks.http.resources import INVOKE
from tests.tasks.http.tls_server import Certificates, TlsServer
from tests.tasks.start_tasks import start_task

REF = ExecutionRef(Uid("43e358d5-0000-4000-8000-000000000000"), "local", "x", "m")
SECRETS = {
    "password": "canary-password",
    "api-key": "canary-key",
    "token": "canary-token\n",
    "client-secret": "canary-client secret",
    "header": "canary-header",
}


@dataclass
class Kept:
    """Implements ``catalog.ports.ConnectionObject`` and ``ConnectionObjects`` at once: there is one, called ``shop``."""

    spec: Mapping[str, Any]
    identity: str = "1"
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    read: list[str] = field(default_factory=list)

    async def find(self, ref: ExecutionRef, name: str) -> ConnectionObject:  # noqa: ARG002
        if name != "shop":
            raise NoObject("ResourceNotFound", f"There is no Connection {name!r}.")
        return self

    async def secret(self, name: str, key: str) -> str:
        self.read.append(key)
        if key not in self.secrets:
            raise NoObject("InvalidConnectionState", f"The Secret {name} has no key {key}.")
        return self.secrets[key]

    async def token(self, audience: str) -> str:
        return f"canary-token-for-{audience}"


def secret(key: str) -> dict[str, Any]:
    return {"secretKeyRef": {"name": "shop", "key": key}}


def certified(certificates: Certificates, who: Literal["client", "expired"] = "client") -> dict[str, Any]:
    """``tls`` of a Connection that shows a certificate, which is in its Secret by ``secrets_of``."""
    return {
        "ca": certificates.text("ca.crt"),
        "certificateFrom": secret(f"{who}.crt"),
        "keyFrom": secret(f"{who}.key"),
    }


def secrets_of(certificates: Certificates) -> dict[str, str]:
    """All that clients may show."""
    return {
        name: certificates.text(name) for name in ("client.crt", "client.key", "expired.crt", "expired.key")
    }


def task(parameters: Json, number: int = 5) -> StartTask:
    return start_task(INVOKE, parameters, number)


def asked(url: str, method: str = "GET", **more: Json) -> Call:
    parameters: dict[str, Json] = {
        "ApiEndpoint": url,
        "Method": method,
        "InvocationConfig": {
            "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/Shop/81210c42"
        },
        **more,
    }
    return Call(REF, task(parameters))


def connection(servers: Sequence[TlsServer], certificates: Certificates, **http: Any) -> Kept:
    allow = [f"{server.url}/" for server in servers]
    return Kept({"http": {"allow": allow, "tls": {"ca": certificates.text("ca.crt")}, **http}})


def integration(kept: Kept, lookup: Any = look_up) -> Http:
    return Http(kept, SystemClock(), loopback=True, client=Client(HostNames(lookup)))


async def call(kept: Kept, url: str, method: str = "GET", **more: Json) -> Any:
    http = integration(kept)
    try:
        return (await http.begin(asked(url, method, **more))).value
    finally:
        await http.close()


async def failure(kept: Kept, url: str, method: str = "GET", **more: Json) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        await call(kept, url, method, **more)
    return failed.value
