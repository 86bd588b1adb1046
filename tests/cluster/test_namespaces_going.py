"""An Execution whose namespace is being deleted, where the operator's Role there went first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.stored import Pinned, of
from stepwright.engine.ports import Denied, ExecutionRef, Gone, Uid, Unavailable
from tests.cluster.test_pages import NEW, REVISION, commit
from tests.cluster.test_pages import REF as STARTED
from tests.kube.server import Answer, problem, says, serving

REF = ExecutionRef(Uid("u1"), "shop", "order-7", "order")
GOING = {"metadata": {"name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
THERE = {"metadata": {"name": "shop"}}


async def read(folder: Path, namespace: Answer) -> None:
    async with serving(folder, problem(403, "Forbidden"), namespace) as (_, api):
        await ClusterJournal(api, Revisions(api)).read_lean(REF)


@pytest.mark.parametrize("namespace", [problem(404, "NotFound"), says(200, GOING)], ids=["gone", "going"])
def test_it_is_gone_with_its_namespace(tmp_path: Path, namespace: Answer) -> None:
    """The operator asked for it every ten seconds for ever, and its state machine kept the namespace meanwhile."""
    with pytest.raises(Gone, match="the namespace of Execution shop/order-7 is being deleted"):
        asyncio.run(read(tmp_path, namespace))


@pytest.mark.parametrize("namespace", [says(200, THERE), problem(403, "Forbidden")], ids=["there", "unknown"])
def test_it_is_only_out_of_reach_where_a_right_is_missing(tmp_path: Path, namespace: Answer) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(read(tmp_path, namespace))


def test_a_commit_of_which_nobody_may_read_whether_it_has_landed_is_not_denied(tmp_path: Path) -> None:
    """An execution that somebody stopped meanwhile failed for that, though another operator carried it."""

    async def main() -> None:
        answers = (
            says(200, REVISION),
            problem(422, "Invalid", "the test in the patch has failed"),
            problem(403, "Forbidden"),
            says(200, THERE),
        )
        async with serving(tmp_path, *answers) as (_, api):
            journal = ClusterJournal(api, Revisions(api))
            await journal.open(of(NEW), Pinned("order", "u-1", REVISION["metadata"]["name"]))
            await journal.append(STARTED, commit(0))

    with pytest.raises(Unavailable) as caught:
        asyncio.run(main())
    assert not isinstance(caught.value, Denied)
