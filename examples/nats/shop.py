"""Knows what a chair costs, and prints the orders that come: ``python shop.py nats://localhost:4222``."""

from __future__ import annotations

import asyncio
import json
import sys

import nats
from nats.aio.msg import Msg

PRICES = {"chair": 40.5}


async def main(url: str) -> None:
    bus = await nats.connect(url)

    async def price(request: Msg) -> None:
        found = PRICES.get(json.loads(request.data)["item"])
        refusal = {"Nats-Service-Error": "no such item", "Nats-Service-Error-Code": "404"}
        answer = json.dumps({"price": found}).encode()
        await bus.publish(request.reply, answer, headers=refusal if found is None else None)

    stream = bus.jetstream()
    await stream.add_stream(name="orders", subjects=["orders.>"])
    await bus.subscribe("prices.get", cb=price)
    orders = await stream.subscribe("orders.new")
    print("ready", flush=True)
    async for order in orders.messages:
        await order.ack()
        print(order.data.decode(), flush=True)


asyncio.run(main(sys.argv[1]))
