"""Rounds through what has ended: what is looked at, how often, and what is kept of it."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec

from stepwright.cluster import seal
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.retention import Retention
from stepwright.controllers.rounds import Rounds
from stepwright.controllers.state_machine_watch import Key, Policy
from stepwright.controllers.wanted_rounds import WantedRounds
from stepwright.engine.ports import Uid
from stepwright.kube.api import Api
from stepwright.kube.api_errors import BadRequest, NotFound, Unreachable
from tests.engine.virtual_loop import VirtualClock, run
from tests.simulation import tables


def execution(number: int, *, machine: str = "m", bulk: int = 0, **status: Any) -> dict[str, Any]:
    uid = f"uid-{number}"
    said = {
        "phase": "Succeeded",
        "seq": 2,
        "settled": True,
        "observedGeneration": 1,
        "endTime": "2026-01-01T00:00:00Z",
        "history": ["x" * bulk],
        **status,
    }
    return {
        "metadata": {"namespace": "shop", "name": f"e{number}", "uid": uid, "generation": 1},
        "spec": {"stateMachineRef": {"name": machine}},
        "status": {**said, "seal": str(seal.of(uid, said))} | status,
    }


class Cluster(Api):
    """Serves executions page by page."""

    def __init__(self, executions: list[dict[str, Any]]) -> None:
        self._texts = [msgspec.json.encode(each) for each in executions]
        self.has_columns = True
        self.answered_bytes = 0
        self.gone = ""
        self.read: list[str] = []
        self.asked: list[tuple[float, str, str]] = []
        self.deleted: list[str] = []
        self.fails: list[Exception] = []

    async def request(
        self, method: str, path: str, params: Any = None, *_: Any, accept: str | None = None, **__: Any
    ) -> bytes:
        await asyncio.sleep(0.01)
        if method == "DELETE":
            self.deleted.append(path.rsplit("/", 1)[1])
            return b"{}"
        if params is None:
            if path.endswith(f"/{self.gone}"):
                raise NotFound(404, "NotFound", "gone")
            self.read.append(path.rsplit("/", 1)[1])
            return next(text for text in self._texts if f'"{self.read[-1]}"'.encode() in text)
        at = int(params.get("continue") or 0)
        if not at:
            moment = round(asyncio.get_running_loop().time(), 1)
            self.asked.append((moment, path, params.get("fieldSelector", "")))
        if self.fails:
            raise self.fails.pop(0)
        end = at + params["limit"]
        token = str(end) if end < len(self._texts) else ""
        answer = self._page(self._texts[at:end], {"resourceVersion": "1", "continue": token}, accept)
        self.answered_bytes += len(answer)
        return answer

    def stream(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nothing is watched here")

    def as_service_account(self, *_: Any) -> Any:
        raise AssertionError("nobody else asks here")

    def _page(self, texts: list[bytes], metadata: dict[str, str], accept: str | None) -> bytes:
        if not tables.is_asked_for(accept):
            return msgspec.json.encode({"metadata": metadata, "items": [msgspec.Raw(each) for each in texts]})
        bodies = [msgspec.json.decode(each) for each in texts]
        answer = tables.answer("executions", bodies, metadata=metadata)
        return answer if self.has_columns else answer.replace(b'"Seal"', b'"Age"')


def played(
    cluster: Cluster,
    script: Callable[[WantedRounds], Any],
    *,
    policy: Policy = Policy(),  # noqa: B008 - frozen
    seconds: float = 30,
    namespaces: tuple[str, ...] = (),
    holds: Callable[[Uid], bool] = lambda _: False,
) -> list[Seen]:
    """What was reported as astray."""
    astray: list[Seen] = []

    async def main() -> None:
        def said_by(_: Key) -> Policy:
            return policy

        retention = Retention(cluster, VirtualClock(), said_by)
        wanted = WantedRounds(VirtualClock())
        rounds = Rounds(cluster, wanted, retention, astray.append, namespaces, holds)
        tasks = [asyncio.create_task(rounds.run()), asyncio.create_task(retention.run())]
        await script(wanted)
        await asyncio.sleep(seconds)
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(main)
    return astray


async def nothing(_: WantedRounds) -> None:
    """Only what rounds do by themselves."""


ALL = "/apis/stepwright.dev/v1/executions"
SHOP = "/apis/stepwright.dev/v1/namespaces/shop/executions"


def test_all_are_looked_at_at_the_start_and_within_the_hour() -> None:
    cluster = Cluster([])
    played(cluster, nothing, seconds=7300)

    assert [(path, selector) for _, path, selector in cluster.asked] == [(ALL, "status.settled=true")] * 3
    assert cluster.asked[0][0] <= 5


def test_each_namespace_that_is_served_is_looked_at() -> None:
    cluster = Cluster([])
    played(cluster, nothing, namespaces=("shop", "bank"))

    assert [path.split("/")[5] for _, path, _ in cluster.asked] == ["shop", "bank"]


def test_what_is_due_is_deleted() -> None:
    cluster = Cluster([execution(number) for number in range(50)])
    played(cluster, nothing, policy=Policy(ttl_seconds=1))

    assert sorted(cluster.deleted) == sorted(f"e{number}" for number in range(50))


def test_a_tenant_that_changes_its_retention_all_the_time_makes_one_list_a_minute() -> None:
    cluster = Cluster([])

    async def script(wanted: WantedRounds) -> None:
        for _ in range(300):
            wanted.look_at(("shop", "m"))
            await asyncio.sleep(1)

    played(cluster, script, seconds=0)

    own = [moment for moment, _, selector in cluster.asked if "stateMachineRef" in selector]
    assert len(own) == 5
    assert min(after - before for before, after in pairwise(own)) >= 60
    assert cluster.asked[0][1:] == (SHOP, "status.settled=true,spec.stateMachineRef.name=m")


def test_of_what_is_looked_at_nothing_is_kept_but_what_falls_due_soon() -> None:
    """All of 2,000 executions of 20 KB were held at once."""
    cluster = Cluster([execution(number, bulk=20_000) for number in range(2_000)])
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    played(cluster, nothing, policy=Policy(ttl_seconds=365 * 24 * 3600))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak - before < 16 * 2**20


def test_of_each_that_has_settled_a_row_of_a_table_is_read() -> None:
    """All of 350,000 of 15 KB were read each hour, by each replica: five gigabytes."""
    cluster = Cluster([execution(number, bulk=20_000) for number in range(200)])
    played(cluster, nothing)

    assert cluster.answered_bytes < 200 * 1_000
    assert cluster.read == []


def test_before_the_crd_has_the_columns_they_are_read_whole() -> None:
    edited = execution(1)
    edited["status"]["phase"] = "Failed"
    cluster = Cluster([execution(0), edited])
    cluster.has_columns = False
    astray = played(cluster, nothing, policy=Policy(ttl_seconds=1))

    assert sorted(cluster.deleted) == ["e0", "e1"]
    assert [seen.metadata.name for seen in astray] == ["e1"]


def test_one_that_is_gone_before_it_is_read_whole_is_left_alone() -> None:
    edited = execution(1)
    edited["status"]["phase"] = "Failed"
    cluster = Cluster([execution(0), edited, execution(2)])
    cluster.gone = "e1"
    assert played(cluster, nothing, policy=Policy(ttl_seconds=1)) == []
    assert len(cluster.asked) == 1


def test_what_somebody_has_edited_or_changed_after_its_end_is_told() -> None:
    edited = execution(1)
    edited["status"]["phase"] = "Failed"
    changed = execution(2)
    changed["metadata"]["generation"] = 2
    astray = played(Cluster([execution(0), edited, changed]), nothing)

    assert [seen.metadata.name for seen in astray] == ["e1", "e2"]


def test_what_has_settled_and_whose_jobs_nobody_has_let_go_is_told() -> None:
    """Whoever carried it ended just then. Without it they would stay until the audit of Jobs, a minute later."""
    astray = played(Cluster([execution(0), execution(1)]), nothing, holds=lambda uid: uid == "uid-1")

    assert [seen.metadata.name for seen in astray] == ["e1"]


def test_a_round_that_fails_is_made_again() -> None:
    cluster = Cluster([execution(0)])
    cluster.fails = [Unreachable("no answer", outcome_unknown=False)] * 2
    played(cluster, nothing, policy=Policy(ttl_seconds=1), seconds=60)

    assert cluster.deleted == ["e0"]


def test_before_the_crd_knows_the_field_all_are_looked_at() -> None:
    """In the middle of an upgrade."""
    running = execution(1, phase="Running", settled=False)
    cluster = Cluster([execution(0), running])
    cluster.fails = [BadRequest(400, "BadRequest", 'field label not supported: "status.settled"')]
    played(cluster, nothing, policy=Policy(ttl_seconds=1), seconds=60)

    assert [selector for _, _, selector in cluster.asked[:2]] == ["status.settled=true", ""]
    assert cluster.deleted == ["e0"]
