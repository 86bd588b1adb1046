"""Regular expressions of filters (``@.name =~ /a.*/i``), limited to those that cannot hold up the engine.

Python's ``re`` tries every way to match, and in some patterns their number grows exponentially with the text.
So a pattern may not repeat anything that itself repeats or has alternatives, may have only few repetitions,
and no back references or look-arounds: the rest costs at most about (length of the text)^2 for each way
through its alternatives, and both are limited. Real filters hardly ever need more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stepwright.asl.failure.errors import RUNTIME, StateError
from stepwright.asl.jsonpath.errors import InvalidPath

MAX_REPETITIONS: Final = 2  # .*name.*
MAX_OPTIONAL: Final = 4
MAX_WAYS: Final = 4_096  # a|b doubles them, so does a?
MAX_TEXT: Final = 4_000

_PARTS = re.compile(
    r"""
    (?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])
    | (?P<reference>\\[1-9]|\(\?P[=>])
    | (?P<look>\(\?<?[=!])
    | (?P<open>\((?:\?[:i-]*:?)?)
    | (?P<close>\))
    | (?P<repeat>(?:[*+]|\{\d*,\d*\})[?+]?)
    | (?P<fixed>\{\d+\}[?+]?)
    | (?P<optional>\?)
    | (?P<either>\|)
    | (?P<atom>\\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Expression:
    compiled: re.Pattern[str]
    repetitions: int
    ways: int
    """The maximum number of ways through its alternatives and optional parts."""

    def cost(self, length: int) -> int:
        """Of a text of this length, in microseconds, about, at worst. Where there is one way only, ``re`` jumps from one
        place where the next character stands to the next; so one look through a document of the largest size is always
        allowed then."""
        if self.repetitions <= 1:
            return 1 + self.ways * length // 20
        return 1 + (length * length // 1_200 if self.ways == 1 else self.ways * length * length // 250)


def compile(pattern: str, position: int, *, ignore_case: bool) -> Expression:
    """``position`` is where the pattern is, for errors; raises ``InvalidPath``."""
    reason = _too_costly(pattern)
    if reason is not None:
        raise InvalidPath(f"/{pattern}/ could take too long: {reason}", position)
    try:
        compiled = re.compile(pattern, re.IGNORECASE if ignore_case else re.NOFLAG)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidPath(f"/{pattern}/ is not a regular expression: {error}", position) from None
    repetitions = sum(part.lastgroup == "repeat" for part in _PARTS.finditer(pattern))
    return Expression(compiled, repetitions, _ways(pattern))


def _ways(pattern: str) -> int:
    """Counted up to just beyond ``MAX_WAYS``."""
    ways = 1
    alternatives = [1]  # of each open group
    for part in _PARTS.finditer(pattern):
        match part.lastgroup:
            case "optional":
                ways *= 2
            case "open":
                alternatives.append(1)
            case "either":
                alternatives[-1] += 1
            case "close" if len(alternatives) > 1:
                ways *= alternatives.pop()
        if ways > MAX_WAYS:
            break
    return min(ways * alternatives[0], MAX_WAYS + 1)


def matches(expression: Expression, text: str) -> bool:
    """Whether the pattern describes the whole text."""
    if len(text) > MAX_TEXT:
        raise StateError(
            RUNTIME,
            f"A text of {len(text)} characters is too long for the filter =~ /{expression.compiled.pattern}/.",
        )
    return expression.compiled.fullmatch(text) is not None


def _too_costly(pattern: str) -> str | None:
    varies = [False]  # for each open group: whether it can match the same text in several ways
    last_varies = False
    repetitions = optional = 0
    for part in _PARTS.finditer(pattern):
        match part.lastgroup:
            case "reference" | "look":
                return "back references and look-arounds are not supported"
            case "open":
                varies.append(False)
                last_varies = False
            case "close":
                last_varies = varies.pop() if len(varies) > 1 else False
                varies[-1] = varies[-1] or last_varies
            case "either":
                varies[-1] = True
                last_varies = False
            case "repeat" | "fixed" | "optional":
                if last_varies:
                    return "it repeats a group with repetitions or alternatives in it"
                repetitions += part.lastgroup == "repeat"
                optional += part.lastgroup == "optional"
                varies[-1] = varies[-1] or part.lastgroup != "fixed"
                last_varies = part.lastgroup != "fixed"
            case _:
                last_varies = False
    if _ways(pattern) > MAX_WAYS:
        return f"there are more than {MAX_WAYS} ways through its alternatives"
    if repetitions > MAX_REPETITIONS or optional > MAX_OPTIONAL:
        return f"it has more than {MAX_REPETITIONS} repetitions or {MAX_OPTIONAL} optional parts"
    return None
