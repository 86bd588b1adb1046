"""Seeds in numbers: in all cores, with what came of them, and a failing one as people can read it."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import time
from collections import Counter

from tests.simulation import seeds
from tests.simulation.preparing import prepared
from tests.simulation.result import Result

_CHUNK = 50
_LAST_LINES = 60


def chunk(first: int, count: int) -> list[Result]:
    """Some seeds, one after the other; traces only of those that fail."""
    results = []
    with prepared() as unraisable:
        for seed in range(first, first + count):
            result = seeds.play(seed)
            result.violations += unraisable
            unraisable.clear()
            if not result.violations:
                result.trace = []
            results.append(result)
        gc.collect()
        if unraisable:
            results[-1].violations += [
                f"in one of seeds {first} to {first + count - 1}: {text}" for text in unraisable
            ]
    return results


def many(first: int, seeds: int, processes: int | None, failures: int) -> int:
    """Simulate and print a summary. The exit code."""
    processes = processes or os.cpu_count() or 1
    began = time.monotonic()
    chunks = [(at, min(_CHUNK, first + seeds - at)) for at in range(first, first + seeds, _CHUNK)]
    failed: list[Result] = []
    total: Counter[str] = Counter()
    done = 0
    shown = began
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for results in pool.imap_unordered(_chunk, chunks):
            for result in results:
                done += 1
                total.update(
                    requests=result.requests, kills=result.kills, stops=result.stops, ends=result.ends
                )
                total.update(twice=result.twice, late=result.late, events=result.events)
                total.update(result.outcomes)
                total.update(result.rare)
                total["seconds"] += round(result.seconds)
                if result.violations:
                    failed.append(result)
                    print(failure(result), flush=True)
            if time.monotonic() - shown > 60:
                shown = time.monotonic()
                print(f"{done:,} of {seeds:,} seeds, {done / (shown - began):.0f}/s", flush=True)
            if len(failed) >= failures:
                pool.terminate()
                break
    seconds = time.monotonic() - began
    print(
        f"{done:,} seeds in {seconds:.0f} s ({done / seconds:.0f}/s): {len(failed)} failed. "
        + ", ".join(f"{name} {count:,}" for name, count in sorted(total.items()))
    )
    return 1 if failed else 0


def _chunk(arguments: tuple[int, int]) -> list[Result]:
    """What happened in the end as text: the parts of an earlier version's process are known to it alone."""
    results = chunk(*arguments)
    for result in results:
        result.trace = [_readable(line) for line in result.trace[-_LAST_LINES:]]
    return results


def replay(seed: int, *, whole: bool) -> int:
    with prepared() as unraisable:
        result = seeds.play(seed)
        result.violations += unraisable
    for line in result.trace if whole else ():
        print(shown_line(line))
    print(
        failure(result)
        if result.violations
        else f"seed {seed}: {', '.join(result.outcomes) or 'nothing is left'}"
    )
    print(f"trace {fingerprint(result)}")
    return 1 if result.violations else 0


def failure(result: Result) -> str:
    lines = [f"seed {result.seed} failed: {'; '.join(result.violations)}"]
    lines += ["  " + shown_line(line) for line in result.trace[-_LAST_LINES:]]
    lines.append(f"replay: python -m tests.simulation --seed {result.seed} --trace")
    return "\n".join(lines)


def _readable(line: tuple[object, ...]) -> tuple[object, ...]:
    at, who, *what = line
    text = " ".join(
        part.decode() if isinstance(part, bytes) else str(part) for part in what if part is not None
    )
    return at, who, text[:400]


def shown_line(line: tuple[object, ...]) -> str:
    at, who, text = _readable(line)
    return f"{at:>9} {who:<8} {text}"


def fingerprint(result: Result) -> str:
    """Of everything that happened: two runs of a seed are the same when it is."""
    digest = hashlib.blake2b(digest_size=8)
    for line in result.trace:
        digest.update(repr(line).encode())
    return digest.hexdigest()
