"""StringMatches: ``*`` stands for any characters, ``\\*`` for a star, ``\\\\`` for a backslash.

Matched piece by piece, from left to right: no pattern can take more than (text x pieces), which a regular expression
could not promise.
"""

from __future__ import annotations

from stepwright.asl import remembering
from stepwright.asl.json_types import Json


def matches(value: Json, operand: Json) -> bool:
    return isinstance(value, str) and isinstance(operand, str) and _fits(value, pieces(operand))


@remembering.short_texts(1024)
def pieces(pattern: str) -> tuple[str, ...]:
    """The literal texts between the stars."""
    found: list[str] = []
    piece: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            found.append("".join(piece))
            piece = []
        elif character == "\\":
            escaped = next(characters, "")
            piece.append(escaped if escaped in ("*", "\\") else character + escaped)
        else:
            piece.append(character)
    found.append("".join(piece))
    return tuple(found)


def _fits(text: str, parts: tuple[str, ...]) -> bool:
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if not text.startswith(first):
        return False
    position = len(first)
    for part in middle:
        found = text.find(part, position)
        if found == -1:
            return False
        position = found + len(part)
    return len(text) - len(last) >= position and text.endswith(last)
