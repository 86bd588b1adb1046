"""Where a value is within a field of a definition.

A chain from the inside out, spelled out only when it is needed: with long nested keys, the places of all
values would be longer than any definition.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.json_types import Pointer

LONGEST_TOKEN: Final = 256
"""Of a longer key only so many characters are shown. Names of states and variables have 80 at most."""


class Place:
    """``outer`` None: the field itself."""

    __slots__ = ("outer", "token")

    def __init__(self, outer: Place | None = None, token: str | int = "") -> None:
        self.outer = outer
        self.token = token

    def within(self, token: str | int) -> Place:
        """Of a member (its name) or an item (its index)."""
        return Place(self, token)

    def pointer(self, field: Pointer) -> Pointer:
        """As JSON pointer; ``field``: that of the field."""
        return Pointer(field + "".join(f"/{escaped(token)}" for token in self._tokens()))

    def location(self, field: str) -> str:
        """As errors at run time name it: ``Arguments/items[2]/id``; ``field``: what they call the field."""
        return field + "".join(
            f"[{token}]" if isinstance(token, int) else f"/{token}" for token in self._tokens()
        )

    def _tokens(self) -> list[str | int]:
        tokens: list[str | int] = []
        place: Place | None = self
        while place is not None and place.outer is not None:
            tokens.append(place.token)
            place = place.outer
        tokens.reverse()
        return tokens


def escaped(token: str | int) -> str:
    """A name or index as in a JSON pointer (RFC 6901)."""
    text = token if isinstance(token, str) else str(token)
    if len(text) > LONGEST_TOKEN:
        text = f"{text[:LONGEST_TOKEN]}..."
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text
