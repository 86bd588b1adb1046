"""HTTP tasks keep the contract of all integrations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar, get_args

import pytest

from stepwright.asl.definition import TaskCheck
from stepwright.asl.json_types import Json
from stepwright.integrations.testing import Contract, Fault, OtherSide
from stepwright.tasks import http
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from tests.tasks.http.tls_server import Certificates, TlsServer

PATHS: dict[Fault | None, str] = {
    None: "/echo",
    "down": "/ok",
    "silent": "/stall",
    "slow": "/drip",
    "broken": "/garbage",
    "huge": "/endless",
    "throttling": "/throttled",
    "refusing": "/unauthorized",
    "expired": "/expired",
}


class _OverHttp(Contract):
    resource = "arn:aws:states:::http:invoke"
    errors = frozenset({"States.Http.Socket", "States.Http.StatusCode.401", "States.Http.StatusCode.429"})
    wrong = ({}, {"ApiEndpoint": "https://localhost/"}, {"ApiEndpoint": 7, "Method": "GET"})
    faults = frozenset(get_args(Fault))
    certificates: ClassVar[Certificates]
    method: ClassVar[str]
    also: ClassVar[dict[str, Json]] = {}

    @pytest.fixture(autouse=True)
    def _with_certificates(self, certificates: Certificates) -> None:
        type(self).certificates = certificates

    def integration(self, means: Means) -> Integration:
        return http.make(means)

    def check(self) -> TaskCheck:
        return http.check_for({})

    @asynccontextmanager
    async def other_side(self, fault: Fault | None) -> AsyncIterator[OtherSide]:
        async with TlsServer(self.certificates.context()) as server:
            url = server.url
            if fault == "down":
                await server.__aexit__()

            async def effects() -> int:
                return self.counted(server)

            parameters: Json = {
                "ApiEndpoint": url + PATHS[fault],
                "Method": self.method,
                "InvocationConfig": {"ConnectionArn": "shop"},
            }
            spec = {
                "allow": [f"{url}/"],
                "timeoutSeconds": 1,
                "tls": {"ca": self.certificates.text("ca.crt")},
                "auth": {"bearer": {"tokenFrom": {"secretKeyRef": {"name": "shop", "key": "token"}}}},
                **self.also,
            }
            yield OtherSide(
                parameters,
                effects,
                connections={"shop": {"http": spec}},
                secrets={"shop/token": "canary-token"},
            )

    def counted(self, server: TlsServer) -> int:
        return len(server.seen)


class TestPut(_OverHttp):
    """What is put twice is put once."""

    method = "PUT"

    def counted(self, server: TlsServer) -> int:
        return len({exchange.path for exchange in server.seen})


class TestPost(_OverHttp):
    method = "POST"


class TestPostThatIsKnownAgain(_OverHttp):
    method = "POST"
    also: ClassVar[dict[str, Json]] = {"idempotency": {"header": "Idempotency-Key"}}

    def counted(self, server: TlsServer) -> int:
        return len({exchange.header("Idempotency-Key") for exchange in server.seen})
