"""A JSON value together with its text.

Events, checkpoints and size limits want the text, expressions want the value. A payload makes each from the other
at most once, so a value that passes through ten states unchanged is written and read once, not ten times; and a
text that came from outside stays as it was written.
"""

from __future__ import annotations

from typing import Any, Final

from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.text import jsontext

_UNREAD: Final[Any] = object()

LONG_CHARACTERS: Final = 2_048
"""From here on it is worth to parse a text again rather than to keep its value while nothing happens."""


class Payload:
    """Immutable. Made of a value, of a text, or of both where both are at hand."""

    __slots__ = ("_text", "_value")

    def __init__(self, value: Json = _UNREAD, text: JsonText | None = None) -> None:
        self._value = value
        self._text = text

    @property
    def value(self) -> Json:
        if self._value is _UNREAD:
            assert self._text is not None
            self._value = jsontext.parse(self._text)
        return self._value

    @property
    def text(self) -> JsonText:
        if self._text is None:
            self._text = jsontext.dump(self._value)
        return self._text

    def rest(self) -> None:
        """Let go of a long value: it is parsed again where it is asked for. As a text it takes a twentieth."""
        if self._text is not None and len(self._text) >= LONG_CHARACTERS:
            self._value = _UNREAD

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Payload) and self.text == other.text)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Payload({self.text})"


def of_text(text: JsonText) -> Payload:
    return Payload(_UNREAD, text)


EMPTY_OBJECT: Final = Payload({}, JsonText("{}"))
NULL: Final = Payload(None, JsonText("null"))
