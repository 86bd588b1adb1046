"""Quotas on what is stored: said in the conditions, taken back, and never in the way of an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.engine.ports import Denied
from tests.cluster.test_pages import REF, commit, opened, requests, until
from tests.kube.server import Server, problem, says

FORBIDDEN = (
    'executionhistories.stepwright.dev "x" is forbidden: exceeded quota: pages, used: count/x=5, limited: 5'
)
FULL = problem(403, "Forbidden", FORBIDDEN)


def patched(server: Server) -> dict[str, Any]:
    """By path, what the last patch says."""
    last = [
        body
        for body, request in zip(server.bodies, server.requests, strict=True)
        if request.method == "PATCH"
    ]
    return {operation["path"]: operation.get("value") for operation in msgspec.json.decode(last[-1])}


async def test_a_quota_is_told_from_a_right(tmp_path: Path) -> None:
    async with opened(tmp_path, FULL) as (_, journal):
        with pytest.raises(Denied, match="exceeded quota: pages") as caught:
            for seq in range(
                4
            ):  # the first ones go on while the page is copied, as long as the status has room
                await journal.append(REF, commit(seq))

    assert caught.value.quota


async def test_why_it_waits_stands_in_the_conditions_until_the_next_commit(tmp_path: Path) -> None:
    async with opened(tmp_path, says(201, {})) as (server, journal):
        await journal.append(REF, commit(0))
        await until(lambda: requests(server) == ["PATCH", "POST"])
        await journal.explain(REF, FORBIDDEN, Millis(2000))

        said = patched(server)
        assert (said["/metadata/uid"], said["/status/seq"]) == ("e-1", 1)
        ready = next(each for each in said["/status/conditions"] if each["type"] == "Reconciling")
        assert (ready["status"], ready["reason"]) == ("True", "CannotBeWritten")
        assert FORBIDDEN in ready["message"]

        await journal.append(REF, commit(1))
        reasons = {each["reason"] for each in patched(server)["/status/conditions"]}
        assert reasons == {"Running"}

        await journal.append(REF, commit(2))
        assert "/status/conditions" not in patched(server)


async def test_an_execution_can_end_while_no_page_can_be_stored(tmp_path: Path) -> None:
    async with opened(tmp_path, FULL) as (server, journal):
        await journal.append(REF, commit(0))
        await journal.append(REF, commit(1, outcome=Outcome("SUCCEEDED", output=JsonText("{}"))))

        said = patched(server)
        assert said["/status/phase"] == "Succeeded"
        assert "/status/historyPage" not in said
