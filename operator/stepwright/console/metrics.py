"""What a dashboard shows: ``v1/metrics``. However many look at it, it is counted once in some seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from stepwright.asl.signals import Millis
from stepwright.catalog import records
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import OverviewQuery
from stepwright.catalog.remembered import Answer as Remembering
from stepwright.catalog.remembered import Remembered
from stepwright.console.lists import Lists, row_of
from stepwright.console.models import ErrorCount, Figures, MachineMetrics, Metrics, MetricsPart
from stepwright.console.ports import Ports
from stepwright.console.routes import Answer, Call, Route

KEPT_SECONDS: Final = 5.0
KEPT_TIMES: Final = 20
"""How many times as long as it took to count it, at least: however many executions there are, and however busy the store is."""
MOST_KEPT: Final = 200

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE


class _Span(NamedTuple):
    """So many parts, each so many milliseconds long."""

    step: int
    parts: int

    def since(self, now: Millis) -> Millis:
        """Parts begin at whole multiples of their length; the last one is not over yet."""
        return Millis((now // self.step + 1 - self.parts) * self.step)


Name = Literal["hour", "day", "week"]

SPANS: Final[Mapping[Name, _Span]] = MappingProxyType(
    {"hour": _Span(_MINUTE, 60), "day": _Span(_HOUR // 2, 48), "week": _Span(3 * _HOUR, 56)}
)
_USUAL: Final[Name] = "day"


class _Asked(NamedTuple):
    place: Place
    machine: str | None
    span: Name


class MetricsRoute:
    def __init__(self, ports: Ports, lists: Lists) -> None:
        self._overviews = ports.overviews
        self._clock = ports.clock
        self._lists = lists
        self._kept = Remembered[_Asked, Metrics](MOST_KEPT, time.monotonic)

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "metrics", self.metrics)

    async def metrics(self, call: Call) -> Answer:
        given = call.parameters("ns", "region", "machine", "span")
        span = given.choice("span", tuple(SPANS)) or _USUAL
        allowed = await self._lists.query(call.caller, given)
        asked = _Asked(allowed.place, given.text("machine"), span)
        return await self._kept.answer(asked, partial(self._counted, asked))

    async def _counted(self, asked: _Asked) -> Remembering[Metrics]:
        place, machine, span = asked
        step, parts = SPANS[span]
        since = SPANS[span].since(self._clock.now())
        begun = time.monotonic()
        found, failed, longest = await asyncio.gather(
            self._overviews.overview(OverviewQuery(place, since, Millis(step), parts, machine)),
            self._overviews.failed_last(place, machine),
            self._overviews.running_longest(place, machine),
        )
        metrics = Metrics(
            span=span,
            since=since,
            step=step,
            count=parts,
            total=_figures(found.total),
            parts=[
                MetricsPart(begin=since + part * step, figures=_figures(figures))
                for part, figures in found.parts.items()
            ],
            machines=[
                MachineMetrics(machine=arn, figures=_figures(figures))
                for arn, figures in found.machines.items()
            ],
            errors=[ErrorCount(error=error, count=count) for error, count in found.errors.items()],
            failed=[row_of(row) for row in failed],
            longest=[row_of(row) for row in longest],
            counted_since=found.counted_since,
        )
        return Remembering(metrics, max(KEPT_SECONDS, KEPT_TIMES * (time.monotonic() - begun)))


def _figures(found: records.Figures) -> Figures:
    if found.times is None:
        return Figures(statuses=found.statuses)
    return Figures(statuses=found.statuses, p50=found.times.p50, p95=found.times.p95)
