"""Makes a topic, and prints the orders that come to it: ``python reader.py localhost:9092``."""

from __future__ import annotations

import asyncio
import sys

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def main(broker: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics(
        [NewTopic("orders", 1, 1)]
    )  # of one that is there the answer says so, and nothing else
    await admin.close()
    consumer = AIOKafkaConsumer("orders", bootstrap_servers=broker, auto_offset_reset="earliest")
    await consumer.start()
    print("ready", flush=True)
    async for order in consumer:
        print(order.value.decode(), flush=True)


asyncio.run(main(sys.argv[1]))
