"""``definitionSubstitutions``: ``${Name}`` in the text of a definition, replaced as CloudFormation's handler does it.

The text of a value, including its quotes, replaces ``${Name}`` everywhere, also within other values; names
without a value stay unchanged, for example a shell's ``${f}``. ``$${Name}`` and ``${!Name}`` write
``${Name}``.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html and
the handler (DefinitionProcessor of aws-cloudformation-resource-providers-stepfunctions).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

Value: TypeAlias = str | int | bool

_MOST_CHARACTERS: Final = 2 * 1_048_576
"""Twice what a definition may have: values within values grow exponentially."""


class InvalidSubstitution(ValueError):  # noqa: N818 - named after what is wrong with the definition
    """Values that cannot be substituted. The text says which, and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.pointer = Pointer("")


def substitute(text: str, values: Mapping[str, Value]) -> str:
    """The text with its placeholders replaced. Raises InvalidSubstitution."""
    return _Substitution(values).text(text) if values else text


def value_text(name: str, value: object) -> str:
    """The text to substitute: ``true``, ``5``. Raises InvalidSubstitution for a value without such a text, as
    AWS refuses it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise InvalidSubstitution(
        f"The substitution for '{name}' must be a text, a whole number, true or false, not {type(value).__name__}"
    )


class _Substitution:
    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = {name: value_text(name, value) for name, value in values.items()}
        self._places = re.compile(r"\$(\$?)\{(!?)(" + "|".join(map(re.escape, self._values)) + r")\}")
        self._done: dict[str, str] = {}

    def text(self, text: str, within: tuple[str, ...] = ()) -> str:
        parts: list[str] = []
        end = size = 0
        for place in self._places.finditer(text):
            escaped, name = bool(place[1] or place[2]), place[3]
            parts += (text[end : place.start()], f"${{{name}}}" if escaped else self._value(name, within))
            size += len(parts[-1]) + len(parts[-2])
            if size > _MOST_CHARACTERS:
                raise InvalidSubstitution("The substitutions make the definition too large")
            end = place.end()
        return "".join((*parts, text[end:]))

    def _value(self, name: str, within: tuple[str, ...]) -> str:
        if name not in self._done:
            if name in within:
                names = ", ".join(sorted(within[within.index(name) :]))
                raise InvalidSubstitution(f"The substitutions for {names} stand in one another")
            self._done[name] = self.text(self._values[name], (*within, name))
        return self._done[name]


def definition_text(given: Json, values: Mapping[str, Value]) -> str:
    """The text of a definition, exactly as written if it came as text, with values substituted. Raises
    InvalidSubstitution, and TooDeep for an object that has no text.

    If values break the text of an object (a quote does), they are escaped within its texts."""
    if isinstance(given, str):
        return substitute(given, values)
    text = jsontext.dump(given)
    done = substitute(text, values)
    if done == text:
        return text
    try:
        jsontext.parse(done)
    except InvalidJson:
        inner = {name: jsontext.dump(value_text(name, value))[1:-1] for name, value in values.items()}
        return substitute(text, inner)
    return done
