"""The end of an execution that no engine carries fits the history that it had."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from stepwright.cluster import conditions
from stepwright.cluster.stored import of
from stepwright.cluster.uncarried import Refusals
from stepwright.engine.clock import SystemClock
from stepwright.kube.api import Api


class Patched:
    """Takes every patch."""

    def __init__(self) -> None:
        self.patch: list[dict[str, Any]] = []

    async def change(self, path: str, patch: Any) -> None:  # noqa: ARG002
        self.patch = patch


@pytest.mark.parametrize(
    ("status", "last"),
    [
        ({"history": ['{"id":15}', '{"id":16}'], "historyPage": {"firstEventId": 15}}, 16),
        # A page was copied to an ExecutionHistory, and nothing has come after it yet.
        ({"history": [], "historyPage": {"previous": "u-1-16", "firstEventId": 17}}, 16),
        ({"history": ["edited"]}, 0),
    ],
)
def test_its_last_event_follows_the_newest_that_is_known(status: dict[str, Any], last: int) -> None:
    api = Patched()
    begun = {"phase": "Running", "seq": 4, "commitId": "c", "startTime": "2026-01-01T00:00:00Z", **status}
    spec = {"stateMachineRef": {"name": "m"}}
    body = {
        "spec": spec,
        "metadata": {"namespace": "default", "name": "e0", "uid": "u", "generation": 1},
        "status": begun,
    }
    refusals = Refusals(cast("Api", api), SystemClock())

    assert asyncio.run(refusals.fail(of(body), conditions.FAILED, "States.Runtime", "lost"))
    [written] = [each["value"] for each in api.patch if each["path"].startswith("/status/history")]
    event = json.loads(written if isinstance(written, str) else written[-1])
    assert (event["type"], event["id"], event["previousEventId"]) == ("ExecutionFailed", last + 1, last)
