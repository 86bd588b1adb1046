"""What a task gets that lists the executions of a state machine."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from stepwright.asl.signals import TaskId
from stepwright.asl.step import Status
from stepwright.catalog.ports import CallingTask, Cursor, NoSuchCursor, Page
from stepwright.catalog.records import Execution
from stepwright.cluster.nested import listing
from stepwright.cluster.nested.asking import Asking
from stepwright.engine.ports import ExecutionRef, Refused, Uid
from stepwright.kube.api import Api

BY = CallingTask(ExecutionRef(Uid("u-1"), "shop", "parent", "order"), TaskId(3), None, waits=False)


class Server:
    """Lists in the order of names, three a page."""

    def __init__(self, *executions: dict[str, Any]) -> None:
        self.executions = executions
        self.asked: list[dict[str, Any]] = []

    async def request(self, _method: str, _path: str, params: dict[str, Any], **_: Any) -> bytes:
        self.asked.append(dict(params))
        at = int(params.get("continue", 0))
        more = {"continue": str(at + 3)} if at + 3 < len(self.executions) else {}
        return json.dumps({"metadata": more, "items": self.executions[at : at + 3]}).encode()


def execution(name: str, second: int, ended: int | None = None) -> dict[str, Any]:
    status = {"phase": "Running", "startTime": f"2026-01-01T00:00:{second:02}.000Z"}
    if ended is not None:
        status |= {"phase": "Succeeded", "endTime": f"2026-01-01T00:00:{ended:02}.000Z", "output": "{}"}
    return {
        "metadata": {
            "namespace": "shop",
            "name": name,
            "uid": name,
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"stateMachineRef": {"name": "ship"}, "input": {"large": "x" * 100}},
        "status": status,
    }


async def listed(
    server: Server, status: Status | None = None, after: Cursor | None = None, limit: int = 2
) -> Page[Execution]:
    asking = Asking(lambda _: (cast(Api, server), "clerk"))
    return await listing.executions(asking, BY, "shop", "ship", status, after, limit)


async def test_the_newest_come_first_by_their_end_or_else_their_start_however_they_are_called() -> None:
    server = Server(
        execution("a", 1, ended=9),
        execution("b", 5),
        execution("c", 2),
        execution("d", 7),
        execution("e", 3, ended=4),
    )
    names: list[str] = []
    after: Cursor | None = None
    while True:
        page = await listed(server, after=after)
        names += [each.name for each in page.items]
        after = page.next
        if after is None:
            break

    assert names == ["a", "d", "b", "e", "c"]
    assert {each.input for each in (await listed(server, limit=9)).items} == {"{}"}


@pytest.mark.parametrize(
    ("status", "phases"),
    [
        (None, ""),
        ("FAILED", ",status.phase=Failed"),
        ("TIMED_OUT", ",status.phase=TimedOut"),
        # Those that wait to begin, too.
        (
            "RUNNING",
            ",status.phase!=Succeeded,status.phase!=Failed,status.phase!=TimedOut,status.phase!=Aborted",
        ),
    ],
)
async def test_the_api_server_sends_only_those_that_are_asked_for(status: Status | None, phases: str) -> None:
    server = Server()
    await listed(server, status)

    assert server.asked[0]["fieldSelector"] == f"spec.stateMachineRef.name=ship{phases}"
    assert server.asked[0]["labelSelector"] == "!stepwright.dev/map-shard"


async def test_more_than_a_task_can_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_READ", 4)
    with pytest.raises(Refused, match="give a StatusFilter"):
        await listed(Server(*(execution(name, 1) for name in "abcde")))


@pytest.mark.parametrize("cursor", ["", "x/y", "-1/a", "12"])
async def test_a_cursor_of_another_list_is_none_of_this(cursor: str) -> None:
    with pytest.raises(NoSuchCursor):
        await listed(Server(), after=Cursor(cursor))
