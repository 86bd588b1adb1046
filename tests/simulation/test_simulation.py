"""Executions under faults come to rest, and are as an undisturbed run could have left them: many seeds of it."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from random import Random

import pytest

import stepwright
from tests.simulation import loop, preparing, running, seeds
from tests.simulation.loop import SimulationLoop
from tests.simulation.result import FORESEEN, Result

OPERATOR = Path(stepwright.__file__).parent

pytestmark = pytest.mark.slow

SEEDS = 2_000
CHUNK = 100


@functools.cache
def results(first: int) -> list[Result]:
    return running.chunk(first, CHUNK)


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_seeds(first: int) -> None:
    failed = [running.failure(result) for result in results(first) if result.violations]

    assert not failed, "\n\n".join(failed)


def played(seed: int) -> Result:
    with preparing.prepared():
        return seeds.play(seed)


@functools.cache
def fingerprints() -> str:
    """Of some seeds, played after others in this process, whose hashes are its own."""
    played(5)
    return str([running.fingerprint(played(seed)) for seed in range(20)])


def test_a_seed_that_fails_is_shown_whatever_its_trace_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Signals of an earlier version cannot be handed from process to process, and took all other results with them."""

    class Signal:
        def __str__(self) -> str:
            return "a signal"

    def play(seed: int) -> Result:
        return Result(seed, ["it went wrong"] if seed == 3 else [], [(1.5, "a1", "reports", b"u1", Signal())])

    monkeypatch.setattr(seeds, "play", play)

    assert running.many(first=0, seeds=10, processes=1, failures=5) == 1
    shown = capsys.readouterr().out
    assert "seed 3 failed: it went wrong" in shown
    assert "reports u1 a signal" in shown
    assert "10 seeds in" in shown


def test_the_same_seed_gives_the_same_trace() -> None:
    assert str([running.fingerprint(played(seed)) for seed in range(20)]) == fingerprints()


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_traces_do_not_depend_on_hashes_or_on_what_ran_before(hash_seed: str) -> None:
    """Sets and ids differ from process to process."""
    code = (
        "from tests.simulation import preparing, running, seeds\n"
        "with preparing.prepared():\n"
        "    print([running.fingerprint(seeds.play(seed)) for seed in range(20)])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == fingerprints()


def test_no_thread_runs_beside_a_simulation() -> None:
    """Long definitions are compiled in one; how far all else had come by then was up to the machine."""

    async def main(_: SimulationLoop) -> int:
        return await asyncio.to_thread(threading.get_ident)

    assert loop.run(Random(0), main) == threading.get_ident()


def test_seeds_hold_all_kinds_of_trouble() -> None:
    """A simulation in which nothing goes wrong would find nothing."""
    played = [result for first in range(0, 4 * CHUNK, CHUNK) for result in results(first)]
    outcomes = {outcome for result in played for outcome in result.outcomes}

    assert {"Succeeded", "Failed", "Aborted", "TimedOut"} <= outcomes
    assert sum(result.kills for result in played) > 50
    assert sum(result.stops for result in played) > 30
    rare = sum((result.rare for result in played), Counter())
    upgrades = {"rolling upgrades forth", "rolling upgrades back"}
    if any("left out" in kind for kind in rare):
        upgrades = {kind for kind in rare if "left out" in kind}  # a checkout without its history
    assert set(rare) == upgrades | {
        "restores",
        "large executions",
        "second installations",
        "foreign Leases",
        "rights taken away",
        "hours of skew",
        "state machines changed",
        "work outside of the cluster",
        "executions started by tasks",
        "Maps in shards",
        "Maps given other bounds",
        "tasks of workers",
        "redrives asked for",
        "redrives from a state",
    }
    assert min(count for kind, count in rare.items() if kind not in upgrades) > 8
    assert sum(rare[kind] for kind in upgrades) > 8


def test_what_is_foreseen_in_the_log_is_what_the_operator_says() -> None:
    """One of its sentences had been worded anew, so that an execution which is too large for etcd failed its seed."""
    sources = "".join(file.read_text() for file in OPERATOR.rglob("*.py"))

    assert [sentence for sentence in FORESEEN if f'"{sentence}"' not in sources] == []


def test_a_failing_seed_is_shown_with_its_last_events_and_how_to_replay_it() -> None:
    result = played(3)
    result.violations.append("the moon is missing")
    shown = running.failure(result)

    assert shown.startswith("seed 3 failed: the moon is missing")
    assert all(running.shown_line(event) in shown for event in result.trace[-20:])
    assert re.search(r"^ +[0-9.]+ [ab]\d +(PATCH|PUT|DELETE) /apis/\S+ ok", shown, re.MULTILINE)
    assert shown.endswith("replay: python -m tests.simulation --seed 3 --trace")
