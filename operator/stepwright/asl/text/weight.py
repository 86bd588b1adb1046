"""How large a value is once it is written down, found out without writing it.

Values share their parts, so what takes next to no memory may be longer than all there is when it becomes a text: a
hundred thousand times ``$`` in a template, ``$..*`` in a document of three hundred levels.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.json_types import Json

MOST: Final = 8 * 1024 * 1024
"""Characters, about. Thirty times AWS's largest payload: whatever is larger ends in States.DataLimitExceeded anyway."""


_LOOKED_AT: Final = 8
"""Values in a unit of ``meter``."""


def of(value: Json) -> int:
    """About how many characters, shared parts as often as they occur. Each array and object is looked at once."""
    return _Walk().weigh(value)


def exceeds(value: Json, most: int = MOST) -> bool:
    """Whether the value has about more than ``most`` characters."""
    return _Walk().weigh(value) > most


def excess(value: Json, most: int = MOST) -> tuple[bool, int]:
    """The same, and what it has cost to find out, in units of ``meter``."""
    walk = _Walk()
    return walk.weigh(value) > most, walk.looked_at // _LOOKED_AT


class _Walk:
    __slots__ = ("_known", "looked_at")

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        self.looked_at = 0

    def weigh(self, value: Json) -> int:
        if isinstance(value, str):
            return len(value)
        if not isinstance(value, (list, dict)):  # a union would be made anew each time
            return 1
        found = self._known.get(id(value))
        if found is None:
            self.looked_at += 1 + len(value)
            found = 2 + len(value)
            if isinstance(value, dict):
                found += sum(map(len, value))
            # No sum(), which would need two of Python's frames for each level, and no call for what has no parts.
            for item in value.values() if isinstance(value, dict) else value:
                if isinstance(item, str):
                    found += len(item)
                elif isinstance(item, (list, dict)):
                    found += self.weigh(item)
                else:
                    found += 1
            self._known[id(value)] = found
        return found
