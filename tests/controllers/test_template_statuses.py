"""When the status of a TaskTemplate is looked at. What it says is tried in ``tests/cluster/test_task_templates.py``."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from stepwright.cluster import task_templates
from stepwright.cluster.conditions import CALLABLE
from stepwright.cluster.summarised import Metadata, Status
from stepwright.controllers.task_templates import AGAIN_SECONDS, GATHERS_SECONDS, TaskTemplates
from stepwright.kube.api_errors import Unreachable
from tests.engine.virtual_loop import VirtualClock, run


class Cluster:
    """The TaskTemplates of two namespaces, and the statuses that are written of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[str] = []
        self.away = False
        templates = [self.template("shop", "resize"), self.template("bank", "book"), self.template("bank", "another's")]  # fmt: skip
        self.templates = SimpleNamespace(all=lambda: templates)
        self.services = SimpleNamespace(synced=asyncio.Event())
        monkeypatch.setattr(task_templates, "verdict", lambda *_: (CALLABLE, ""))

    @staticmethod
    def template(namespace: str, name: str) -> Any:
        return SimpleNamespace(metadata=Metadata(name, namespace, uid=name), status=Status())

    def seen(self, _: str) -> None: ...

    async def change(self, path: str, *_: Any) -> None:
        if self.away:
            raise Unreachable("away", outcome_unknown=False)
        [namespace, name] = path.split("/")[-4::2]
        self.written.append(f"{namespace}/{name}")

    def statuses(self) -> TaskTemplates:
        whatever: Any = self
        return TaskTemplates(whatever, VirtualClock(), whatever, owns=lambda uid: uid != "another's")


@pytest.mark.parametrize(
    ("looked_at", "written"),
    [
        pytest.param(["bank"], ["bank/book"], id="one namespace, of which only some are this operator's"),
        pytest.param([None], ["shop/resize", "bank/book"], id="all"),
        pytest.param(["shop", "shop", "bank"], ["shop/resize", "bank/book"], id="changes that come together"),
        pytest.param(["elsewhere"], [], id="a namespace without any"),
    ],
)
def test_which_statuses_are_written(
    looked_at: list[str | None], written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(monkeypatch)

    async def main() -> None:
        cluster.services.synced = asyncio.Event()
        statuses = cluster.statuses()
        running = asyncio.create_task(statuses.run())
        for namespace in looked_at:
            statuses.look_at(namespace)
        await asyncio.sleep(60)
        assert cluster.written == []  # the list of Services is not there yet
        cluster.services.synced.set()
        await asyncio.sleep(2 * GATHERS_SECONDS)
        running.cancel()

    run(main)
    assert cluster.written == written


def test_only_where_a_status_could_not_be_written_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch)

    async def main() -> None:
        cluster.services.synced = asyncio.Event()
        cluster.services.synced.set()
        statuses = cluster.statuses()
        running = asyncio.create_task(statuses.run())
        cluster.away = True
        statuses.look_at("bank")
        await asyncio.sleep(1)
        cluster.away = False
        await asyncio.sleep(AGAIN_SECONDS + 1)
        running.cancel()

    run(main)
    assert cluster.written == ["bank/book"]
