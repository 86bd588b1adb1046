"""How much trouble there is in a seed, and how small everything is in it, so that it meets what only large things meet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from stepwright.asl.limits import Limits
from stepwright.cluster import record, revisions, told_visits, transitions
from stepwright.controllers import retention
from stepwright.engine import batch, kept_apart
from stepwright.tasks.job import releases, template

JOB_STAYS_SECONDS = 20
"""No request here is under way for longer."""
KEPT_REVISIONS = 1


@dataclass
class Climate:
    """How much trouble there is in a seed."""

    trouble_seconds: float
    faults: float
    """Of how many requests something goes wrong with one."""
    kills: int
    stops: int
    strikes: float
    """How likely a write is the moment of a strike, as long as there are any left."""
    operators: int
    joins: int
    """How many more operators come later."""
    leaves: int
    """How many are told to end, and come back as others."""
    jumps: int
    lag: tuple[float, ...]
    streams: tuple[float, float]
    page_bytes: int
    inline_bytes: int
    annotated_bytes: int
    transitions: int
    largest_bytes: int
    limits: Limits
    batch_events: int
    executions: int
    namespace_ends: bool

    @property
    def is_tight(self) -> bool:
        """Whether what the engine has to write may be too large for an object."""
        return self.largest_bytes < 100_000

    @classmethod
    def of(cls, random: Random) -> Climate:
        pick = random.choice
        # With a low limit all else must be small, so that what ends an execution plainly has room.
        tight = random.randrange(10) == 0
        return cls(
            trouble_seconds=pick((8, 15, 25)),
            faults=pick((0, 0, 0.03, 0.1, 0.25)),
            kills=pick((0, 1, 1, 2, 3)),
            stops=pick((0, 0, 1, 2)),
            strikes=pick((0.04, 0.1, 0.2)),
            operators=pick((1, 2, 2, 3)),
            joins=pick((0, 0, 1)),
            leaves=pick((0, 0, 1, 2)),
            jumps=pick((0, 0, 1, 3)),
            lag=pick(((0.0, 0.02), (0.01, 0.05, 0.3), (0.01, 1.0, 2.0))),
            streams=pick(((200, 400), (2, 20), (1, 60))),
            page_bytes=400 if tight else pick((400, 2_000, 48_000)),
            inline_bytes=pick((60, 200, 8_192)),
            annotated_bytes=pick((20, 32_768)),
            transitions=2 if tight else pick((2, 5, 50)),
            largest_bytes=10_000 if tight else 1_500_000,
            limits=Limits(events_per_step=pick((2, 5, 1_000)), payload_bytes=pick((1_500, 262_144))),
            batch_events=pick((1, 6, 2_000)),
            executions=pick((1, 1, 1, 2)),
            namespace_ends=random.randrange(60) == 0,
        )


@contextmanager
def constants(climate: Climate) -> Iterator[None]:
    """Sizes that make small executions do what large ones do: roll pages, store payloads, drop transitions."""
    changed: list[tuple[Any, str, int]] = [
        (record, "LARGEST_PAGE_BYTES", climate.page_bytes),
        (told_visits, "FULL_CHARACTERS", climate.page_bytes // 4),
        (transitions, "MOST_TRANSITIONS", climate.transitions),
        (transitions, "MOST_ENDED", min(climate.transitions, transitions.MOST_ENDED)),
        (kept_apart, "LONG_BYTES", climate.inline_bytes),
        (template, "LARGEST_ANNOTATED_INPUT_BYTES", climate.annotated_bytes),
        (releases, "STAYS_SECONDS", JOB_STAYS_SECONDS),
        (retention, "CHILD_STAYS_SECONDS", JOB_STAYS_SECONDS),
        (batch, "LARGEST_EVENTS_COUNT", climate.batch_events),
        (revisions, "KEPT", KEPT_REVISIONS),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in changed]
    for module, name, value in changed:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
