"""Calls the warehouse: one line of JSON to it and one back, over TCP, for each request.

A request has the identity of its task, by which the warehouse knows one that is made again: so all of them are harmless to repeat.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from stepwright.integrations import (
    DATA_LIMIT_EXCEEDED,
    Again,
    Answered,
    Call,
    CallFailed,
    Calling,
    CancelTask,
    CannotConnect,
    ExecutionRef,
    Json,
    Provided,
    Unavailable,
    Values,
)
from stepwright_warehouse import DRIVER

SECONDS: Final = 10
LARGEST_ANSWER_BYTES: Final = 64 * 1024
POLL_SECONDS: Final = 1.0

UNREACHABLE: Final = "Warehouse.Unreachable"
REFUSED: Final = "Warehouse.Refused"
ERRORS: Final = frozenset({UNREACHABLE, REFUSED})


class Warehouse(Calling):
    """Implements ``stepwright.integrations.Integration``."""

    def __init__(self, provided: Provided) -> None:
        self._provided = provided

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.HARMLESS

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(UNREACHABLE, "Nobody knows whether the warehouse was asked.")

    async def begin(self, call: Call) -> Answered:
        given = DRIVER.parameters(call)
        connection, identity = given["Connection"], f"{call.ref.uid}/{call.task.task}"
        if call.task.resource.waits_for_end:
            asked = {"do": "pack", "reservation": given["Reservation"], "id": identity}
            # What is answered here is all that whoever follows or stops it will know.
            return Answered({**await self._ask(call.ref, connection, asked), "connection": connection})
        asked = {"do": "reserve", "item": given["Item"], "count": given["Count"], "id": identity}
        return Answered(await self._ask(call.ref, connection, asked))

    async def follow(self, call: Call, begun: Json) -> Answered:
        connection, packing = _begun(begun)
        while True:
            said = await self._ask(call.ref, connection, {"do": "look", "packing": packing})
            if said["state"] == "packed":
                return Answered(said)
            await self._provided.clock.sleep(POLL_SECONDS)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        if task.submitted is not None:
            connection, packing = _begun(task.submitted)
            await self._ask(ref, connection, {"do": "stop", "packing": packing})

    async def _ask(self, ref: ExecutionRef, connection: str, asked: dict[str, Json]) -> dict[str, Any]:
        values = await self._provided.values(ref, connection)
        host, port = values.of["host"], int(values.of["port"])
        try:
            async with asyncio.timeout(SECONDS):
                said = await _exchange(values, host, port, {**asked, "key": values.of["key"]})
        except TimeoutError as error:
            raise CallFailed(UNREACHABLE, f"{host} has not answered within {SECONDS} seconds.") from error
        except CannotConnect as error:
            raise CallFailed(UNREACHABLE, str(error)) from error
        except OSError as error:
            raise CallFailed(UNREACHABLE, f"{host} cannot be asked: {error.strerror or error}.") from error
        except ValueError as error:
            raise CallFailed(
                UNREACHABLE, f"{host} answers with something other than a line of JSON."
            ) from error
        return _understood(said, values)


async def _exchange(values: Values, host: str, port: int, asked: dict[str, Json]) -> Any:
    """Raises CannotConnect, OSError, ValueError, CallFailed."""
    connected = await values.connect(host, port)
    reader, writer = await asyncio.open_connection(sock=connected, limit=LARGEST_ANSWER_BYTES)
    try:
        writer.write(json.dumps(asked).encode() + b"\n")
        return json.loads(await reader.readuntil())
    except asyncio.LimitOverrunError as error:
        raise CallFailed(DATA_LIMIT_EXCEEDED, f"{host} answers too much.") from error
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError(0, "it has closed the connection") from error
    finally:
        writer.close()


def _understood(said: Any, values: Values) -> dict[str, Any]:
    match said:
        case {"busy": True}:
            raise Unavailable("the warehouse is busy")
        case {"refused": str(why)}:
            raise CallFailed(REFUSED, str(values.hidden(why)))
        case {"ok": dict(result)}:
            return result
    raise CallFailed(UNREACHABLE, "The warehouse answers what it never should.")


def _begun(begun: Json) -> tuple[str, Json]:
    assert isinstance(begun, dict)
    return str(begun["connection"]), begun["packing"]
