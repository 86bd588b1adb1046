"""Where the tasks of a process that serves its own user go: wherever that user's AWS SDKs would, from the same environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeAlias, TypeVar

from stepwright.aws import environment, models, sessions, signing
from stepwright.aws.calling import Client
from stepwright.aws.clients import MADE_UP, Clients, NoCredentials, Signed, Way
from stepwright.aws.environment import BadEndpoint
from stepwright.aws.signing import Signing
from stepwright.aws.threads import CALLS_AT_ONCE, Threads
from stepwright.catalog import arns
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Connection, NoConnection
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.services import ClientOf

T = TypeVar("T")

Calls: TypeAlias = Literal["off", "emulator", "on"]
"""What tasks may call of AWS: nothing, what stands in for it and gets none of the user's credentials, or AWS as well."""

_OFF: Final = "AWS's services are not called here (--aws off)."
_LACKING: Final = "{variable} names no endpoint, and there are no credentials for AWS."
_EMULATOR: Final = "{variable} names no endpoint, and AWS itself is called with your credentials only if you say so (--aws on)."


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

    def __init__(self, calls: Calls = "on") -> None:
        self._calls = calls
        self._signing: dict[str, Signing] = {}

    async def find(self, service: str, region: str | None, caller: Caller) -> Connection:  # noqa: ARG002
        if region is None or not environment.is_region(region):
            region = environment.region()
        signing = self._signing.setdefault(service, Signing(service, own=self._calls == "on"))
        url = _stand_in(service, self._calls)
        if url is None:
            if not await signing.known():
                raise NoConnection(_LACKING.format(variable=environment.variable(service)))
            url = environment.of_aws(service, region)
        return _Signed(url.rstrip("/"), region, signing)


class ServicesOfEnvironment:
    """Implements ``tasks.calls.services.Services``, for the same one user. ``region``: of all calls; None: that of their
    executions."""

    def __init__(self, region: str | None = None, calls: Calls = "on") -> None:
        self._region = region
        self._calls = calls
        self._threads = Threads(CALLS_AT_ONCE, "call of AWS")
        self._clients = Clients(sessions.of_user)

    async def use(self, ref: ExecutionRef, role: str | None, work: Callable[[ClientOf], T]) -> T:
        region = self.identity(ref, role)
        return await self._threads.run(lambda: work(partial(self._client, region=region)))

    def identity(self, ref: ExecutionRef, role: str | None) -> str:  # noqa: ARG002
        """A region: there is one user."""
        return self._region or arns.place_of(ref.arn).region

    async def close(self) -> None:
        self._threads.close()

    def _client(self, service: str, region: str) -> Client:
        url = _stand_in(models.service(service).metadata["serviceId"], self._calls)
        signed = Signed.BY_SESSION if self._calls == "on" else MADE_UP
        try:
            return self._clients.client(service, Way(region, url, signed))
        except NoCredentials as lacking:
            raise NoConnection(str(lacking)) from lacking


def lacking(service: str, calls: Calls = "on") -> str | None:
    """Why a service cannot be called, as far as can be said without asking anybody."""
    try:
        if _stand_in(service, calls) is not None or signing.configured():
            return None
    except NoConnection as none:
        return str(none)
    return _LACKING.format(variable=environment.variable(service))


def _stand_in(service: str, calls: Calls) -> str | None:
    """The URL; None: AWS's own. ``service``: its id. Raises NoConnection."""
    if calls == "off":
        raise NoConnection(_OFF)
    try:
        url = environment.stand_in(service)
    except BadEndpoint as bad:
        raise NoConnection(str(bad)) from bad
    if url is None and calls == "emulator":
        raise NoConnection(_EMULATOR.format(variable=environment.variable(service)))
    return url
