"""What ItemReaders read of a cluster: the objects of a list, and what is in one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec
import pytest

from stepwright.asl.resource import ITEM_READER
from stepwright.engine.clock import SystemClock
from stepwright.kube.api import Api
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.as_tasks import AsTasks
from stepwright.tasks.calls.deferred import DeferredFiles
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.calls.remote_files import RemoteFiles
from stepwright.tasks.kubernetes.integration import Kubernetes
from stepwright.tasks.map_data.integration import MapData
from tests.simulation.api_server import ApiServer, Request
from tests.tasks.kubernetes.played import CONFIG_MAP, REF, Direct
from tests.tasks.map_data.test_map_files import NoServices, Reader
from tests.tasks.start_tasks import start_task


class Paged(Direct):
    """Gives lists by pages, as a real API server does and that of the simulation does not."""

    def as_service_account(self, namespace: str, name: str) -> Api:
        return Paged(self.server, f"{namespace}/{name}", self.root)

    async def request(self, method: str, path: str, params: Any = None, *args: Any, **more: Any) -> bytes:
        answer = await super().request(method, path, params, *args, **more)
        if not params or "limit" not in params:
            return answer
        found = msgspec.json.decode(answer)
        first = int(params.get("continue", 0))
        end = first + params["limit"]
        if end < len(found["items"]):
            found["metadata"]["continue"] = str(end)
        found["items"] = found["items"][first:end]
        return msgspec.json.encode(found)


class Cluster(Reader):
    def __init__(self, integration: MapData, server: ApiServer, api: Direct) -> None:
        super().__init__(integration, {}, REF)
        self.server = server
        self.api = api

    def put(self, name: str, **data: str) -> None:
        self.server.create("configmaps", "shop", {"metadata": {"name": name}, "data": data})

    def wants(self, verb: str, config: dict[str, Any] | None = None, **parameters: Any) -> None:
        self.wanted = {"Resource": f"k8s:{verb}", "Parameters": parameters, "ReaderConfig": config or {}}


def no_urls() -> RemoteFiles:
    raise AssertionError


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    server = ApiServer(Random(1))
    api = Paged(server)
    objects = AsTasks(Kubernetes(Accounts(api), SystemClock()).read)
    integration = MapData(NoServices(), DeferredFiles(no_urls), objects=objects)
    try:
        yield Cluster(integration, server, api)
    finally:
        await integration.close()


async def test_the_objects_of_a_list_are_items_page_by_page_as_the_account() -> None:
    async with cluster() as here:
        for n in range(11):
            here.put(f"c{n:02}")
        here.wants("list", None, **CONFIG_MAP, limit=2, select=["metadata.name"])
        items = await here.items()

        assert items == [{"metadata": {"name": f"c{n:02}"}} for n in range(11)]
        assert await here.windows() == items
        assert {"limit": 2, "continue": "10"} in [request.params for request in here.api.requests]
        assert {request.account for request in here.api.requests} == {"shop/clerk"}


async def test_what_is_in_a_config_map_is_read_as_its_input_type_says() -> None:
    async with cluster() as here:
        here.put("prices", **{"prices.csv": "item,price\ntea,3\ncake,4\n"})
        csv = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "ItemsPointer": "/data/prices.csv"}
        here.wants("get", csv, **CONFIG_MAP, name="prices")

        assert await here.items() == [{"item": "tea", "price": "3"}, {"item": "cake", "price": "4"}]


async def test_an_object_that_is_changed_while_a_map_reads_it_fails_the_map() -> None:
    async with cluster() as here:
        here.put("numbers", lines="\n".join(map(str, range(30))))
        here.wants("get", {"InputType": "JSONL", "ItemsPointer": "/data/lines"}, name="numbers", **CONFIG_MAP)
        assert await here.windows() == list(range(30))

        def change() -> None:
            path = "/api/v1/namespaces/shop/configmaps/numbers"
            here.server.handle(
                Request("PATCH", path, {}, b'{"data": {"x": "y"}}', "application/merge-patch+json", "a")
            )

        with pytest.raises(CallFailed) as failed:
            await here.windows(change)
        assert failed.value.cause == "The object was changed while it was read."


async def test_a_list_in_an_object_is_the_items() -> None:
    async with cluster() as here:
        here.server.create(
            "pods", "shop", {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}}
        )
        here.wants("get", {"ItemsPointer": "/spec/containers"}, apiVersion="v1", kind="Pod", name="p")

        assert await here.items() == [{"name": "a"}]


@pytest.mark.parametrize(
    ("pointer", "cause"),
    [
        ("/data/x", "ItemsPointer refers to nothing: /data/x"),
        ("/metadata", "Attempting to map over non-iterable node."),
    ],
)
async def test_what_the_object_does_not_have_is_told(pointer: str, cause: str) -> None:
    async with cluster() as here:
        here.put("prices")
        here.wants("get", {"ItemsPointer": pointer}, name="prices", **CONFIG_MAP)

        assert await here.failure() == cause


async def test_what_the_api_refuses_fails_the_map() -> None:
    async with cluster() as here:
        here.wants("get", None, **CONFIG_MAP, name="missing")

        assert (await here.failure()).startswith("Kubernetes.NotFound: ")


async def test_files_of_volumes_are_not_read_and_the_reason_says_what_to_do() -> None:
    async with cluster() as here:
        here.wanted = {"Resource": "file:read", "Parameters": {"Path": "a.csv"}, "ReaderConfig": {}}

        assert "A Job that mounts it can put the file into object storage" in await here.failure()


async def test_without_a_cluster_none_is_read() -> None:
    integration = MapData(NoServices(), DeferredFiles(no_urls))
    wanted: Any = {"Resource": "k8s:list", "Parameters": {**CONFIG_MAP}, "ReaderConfig": {}}
    with pytest.raises(CallFailed) as failed:
        await integration.begin(Call(REF, start_task(ITEM_READER, wanted)))
    assert failed.value.cause == "k8s:list reads objects of a cluster, and there is none here."
    await integration.close()
