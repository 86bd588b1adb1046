"""Tasks that workers take, through all the trouble of the simulation; and bugs in that are seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from stepwright.engine.engine import _Asleep
from stepwright.engine.open_tasks import OpenTasks
from stepwright.functions import offers
from stepwright.tasks.external import register, remains
from stepwright.tasks.external.driver import ExternalDriver
from tests.simulation import running
from tests.simulation.workers import WorkersWorld

pytestmark = pytest.mark.slow

CHUNK = 40
SEEDS = 80
MOST_FOR_A_BUG = 100


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_answer_of_a_worker_is_lost_and_no_task_is_handed_out_twice(first: int) -> None:
    failed, counts = [], Counter[str]()
    for seed in range(first, first + CHUNK):
        world = WorkersWorld.played(
            seed
        )  # not kept: each next one would be looked through with it for garbage
        failed += [running.failure(world.result)] if world.result.violations else []
        counts.update(world.watchman.outcomes)
        counts.update(world.closed)
        counts.update(accepted=len(world.accepted), kills=world.result.kills)

    assert not failed, "\n\n".join(failed)
    assert counts["accepted"] > 5
    assert min(counts[what] for what in ("Succeeded", "Expired", "Stopped", "kills")) > 0, counts


def tell_of_a_time_out_before_the_register_is_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OpenTasks, "expire", lambda _self, _timer: False)


def close_whatever_has_happened(patch: pytest.MonkeyPatch) -> None:
    closing = register.closing
    patch.setattr(register, "closing", lambda seen, reason: closing(seen, reason)[2:])


def claim_what_another_has(patch: pytest.MonkeyPatch) -> None:
    claiming = offers.claiming
    patch.setattr(
        offers, "claiming", lambda *given: [each for each in claiming(*given) if each["op"] != "test"]
    )


def stop_nothing(patch: pytest.MonkeyPatch) -> None:
    async def stop(*_: Any) -> None:
        pass

    patch.setattr(ExternalDriver, "stop", stop)


def hear_nothing_of_parked_executions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Asleep, "post", lambda _self, _reported: None)


def look_after_nothing_that_is_left(patch: pytest.MonkeyPatch) -> None:
    async def look_at(*_: Any) -> None:
        pass

    patch.setattr(remains.Remains, "_look_at", look_at)


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        (tell_of_a_time_out_before_the_register_is_closed, "answered"),
        (close_whatever_has_happened, "went from"),
        (claim_what_another_has, "went from"),
        (stop_nothing, "has settled"),
        (look_after_nothing_that_is_left, "is there"),
        (hear_nothing_of_parked_executions, "not at rest"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bug_is_seen_soon(bug: Callable[[pytest.MonkeyPatch], None], words: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        bug(monkeypatch)
        for seed in range(MOST_FOR_A_BUG):
            if any(words in violation for violation in WorkersWorld.played(seed).result.violations):
                return
    raise AssertionError(f"not seen in {MOST_FOR_A_BUG} seeds")
