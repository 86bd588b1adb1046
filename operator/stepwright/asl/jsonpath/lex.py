"""Finds closing brackets and quotes. For calls that contain paths; paths themselves are read in another
way."""

from __future__ import annotations

from stepwright.asl.jsonpath.errors import InvalidPath


def closing(text: str, opening: int) -> int:
    """Where the bracket that opens at a position closes, skipping strings and regular expressions; -1 if
    nowhere."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    close = pairs[text[opening]]
    level = 0
    index = opening
    while index < len(text):
        character = text[index]
        if character in "'\"" or (character == "/" and text[:index].rstrip().endswith("=~")):
            index = _end_of_quoted(text, index)
        elif character == text[opening]:
            level += 1
        elif character == close:
            level -= 1
            if level == 0:
                return index
        index += 1
    return -1


def _end_of_quoted(text: str, start: int) -> int:
    """Where the quote that opens at ``start`` closes."""
    index = start + 1
    while index < len(text) and text[index] != text[start]:
        index += 2 if text[index] == "\\" else 1
    if index >= len(text):
        raise InvalidPath(f"the {text[start]} at position {start} is never closed", start)
    return index
