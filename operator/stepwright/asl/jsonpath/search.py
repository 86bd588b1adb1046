"""One walk through a document: the value of ``$`` in it, and how many values may still be looked at.

Paths can multiply: ``$..*..*..*``, ``[0,0,0][0,0,0]``, a filter that searches everything for each item. So
every item that a step passes on, and every comparison with a list, is counted, even in paths within filters.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath.errors import TooCostly
from stepwright.asl.meter import Meter, TakesLong

MAX_STEPS: Final = 1_000_000
"""As many as a JSONata expression may take, each about a microsecond. A document of AWS's largest size has at most
131,072 values, so every path that looks at each of them a few times stays far below."""


class Search:
    __slots__ = ("_given", "_meter", "beyond", "left", "root")

    def __init__(self, root: Json, meter: Meter) -> None:
        self.root = root
        self.beyond = False
        """Whether an index led beyond a list, to a null that is in no document."""
        self._meter = meter
        self._given = self.left = min(MAX_STEPS, meter.left)

    def spend(self, steps: int) -> None:
        """Raises ``TooCostly`` where more is wanted than is left: then that is spent."""
        self.left -= steps
        if self.left < 0:
            self.left = min(self._given, 0)
            if self._given < MAX_STEPS and self._meter.is_impatient:
                raise TakesLong
            raise TooCostly

    def settle(self) -> None:
        """At the end, however it came: what was spent is the step's."""
        self._meter.left -= self._given - self.left
