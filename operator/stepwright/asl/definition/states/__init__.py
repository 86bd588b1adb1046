"""One module per state type, each with the same function ``parse(state, envelope)``, found by type in ``PARSERS``.

What all of them share (Next, End, paths of input and output) is read before, in ``envelope``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.states import choice, fail, map_, parallel, pass_, succeed, task, wait
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import State

PARSERS: Final[Mapping[str, Callable[[Fields, Envelope], State]]] = {
    "Task": task.parse,
    "Wait": wait.parse,
    "Pass": pass_.parse,
    "Succeed": succeed.parse,
    "Fail": fail.parse,
    "Choice": choice.parse,
    "Parallel": parallel.parse,
    "Map": map_.parse,
}

__all__ = ["PARSERS"]
