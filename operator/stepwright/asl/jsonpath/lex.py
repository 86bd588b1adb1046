"""A text with a place in it: what the parsers of paths and filters have in common."""

from __future__ import annotations

from stepwright.asl.jsonpath.errors import InvalidPath

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class Cursor:
    """A text being read. ``position`` may lie past the end; the character there is the empty text."""

    __slots__ = ("position", "text")

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position

    def peek(self, offset: int = 0) -> str:
        index = self.position + offset
        return self.text[index] if index < len(self.text) else ""

    def skip_spaces(self) -> str:
        """Moves to the next character that is no space, and returns it."""
        while self.peek() == " ":
            self.position += 1
        return self.peek()

    def next_significant(self, position: int | None = None) -> int:
        """Where the first character that is no space stands after a position (by default the current one)."""
        index = (self.position if position is None else position) + 1
        while index < len(self.text) and self.text[index] == " ":
            index += 1
        return index

    def at(self, position: int) -> str:
        return self.text[position] if position < len(self.text) else ""

    def take(self, expected: str) -> None:
        if not self.text.startswith(expected, self.position):
            raise InvalidPath(f"expected {expected!r}", self.position)
        self.position += len(expected)

    def fail(self, message: str) -> InvalidPath:
        return InvalidPath(message, self.position)


def closing(text: str, opening: int) -> int:
    """Where the bracket that opens at a position closes, strings and regular expressions passed over; -1 if nowhere."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    close = pairs[text[opening]]
    level = 0
    index = opening
    while index < len(text):
        character = text[index]
        if character in "'\"" or (character == "/" and text[:index].rstrip().endswith("=~")):
            index = end_of_quoted(text, index)
        elif character == text[opening]:
            level += 1
        elif character == close:
            level -= 1
            if level == 0:
                return index
        index += 1
    return -1


def end_of_quoted(text: str, start: int) -> int:
    """Where the quote that opens at ``start`` closes."""
    index = start + 1
    while index < len(text) and text[index] != text[start]:
        index += 2 if text[index] == "\\" else 1
    if index >= len(text):
        raise InvalidPath(f"the {text[start]} at position {start} is never closed", start)
    return index


def unescape(text: str) -> str:
    """Java's escapes, as in names and strings of a path: ``\\n``, ``\\u00e9``, and any other character for itself."""
    if "\\" not in text:
        return text
    out: list[str] = []
    index = 0
    while index < len(text):
        character = text[index]
        if character != "\\" or index + 1 >= len(text):
            out.append(character)
            index += 1
            continue
        escaped = text[index + 1]
        digits = text[index + 2 : index + 6]
        if escaped == "u" and len(digits) == 4 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
            out.append(chr(int(digits, 16)))
            index += 6
        else:
            out.append(ESCAPES.get(escaped, escaped))
            index += 2
    # Two escaped halves are one character; half a character is none.
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
