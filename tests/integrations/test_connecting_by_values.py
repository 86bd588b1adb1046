"""Integrations that others ship connect to hosts by what a Connection says, and to judged addresses alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from stepwright.integrations import CallFailed, CannotConnect, Provided, Values
from stepwright.integrations.played import REF, Objects, means
from stepwright.tasks.calls.host_names import HostNames
from stepwright.tasks.calls.servers import Connector


@asynccontextmanager
async def values(
    addresses: Sequence[str] = (), *, own_machine: bool = False, **integration: Any
) -> AsyncIterator[Values]:
    """``addresses``: of each host."""
    objects = Objects({"main": {"integration": {"name": "bell", "values": [], **integration}}}, {})

    def look_up(*_: object) -> Any:
        if not addresses:
            raise OSError(-2, "Name or service not known")
        return [ip_address(each) for each in addresses]

    made = replace(means(objects), own_machine=own_machine)
    provided = Provided("bell", made.clock, made.own_machine, objects, Connector(HostNames(look_up)))
    with closing(provided):
        yield await provided.values(REF, "main")


@asynccontextmanager
async def listening(said: bytes = b"") -> AsyncIterator[int]:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_socket_is_connected_and_reads_no_more_than_it_may() -> None:
    heard: Mapping[int, bytes | None] = {}
    async with listening(b"x" * 100) as port, values(["127.0.0.1"], own_machine=True) as given:
        for most in (100, 99):
            connected = await given.connect("localhost", port, most_bytes=most)
            reader, writer = await asyncio.open_connection(sock=connected)
            try:
                heard = {**heard, most: await reader.read(-1)}
            except ConnectionResetError:
                heard = {**heard, most: None}
            writer.close()
            await asyncio.sleep(0)

    assert heard == {100: b"x" * 100, 99: None}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.7", "fd00:ec2::254"])
async def test_a_host_that_points_inwards_is_not_connected_to(address: str) -> None:
    async with values([address]) as given:
        for connect in (given.connect, given.addresses):
            with pytest.raises(CallFailed) as failed:
                await connect("bell.example.test", 7400)

            assert failed.value.error == "States.Permissions"
            assert failed.value.cause.startswith("The host bell.example.test may not be connected to at")


async def test_addresses_are_those_that_may_be_connected_to() -> None:
    found = ["10.20.0.7", "169.254.169.254", "93.184.215.14"]
    async with values(found) as anywhere, values(found, networks=["10.20.0.0/16"]) as inside:
        assert [str(each) for each in await anywhere.addresses("bell.example.test", 7400)] == [
            "93.184.215.14"
        ]
        assert [str(each) for each in await inside.addresses("bell.example.test", 7400)] == found[::2]
        assert [str(each) for each in await anywhere.addresses("bell.shop.svc", 7400)] == found[::2]


async def test_why_there_is_no_connection_is_said() -> None:
    async with listening() as port:
        pass
    async with values() as nowhere, values(["127.0.0.1"], own_machine=True) as here:
        with pytest.raises(CannotConnect) as unknown:
            await nowhere.connect("bell.example.test", 7400)
        with pytest.raises(CannotConnect) as refused:
            await here.connect("localhost", port)

    assert str(unknown.value) == "The name bell.example.test cannot be resolved: Name or service not known."
    assert str(refused.value).startswith(f"localhost:{port} cannot be connected to: ")


async def test_a_host_that_is_none_and_a_network_that_is_none_are_told() -> None:
    async with values() as given:
        with pytest.raises(CallFailed) as failed:
            await given.connect("bell/../x", 7400)
    assert failed.value.error == "Events.ConnectionResource.InvalidConnectionState"
    with pytest.raises(CallFailed) as wrong:
        async with values(networks=["10.0.0.1/8"]):
            pass
    assert "spec.integration.networks.0: 10.0.0.1/8 has host bits set" in wrong.value.cause
