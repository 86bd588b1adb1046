"""What the API is made of is loaded once, by the first who needs it, while everything else goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import botocore.loaders
import pytest

from stepwright.api import dispatch, model
from stepwright.api.own_calls import of_any_task
from stepwright.catalog.ports import CallRefused
from tests.api.services import a_task, service


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """In which threads the model of AWS's API is loaded from here on."""
    threads: list[int] = []
    load = botocore.loaders.Loader.load_service_model

    def loaded(self: Any, *arguments: Any) -> Any:
        threads.append(threading.get_ident())
        return load(self, *arguments)

    monkeypatch.setattr(botocore.loaders.Loader, "load_service_model", loaded)
    for cache in (model.service, model.input_shape, model.output_shape):
        cache.cache_clear()
    yield threads
    assert model.is_loaded()


async def test_the_first_requests_do_not_hold_the_loop(loading: list[int]) -> None:
    same = service()

    replies = await asyncio.gather(
        *(dispatch.dispatch(same, f"{model.TARGET}DescribeActivity", b"{}") for _ in range(3))
    )

    assert [reply.error for reply in replies] == ["ValidationException"] * 3
    assert len(loading) == 1
    assert loading[0] != threading.get_ident()


async def test_nor_does_a_task_that_calls_before_any_request(loading: list[int]) -> None:
    same = service()

    with pytest.raises(CallRefused, match="There is no parameter 'Wrong'"):
        await of_any_task(same).call(
            "describeActivity",
            {"Wrong": 1},
            by=a_task(same.place),
            caller=same.caller,
            moment=lambda moment: moment,
        )

    assert len(loading) == 1
    assert loading[0] != threading.get_ident()
