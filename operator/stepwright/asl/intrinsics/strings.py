"""Format, StringSplit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from stepwright.asl.intrinsics.arguments import string
from stepwright.asl.intrinsics.errors import Unfit
from stepwright.asl.intrinsics.function import Function, Randomness, of_shallow, of_whole, weight_of
from stepwright.asl.json_types import Json
from stepwright.asl.text import java_text, weight

_PART: Final = 56  # bytes of a short text

_BRACES = re.compile(r"\\([{}\\'])|\{\}")


def unescape(text: str) -> str:
    """The text that a literal stands for."""
    return re.sub(r"\\([{}\\'])", r"\1", text) if "\\" in text else text


def _format(values: Sequence[Json], _random: Randomness) -> Json:
    """The template is the literal with its escapes, since ``\\{}`` is text and ``{}`` a place for an argument."""
    template = string(values[0], "template")
    if weight_of(values) > weight.MOST:
        raise Unfit("The result is too large.")
    arguments = iter(values[1:])
    used = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal used
        if match[1]:
            return match[1]
        used += 1
        try:
            return java_text.of_value(next(arguments))
        except StopIteration:
            return ""

    text = _BRACES.sub(fill, template)
    if used != len(values) - 1:
        raise Unfit(f"The template has {used} places for {len(values) - 1} arguments.")
    return text


def _split(values: Sequence[Json], _random: Randomness) -> Json:
    """Each character of the second argument divides; nothing between two dividers is left out."""
    text = string(values[0], "first argument")
    dividers = string(values[1], "second argument")
    if not dividers:
        return [text] if text else []
    return [part for part in re.split(f"[{re.escape(dividers)}]", text) if part]


def _size_of_parts(parts: Json) -> int:
    return _PART * len(parts) if isinstance(parts, list) else 0


FUNCTIONS: Final = {
    "States.Format": Function(_format, 1, None, cost=of_whole),
    "States.StringSplit": Function(
        _split, 2, 2, cost=lambda values: 8 * of_shallow(values), size=_size_of_parts
    ),
}
