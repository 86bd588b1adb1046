"""Which revisions may go, and how they are called."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from stepwright.asl.machine import Machine
from stepwright.cluster import revisions
from stepwright.cluster.resources.model import DNS_NAME
from stepwright.engine import readings
from stepwright.engine.compiled import MOST_CHARACTERS

LISTED = [(number, f"r{number}") for number in range(1, 21)]


def test_the_newest_ten_that_nothing_runs_stay() -> None:
    assert revisions.superfluous(LISTED, {"r20"}) == [f"r{number}" for number in range(9, 0, -1)]


def test_what_is_in_use_stays_and_is_not_counted() -> None:
    gone = revisions.superfluous(LISTED, {"r20", "r1", "r2"})

    assert gone == [f"r{number}" for number in range(9, 2, -1)]


def test_few_revisions_all_stay() -> None:
    assert revisions.superfluous(LISTED[:10], set()) == []


@pytest.mark.parametrize("name", ["order", "a" * 253, "a" * 199 + ".b", "a" * 198 + "-.b" * 9, "1.2"])
def test_long_names_of_state_machines_give_valid_names_and_labels(name: str) -> None:
    made = revisions.name_of(name, "u-1", {})

    assert len(made) <= 253
    assert re.fullmatch(DNS_NAME, made)
    assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", revisions.label_of(name))


def test_machines_of_long_definitions_are_not_kept_by_the_thousand() -> None:
    """Of such a thousand, which one tenant may write, no process had the memory."""
    api: Any = None
    stored = revisions.Revisions(api)
    for number in (*range(100), 99):
        stored.keep("shop", revisions.Revision(f"r{number}", Machine(scopes={}), {}, 1_000_000))

    kept = [name for _, name in stored._compiled]
    assert kept == [f"r{number}" for number in range(100 - MOST_CHARACTERS // 1_000_000, 100)]


class Silent:
    """An API server that never answers."""

    async def get(self, *_: Any, **__: Any) -> None:
        await asyncio.Event().wait()


async def test_nothing_is_asked_any_more_once_the_operator_has_ended() -> None:
    """A question that several share goes on when one of them gives up."""
    api: Any = Silent()
    stored = revisions.Revisions(api)
    asking = asyncio.create_task(stored.find("shop", "r1", readings.read()))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait((asking,))
    assert stored._finding

    await stored.close()

    assert not stored._finding
