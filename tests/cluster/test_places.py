"""Namespaces as accounts, and what an ARN means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from stepwright.catalog.arns import Place
from stepwright.cluster.catalog.machine_names import machine_name, machine_object
from stepwright.cluster.places import ACCOUNT, Places, Spot, account_of
from tests.kube.server import says, serving, streams

ARN = "arn:aws:states:us-east-1:{}:stateMachine:order"


def namespace(name: str, created: str, account: str | None = None) -> Any:
    annotations = {} if account is None else {ACCOUNT: account}
    metadata = {"name": name, "uid": f"uid-{name}", "resourceVersion": "1", "creationTimestamp": created}
    return {"metadata": {**metadata, "annotations": annotations}}


@asynccontextmanager
async def listed(folder: Path, *found: Any) -> AsyncIterator[Places]:
    answers = [says(200, {"metadata": {"resourceVersion": "1"}, "items": found}), streams()]
    async with serving(folder, *answers) as (_, api):
        places = Places(api)
        running = asyncio.create_task(places.run())
        async with asyncio.timeout(30):
            await places.listed()
        yield places
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_an_account_is_made_of_the_name_and_never_changes() -> None:
    assert account_of("shop") == "640305502225"
    assert len({account_of(f"n{number}") for number in range(10_000)}) == 10_000


async def test_an_annotation_gives_a_namespace_the_account_that_it_had_on_aws(tmp_path: Path) -> None:
    found = (
        namespace("shop", "2026-01-01T00:00:00Z", "123456789012"),
        namespace("bank", "2026-01-01T00:00:00Z"),
    )
    async with listed(tmp_path, *found) as places:
        assert places.of("shop") == Place("123456789012", "us-east-1")
        assert places.of("bank") == Place(account_of("bank"), "us-east-1")
        assert places.of("none") is None
        assert places.all() == ["bank", "shop"]
        assert places.find(ARN.format("123456789012")) == Spot("shop", "stateMachine", ("order",))
        assert places.find(ARN.format(account_of("shop"))) is None
        assert places.find(ARN.format("shop")) == Spot("shop", "stateMachine", ("order",))


async def test_of_two_namespaces_with_one_account_the_older_one_has_it(tmp_path: Path) -> None:
    old, new = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    found = namespace("thief", new, account_of("shop")), namespace("shop", old), namespace("odd", old, "12")
    async with listed(tmp_path, *found) as places:
        assert places.find(ARN.format(account_of("shop"))) == Spot("shop", "stateMachine", ("order",))
        assert places.of("thief") is None
        assert places.find(ARN.format("thief")) is None
        assert places.of("odd") == Place(account_of("odd"), "us-east-1")


async def test_with_namespaces_given_no_others_are_there(tmp_path: Path) -> None:
    async with serving(tmp_path, says(200, {})) as (server, api):
        places = Places(api, "eu-west-1", ["shop"])
        assert places.synced
        assert places.of("shop") == Place(account_of("shop"), "eu-west-1")
        assert places.of("bank") is None
        assert server.requests == []


@pytest.mark.parametrize("name", ["order", "a.b", "order-7", "x" * 80])
def test_a_name_that_an_object_may_have_is_its_objects(name: str) -> None:
    assert machine_object(name) == name
    assert machine_name(name, None) == name


@pytest.mark.parametrize("name", ["Order", "order_7", "Bestellung-Größe", "-a", "a-", "\u202e", "x" * 300])
def test_another_name_has_an_object_of_its_own(name: str) -> None:
    object = machine_object(name)

    assert machine_object(object) == object
    assert len(object) <= 57
    assert machine_name(object, name) == name
    assert machine_name("another", name) == "another"  # whatever somebody has written there
    assert machine_object(name + "x") != object
