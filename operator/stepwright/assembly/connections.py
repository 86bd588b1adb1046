"""Where the tasks of a process that serves its own user go: wherever that user's AWS SDKs would, from the same environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from stepwright.aws import environment, models, sessions, signing
from stepwright.aws.calling import Client
from stepwright.aws.clients import Clients, NoCredentials, Way
from stepwright.aws.environment import BadEndpoint
from stepwright.aws.signing import Signing
from stepwright.aws.threads import Threads
from stepwright.catalog import arns
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Connection, NoConnection
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.services import ClientOf

T = TypeVar("T")

MOST_AT_ONCE: Final = 64
"""Threads in which services are called: each call has one for as long as it takes."""

_LACKING: Final = "{variable} names no endpoint, and there are no credentials for AWS."


@dataclass(frozen=True, slots=True)
class _Signed:
    """Implements ``catalog.ports.Connection``."""

    url: str
    region: str
    signing: Signing

    async def signed(self, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        return await self.signing.headers(url, headers, body, self.region)


class OfEnvironment:
    """Implements ``catalog.ports.Connections``: whoever acts, it is the one user, with the one set of credentials."""

    def __init__(self) -> None:
        self._signing: dict[str, Signing] = {}

    async def find(self, service: str, region: str | None, caller: Caller) -> Connection:  # noqa: ARG002
        if region is None or not environment.is_region(region):
            region = environment.region()
        signing = self._signing.setdefault(service, Signing(service))
        try:
            url = environment.stand_in(service)
        except BadEndpoint as bad:
            raise NoConnection(str(bad)) from bad
        if url is None:
            if not await signing.known():
                raise NoConnection(_lacking(service))
            url = environment.of_aws(service, region)
        return _Signed(url.rstrip("/"), region, signing)


class ServicesOfEnvironment:
    """Implements ``tasks.calls.services.Services``, for the same one user. ``region``: of all calls; None: that of their
    executions."""

    def __init__(self, region: str | None = None) -> None:
        self._region = region
        self._threads = Threads(MOST_AT_ONCE, "call of AWS")
        self._clients = Clients(sessions.of_user)

    async def use(self, ref: ExecutionRef, role: str | None, work: Callable[[ClientOf], T]) -> T:  # noqa: ARG002
        region = self._region or arns.place_of(ref.arn).region
        return await self._threads.run(lambda: work(partial(self._client, region=region)))

    async def close(self) -> None:
        self._threads.close()

    def _client(self, service: str, region: str) -> Client:
        try:
            stand_in = environment.stand_in(models.service(service).metadata["serviceId"])
            return self._clients.client(service, Way(region, stand_in))
        except (BadEndpoint, NoCredentials) as lacking:
            raise NoConnection(str(lacking)) from lacking


def lacking(service: str) -> str | None:
    """Why a service cannot be called, as far as can be said without asking anybody."""
    try:
        if environment.stand_in(service) is not None or signing.configured():
            return None
    except BadEndpoint as bad:
        return str(bad)
    return _lacking(service)


def _lacking(service: str) -> str:
    return _LACKING.format(variable=environment.variable(service))
