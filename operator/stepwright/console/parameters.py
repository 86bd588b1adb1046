"""What stands behind the question mark: known names alone, each once unless it is a list, and values that mean something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Self, TypeVar
from urllib.parse import parse_qsl

from stepwright.http.messages import Refused

W = TypeVar("W", bound=str)

_MOST: Final = 50

_DIGITS: Final = 15


class Parameters:
    """By name, all values in their order."""

    def __init__(self, given: Mapping[str, Sequence[str]]) -> None:
        self._given = given

    @classmethod
    def of(cls, query: str, known: Sequence[str], lists: Mapping[str, int] = MappingProxyType({})) -> Self:
        """``lists``: what may be given more than once, and how often. Raises Refused."""
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST)
        except ValueError:
            raise invalid(f"A request has at most {_MOST} parameters") from None
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            if name not in known and name not in lists:
                every = ", ".join((*known, *lists)) or "none"
                raise invalid(f"There is no parameter {shown(name)} here; there are: {every}")
            given.setdefault(name, []).append(value)
            if len(given[name]) > lists.get(name, 1):
                raise invalid(f"The parameter {name} may be given {lists.get(name, 1)} times at most")
        return cls(given)

    def text(self, name: str) -> str | None:
        return self._given[name][0] if name in self._given else None

    def texts(self, name: str) -> Sequence[str]:
        return self._given.get(name, ())

    def number(self, name: str) -> int | None:
        """A whole number from 0 on. Raises Refused."""
        given = self.text(name)
        if given is not None and not (given.isascii() and given.isdigit() and len(given) <= _DIGITS):
            raise invalid(f"The parameter {name} is {shown(given)}, which is not a number")
        return None if given is None else int(given)

    def limit(self, usual: int, most: int) -> int:
        """How many are wanted at once. Raises Refused."""
        given = self.number("limit")
        return usual if not given else min(given, most)

    def flag(self, name: str) -> bool:
        """Raises Refused."""
        return self.choice(name, ("0", "1")) == "1"

    def choice(self, name: str, known: Sequence[W]) -> W | None:
        """Raises Refused."""
        given = self.text(name)
        return None if given is None else chosen(name, given, known)


def chosen(name: str, given: str, known: Sequence[W]) -> W:
    """Raises Refused."""
    for word in known:
        if word == given:
            return word
    raise invalid(f"The parameter {name} is {shown(given)}, which is not one of {', '.join(known)}")


def invalid(message: str) -> Refused:
    return Refused("ValidationException", message, 400)


def shown(text: str) -> str:
    """The beginning of what a client has sent."""
    return ascii(text if len(text) <= 100 else f"{text[:100]}...")
