"""Declares a queue, and prints the orders that come to it: ``python packer.py amqp://guest:guest@localhost:5672/``."""

from __future__ import annotations

import asyncio
import sys

import aiormq
from aiormq.abc import DeliveredMessage


async def main(url: str) -> None:
    channel = await (await aiormq.connect(url)).channel()
    await channel.queue_declare("orders", durable=True)

    async def pack(order: DeliveredMessage) -> None:
        print(order.body.decode(), flush=True)
        assert order.delivery_tag is not None
        await channel.basic_ack(order.delivery_tag)

    await channel.basic_consume("orders", pack)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
