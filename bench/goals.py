"""What is to be reached, as ratios: the lines of the table in docs/performance.md, in its order.

A ratio compares two figures of one run, or a figure with its goal where the goal is a size or a time of its own
("/ 2 GiB"), or counts what does not depend on the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Bound = Literal["at most", "at least"]

COUNTED: Final = 0.05
"""What is counted varies only where two signals happen to share a write."""
SIZED: Final = 0.2
TIMED: Final = 0.3
"""Twice the spread seen between runs of one state of the code on two cores that other work shared: 10 to 15 percent."""
PROCESSOR_TIMED: Final = 0.15
"""Likewise, where both figures are processor time of our own, which other work disturbs less: 3 to 7 percent. Moto's varies
by up to 15."""
BRIEF: Final = 1.0
"""Where one of the two figures is a few hundredths of a second: such ratios were seen to double."""


@dataclass(frozen=True, slots=True)
class Goal:
    """``tolerance``: by which share a ratio may be worse than the recorded one before that counts as a regression."""

    bound: Bound
    value: float
    tolerance: float = TIMED

    def met(self, ratio: float) -> bool:
        return ratio <= self.value if self.bound == "at most" else ratio >= self.value

    def allowed(self, recorded: float | None) -> float:
        """The worst ratio that passes: the goal, or, where it is stricter, the recorded ratio with its tolerance."""
        if recorded is None:
            return self.value
        if self.bound == "at most":
            return min(self.value, recorded * (1 + self.tolerance))
        return max(self.value, recorded / (1 + self.tolerance))


# By subject of ``python -m bench``, which is what measures them.
_TASKS: Final = {
    "one task, real node / bare Job": Goal("at most", 0.6),
    "five tasks in a row, real node / one task": Goal("at most", 5.2),
    "burst of 40, real node: rate / bare Jobs": Goal("at least", 1.0),
    "writes per one-task execution": Goal("at most", 4.0, COUNTED),
}
_TASKS_KWOK: Final = {
    "one task, KWOK / bare Job": Goal("at most", 0.30, BRIEF),
    "five tasks in a row, KWOK / bare Job": Goal("at most", 1.2, BRIEF),
    # Work for Jobs that have ended goes on while others begin, so it counts here as it does for bare Jobs.
    "burst of 1,000, KWOK: rate / bare Jobs": Goal("at least", 0.5),
    "burst of 1,000, KWOK: processor time / bare Jobs": Goal("at most", 2.2, PROCESSOR_TIMED),
    "writes per one-task execution, KWOK": Goal("at most", 4.0, COUNTED),
}
_TRANSITIONS: Final = {
    "status writes for 1,000 Pass transitions": Goal("at most", 20.0, COUNTED),
    "status writes per execution of 50 Pass": Goal("at most", 2.0, COUNTED),
    "200 executions of 50 Pass: writes per second / bare patches": Goal("at least", 0.6),
}
_LONG: Final = {
    "20,000 transitions: time of the last 1,000 / first": Goal("at most", 1.2),
    "20,000 transitions: writes of the last 1,000 / first": Goal("at most", 1.2, SIZED),
    "20,000 transitions: bytes of the last 1,000 / first": Goal("at most", 1.2, SIZED),
}
_WAITING: Final = {
    "100,000 waiting: resident memory / 2 GiB": Goal("at most", 1.0, SIZED),
    "100,000 waiting: idle CPU / 2 % of a core": Goal("at most", 1.0, BRIEF),
}
_WEEK: Final = {
    "a week of 50,000 a day: operator's memory / 512 MiB": Goal("at most", 0.5, SIZED),
    "a week of 50,000 a day: etcd at the end / at the start": Goal("at most", 1.1, SIZED),
}
_LARGE: Final = {
    "1,000 executions of 1.4 MB: operator's memory / 200 MiB": Goal("at most", 1.0, SIZED),
}
_RESTARTING: Final = {
    "restart with 10,000 running: last timer fired / bare patches": Goal("at most", 1.3),
}
_REPLICAS: Final = {
    "replicas: taken over from a dead one / 20 s": Goal("at most", 1.0),
}
_TENANTS: Final = {
    "one task beside a burst of 10,000 / on a quiet system": Goal("at most", 2.0),
}
_COSTLY: Final = {
    "start beside tenants that compute all the time, p99 / 2 s": Goal("at most", 1.0, BRIEF),
}
_COSTLY_DEV: Final = {
    "dev beside clients that compute all the time, p99 / 500 ms": Goal("at most", 1.0, BRIEF),
}
_INDEX: Final = {
    "100,000 listed: memory of the server above idle / 100 MiB": Goal("at most", 1.0, SIZED),
    "100,000 listed: first page of the console, p95 / 50 ms": Goal("at most", 1.0, BRIEF),
    "100,000 listed: 100 of ListExecutions, processor / 5 ms": Goal("at most", 1.0, BRIEF),
    "100,000 listed: dashboard of a week, processor / 1 s": Goal("at most", 1.0),
    "100,000 listed: from a start until a list shows it, p95 / 1.5 s": Goal("at most", 1.0, BRIEF),
    # Watches are begun anew every few minutes.
    "100,000 listed: requests a minute while nobody asks / 5": Goal("at most", 1.0, BRIEF),
}
_CONSOLE: Final = {
    "console, first contentful paint / 500 ms": Goal("at most", 1.0, BRIEF),
    "console, graph of an order / 1500 ms": Goal("at most", 1.0, BRIEF),
    "console, graph of 1,000 states / 3000 ms": Goal("at most", 1.0),
    "console, graph of 24,000 events / 2000 ms": Goal("at most", 1.0),
    "console, fetched for 24,000 events / 300 KiB": Goal("at most", 1.0, SIZED),
    "console, a scroll through 12,000 visits, main thread in each frame / 8 ms": Goal("at most", 1.0, BRIEF),
    "console, a move of the slider over 12,000 visits, main thread / 16 ms": Goal("at most", 1.0, BRIEF),
    "console, from a commit to its colour / 500 ms": Goal("at most", 1.0, BRIEF),
    "console, server's memory for each who looks / 200 KiB": Goal("at most", 1.0, SIZED),
}
_INTERPRETER: Final = {
    f"interpreter, {state} / moto": Goal("at least", 20.0)
    for state in (
        "Pass",
        "Pass with Parameters",
        "Choice",
        "Wait",
        "Task",
        "Task with Parameters",
        "Parallel",
        "Map",
        "Succeed",
        "Fail",
    )
} | {
    # Where JSONPath is 130 times as fast as moto, 20 times moto.
    f"interpreter, {state} in JSONata / in JSONPath": Goal("at least", 0.15, PROCESSOR_TIMED)
    for state in ("Pass", "Choice", "Task", "Map")
}

_EMBEDDED: Final = {
    "embedded, one Pass: executions per second / bare commits": Goal("at least", 0.25, BRIEF),
    **{
        # Of one Pass the language is so small a part that this says more about the language than about the rest.
        f"embedded, {name}: processor time / the language alone": Goal("at most", 30, BRIEF)
        for name in ("one Pass", "five states", "Map of 40")
    },
    "embedded, memory of an execution that waits 25 s / 16 KiB": Goal("at most", 1.0, SIZED),
    "embedded, memory of an execution that waits a year / 4 KiB": Goal("at most", 1.0, SIZED),
}

_READY: Final = {
    "dev ready: processor seconds / 1 s": Goal("at most", 1.0),
}
_EMULATORS: Final = {
    "emulators, synchronous Express of five states: requests per CPU second / 2,500": Goal(
        "at least", 1.0, BRIEF
    ),
    **{
        f"emulators, {what}: Stepwright / {peer}": Goal("at least", 1.0, BRIEF)
        for peer in ("MiniStack", "LocalEmu")
        for what in ("synchronous Express", "Standard finished")
    },
}

BY_SUBJECT: Final[dict[str, dict[str, Goal]]] = {
    "tasks": _TASKS,
    "tasks-kwok": _TASKS_KWOK,
    "transitions": _TRANSITIONS,
    # In milliseconds: what a step costs is the disk's and the API server's more than ours.
    "calls": {},
    "calls-dev": {},
    "maps": {},
    "maps-cluster": {},
    "long": _LONG,
    "waiting": _WAITING,
    "week": _WEEK,
    "large": _LARGE,
    "restarting": _RESTARTING,
    "replicas": _REPLICAS,
    "tenants": _TENANTS,
    "costly": _COSTLY,
    "costly-dev": _COSTLY_DEV,
    "index": _INDEX,
    "console": _CONSOLE,
    "interpreter": _INTERPRETER,
    "embedded": _EMBEDDED,
    "ready": _READY,
    "emulators": _EMULATORS,
}
GOALS: Final[dict[str, Goal]] = {name: goal for goals in BY_SUBJECT.values() for name, goal in goals.items()}
