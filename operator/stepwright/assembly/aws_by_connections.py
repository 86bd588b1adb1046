"""Where the tasks of a cluster call AWS's services: wherever the one Connection for AWS says that their state machine names.

Nothing comes from the operator's environment. AWS's own endpoints are connected to at public and private addresses, since a VPC may
have endpoints in its own network; those that a Connection names as HTTP tasks are (``tasks.calls.policy``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from stepwright.asl.failure.errors import PERMISSIONS
from stepwright.assembly.aws_identities import Accounts, Asked, Identities, denied
from stepwright.aws import environment, models, names, sessions
from stepwright.aws.calling import Client, MayNotConnect, NoAnswer, ServiceAnswer, ServiceRefused
from stepwright.aws.clients import Addresses, Clients, Keys, Signed, Way
from stepwright.aws.threads import CALLS_AT_ONCE, Threads
from stepwright.catalog.ports import ConnectionObject, ConnectionObjects, NoObject
from stepwright.engine.ports import Clock, ExecutionRef
from stepwright.tasks.accounts import service_account
from stepwright.tasks.aws import connection
from stepwright.tasks.aws.connection import AwsConnection
from stepwright.tasks.calls import addresses, policy, target
from stepwright.tasks.calls.connection_parts import SecretKey
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.calls.policy import NotAllowed, Policy
from stepwright.tasks.calls.services import ClientOf

T = TypeVar("T")
Lookup = Callable[[str, int], Sequence[target.Address]]
"""The addresses of a host; blocks. Raises OSError."""

STALE: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
"""Refusals that other credentials may get over; nothing was done then."""


class ServicesByConnections:
    """Implements ``tasks.calls.services.Services``. ``loopback``: whether Connections may name this machine."""

    def __init__(
        self,
        connections: ConnectionObjects,
        accounts: Accounts,
        clock: Clock,
        *,
        loopback: bool = False,
        lookup: Lookup = addresses.look_up,
    ) -> None:
        self._connections = connections
        self._identities = Identities(accounts, clock)
        self._threads = Threads(CALLS_AT_ONCE, "call of AWS")
        self._clients = Clients(sessions.of_nobody)
        self._loopback = loopback
        self._lookup = lookup

    async def close(self) -> None:
        self._threads.close()
        self._identities.close()

    async def use(self, ref: ExecutionRef, role: str | None, work: Callable[[ClientOf], T]) -> T:
        found, aws = await connection.of_execution(ref, self._connections)
        if not environment.is_region(aws.region):
            raise denied(f"spec.aws.region of the Connection is not a region of AWS: {aws.region}.")
        try:
            client = partial(self._client, found.identity, aws, await _authorities(found, aws))
            asked = Asked(ref, found, aws, role, sts=partial(client, "sts"))
            keys = await self._identities.keys(asked)
        except NoObject as lacking:
            raise CallFailed(PERMISSIONS, lacking.cause) from lacking
        except NoAnswer as none:
            unreachable = none
            return await self._threads.run(lambda: work(partial(_raise, unreachable)))
        loop = asyncio.get_running_loop()

        def renewed() -> Keys:
            return asyncio.run_coroutine_threadsafe(self._identities.keys(asked, renewed=True), loop).result()

        def client_of(service: str) -> Client:
            return _Renewing(partial(client, service), keys, renewed)

        return await self._threads.run(lambda: work(client_of))

    def identity(self, ref: ExecutionRef, role: str | None) -> Hashable:
        connections = tuple(ref.settings.get("connections") or ())
        # A role is assumed for one state machine.
        machine = None if role is None else ref.state_machine
        return ref.namespace, connections, service_account(ref.settings), role, machine

    def _client(
        self, owner: str, aws: AwsConnection, authorities: str | None, service: str, signed: Keys | Signed
    ) -> Client:
        named = names.in_resources(models.service(service).metadata["serviceId"])
        endpoint = aws.endpoint_of(named)
        within = Policy((), addresses.PRIVATE if endpoint is None else aws.networks, self._loopback)
        url = None if endpoint is None else endpoint.url.rstrip("/")
        trusted = None if endpoint is None else authorities
        way = Way(aws.region, url, signed, f"{owner}/{url}", trusted, self._addresses(within))
        return self._clients.client(service, way)

    def _addresses(self, within: Policy) -> Addresses:
        def chosen(scheme: str, host: str, port: int) -> Sequence[str]:
            try:
                called = target.of(scheme, host, port)
                found = [called.literal] if called.literal is not None else self._lookup(host, port)
                return [str(address) for address in policy.reachable(called, within, found)]
            except (NotAllowed, target.BadUrl) as forbidden:
                raise MayNotConnect(str(forbidden)) from forbidden

        return chosen


@dataclass(slots=True)
class _Renewing:
    """Implements ``aws.calling.Client``: repeats once, with other credentials, what was refused for those it had."""

    signed: Callable[[Keys], Client]
    keys: Keys
    renewed: Callable[[], Keys]

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        try:
            return self.signed(self.keys).call(operation, given)
        except ServiceRefused as said:
            if said.code not in STALE:
                raise
            keys = self.renewed()
            if keys == self.keys:
                raise
            self.keys = keys
        return self.signed(keys).call(operation, given)


async def _authorities(connection: ConnectionObject, aws: AwsConnection) -> str | None:
    """Raises NoObject, Unavailable."""
    given = aws.authorities
    return await connection.secret(given.name, given.key) if isinstance(given, SecretKey) else given


def _raise(error: Exception, _: str) -> Client:
    raise error
