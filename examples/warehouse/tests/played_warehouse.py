"""A warehouse for tests: a real server, whose goods are numbers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from stepwright.integrations.testing import Fault

KEY = "canary-key"


class PlayedWarehouse:
    """``reserved`` and ``packing`` by the identity of the request, so that one which is made again changes nothing."""

    def __init__(self, fault: Fault | None) -> None:
        self.fault = fault
        self.port = 0
        self.reserved: dict[str, int] = {}
        self.packing: dict[str, str] = {}
        self.asked_to_pack = asyncio.Event()

    async def effects(self) -> int:
        return len(self.reserved) + len(self.packing)

    async def running(self) -> int:
        return sum(state == "under way" for state in self.packing.values())

    async def end(self) -> None:
        self.packing = dict.fromkeys(self.packing, "packed")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(await reader.readline())
            match self.fault:
                case "silent":
                    await reader.read()
                case "broken":
                    writer.write(b"220 mail.example.com ESMTP\r\n")
                case "huge":
                    writer.write(b'{"ok": {"note": "' + b"x" * 1_000_000)
                case _:
                    await self.say(json.dumps(self.answer(asked)).encode() + b"\n", writer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def say(self, answer: bytes, writer: asyncio.StreamWriter) -> None:
        if self.fault == "slow":
            for byte in answer:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.1)
        else:
            writer.write(answer)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["key"] != KEY or self.fault == "refusing":
            return {"refused": f"nobody has the key {asked['key']}"}
        if self.fault == "expired":
            return {"refused": f"the key {asked['key']} has expired"}
        if self.fault == "throttling":
            return {"busy": True}
        match asked["do"]:
            case "reserve":
                number = self.reserved.setdefault(asked["id"], len(self.reserved) + 1)
                return {"ok": {"reservation": number, "count": asked["count"]}}
            case "pack":
                self.packing.setdefault(asked["id"], "under way")
                self.asked_to_pack.set()
                return {"ok": {"packing": asked["id"]}}
            case "look":
                return {"ok": {"state": self.packing[asked["packing"]]}}
            case "stop":
                self.packing[asked["packing"]] = "stopped"
                return {"ok": {}}
        return {"refused": "what is that?"}


@asynccontextmanager
async def played(fault: Fault | None, address: str = "127.0.0.1") -> AsyncIterator[PlayedWarehouse]:
    warehouse = PlayedWarehouse(fault)
    server = await asyncio.start_server(warehouse.serve, address, 0)
    warehouse.port = server.sockets[0].getsockname()[1]
    if fault == "down":
        server.close()
    try:
        yield warehouse
    finally:
        server.close()
