"""What something costs of the processor, in units of work instead of seconds.

A machine may be slow, and busy with other things: so a unit is what a unit of a well-known expression costs, on the same
machine, in the same process, right after what is measured.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time
from typing import Final

from stepwright.asl import jsonata
from stepwright.asl.meter import Meter

TRIES: Final = 5
"""Whatever was in the way once is hardly there each time."""

_KNOWN: Final = jsonata.compile("$count($map([1..700], function($v){ $string($v) & 'x' }))")


def costs_at_most(units: Callable[[], float]) -> bool:
    """Whether a call costs no more than it says itself: ``units`` gives how many it may cost. It is called again where
    it seems to cost more."""
    return any(_costs_at_most(units) for _ in range(TRIES))


def _costs_at_most(units: Callable[[], float]) -> bool:
    collects = gc.isenabled()
    gc.disable()  # a collection comes when it likes, and takes as long as there are objects of other tests
    try:
        start = process_time()
        allowed = units()
        middle = process_time()
        known = _work_of_what_is_known()
        end = process_time()
    finally:
        if collects:
            gc.enable()
    return middle - start <= allowed * (end - middle) / known


def _work_of_what_is_known() -> int:
    meter = Meter()
    _KNOWN.evaluate({}, 0, lambda: None, meter)
    return meter.spent
