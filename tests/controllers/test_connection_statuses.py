"""Whether tasks can use a Connection, and what becomes of its status."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from stepwright.cluster import conditions
from stepwright.cluster.conditions import Reason
from stepwright.cluster.connections import Connection
from stepwright.cluster.summarised import Metadata
from stepwright.controllers import connections
from stepwright.controllers.connections import AGAIN_SECONDS, Connections
from stepwright.kube.api_errors import Unreachable
from tests.engine.virtual_loop import VirtualClock, run

TOKEN = {"bearer": {"tokenFrom": {"secretKeyRef": {"name": "billing", "key": "token"}}}}
ALLOW = ["https://api.example.com/v1/"]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param({"http": {"allow": ALLOW}}, conditions.USABLE, id="it asks for nothing"),
        pytest.param({"aws": {"region": "eu-central-1"}}, conditions.USABLE, id="a whole region of AWS"),
        pytest.param({"serviceAccountName": "billing", "http": {"allow": ALLOW, "auth": TOKEN}}, conditions.USABLE, id="an account reads its Secret"),
        pytest.param({"http": {"allow": ALLOW, "auth": TOKEN}}, conditions.NO_ACCOUNT, id="nobody may read its Secret"),
        pytest.param({"http": {"allow": ["ftp://example.com/"]}}, conditions.BAD_CONNECTION, id="what it says cannot be"),
        pytest.param({"http": {"allow": ALLOW}, "aws": {"region": "eu-central-1"}}, conditions.BAD_CONNECTION, id="two in one"),
        pytest.param({}, conditions.BAD_CONNECTION, id="it says nothing"),
    ],
)  # fmt: skip
def test_whether_a_connection_can_be_used(spec: Mapping[str, Any], reason: Reason) -> None:
    assert connections.verdict(spec)[0] is reason


def connection(name: str, generation: int = 1) -> Connection:
    return Connection(Metadata(name, "shop", f"uid of {name}", "7", generation), {"http": {"allow": ALLOW}})


class Cluster:
    """The Connections that the watch has seen, and the API that takes their statuses."""

    def __init__(self, *names: str) -> None:
        self.seen = {("shop", name): connection(name) for name in names}
        self.objects = SimpleNamespace(all=self.seen.values, get=lambda *key: self.seen.get(key))
        self.written: list[str] = []
        self.away = False

    async def change(self, path: str, patch: Mapping[str, Any], *_: Any) -> None:
        if self.away:
            raise Unreachable("away", outcome_unknown=False)
        [ready] = [each for each in patch["status"]["conditions"] if each["type"] == "Ready"]
        self.written.append(f"{path.split('/')[-2]} {ready['reason']}")


def statuses(cluster: Cluster, clock: VirtualClock) -> Connections:
    known: Any = cluster
    return Connections(known, clock, known, owns=lambda uid: uid != "uid of another's")


def test_the_status_of_each_connection_that_is_this_operator_s_is_written() -> None:
    cluster = Cluster("billing", "another's", "stock")

    async def main() -> None:
        parts = statuses(cluster, VirtualClock())
        running = asyncio.create_task(parts.run())
        parts.look_at_all()
        await asyncio.sleep(1)
        running.cancel()

    run(main)
    assert sorted(cluster.written) == ["billing Usable", "stock Usable"]


def test_a_connection_that_is_gone_meanwhile_has_no_status() -> None:
    cluster = Cluster()

    async def main() -> None:
        parts = statuses(cluster, VirtualClock())
        running = asyncio.create_task(parts.run())
        parts.look_at(connection("billing"))
        await asyncio.sleep(1)
        running.cancel()

    run(main)
    assert cluster.written == []


def test_a_status_that_could_not_be_written_is_written_later() -> None:
    cluster = Cluster("billing")

    async def main() -> None:
        parts = statuses(cluster, VirtualClock())
        running = asyncio.create_task(parts.run())
        cluster.away = True
        parts.look_at(connection("billing"))
        await asyncio.sleep(1)
        cluster.away = False
        await asyncio.sleep(AGAIN_SECONDS - 2)
        assert cluster.written == []
        await asyncio.sleep(2)
        running.cancel()

    run(main)
    assert cluster.written == ["billing Usable"]
