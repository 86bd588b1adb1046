"""How large a value is once it is written down, found out without writing it.

Values share their parts, so what takes next to no memory may be longer than all there is when it becomes a text: a
hundred thousand times ``$`` in a template, ``$..*`` in a document of three hundred levels.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.json_types import Json

MOST: Final = 8 * 1024 * 1024
"""Characters, about. Thirty times AWS's largest payload: whatever is larger ends in States.DataLimitExceeded anyway."""


def exceeds(value: Json, most: int = MOST) -> bool:
    """Whether the value has about more than ``most`` characters. Each array and object is looked at once."""
    return _weigh(value, {}) > most


def _weigh(value: Json, known: dict[int, int]) -> int:
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, list | dict):
        return 1
    found = known.get(id(value))
    if found is None:
        found = 2 + len(value)
        if isinstance(value, dict):
            found += sum(map(len, value))
        for item in value.values() if isinstance(value, dict) else value:
            found += _weigh(item, known)  # no sum(): it would need two of Python's frames for each level
        known[id(value)] = found
    return found
