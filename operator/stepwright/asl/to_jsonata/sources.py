"""Pieces of JSONata as text. A *source* here is an expression without ``{% %}``, such that anything may follow it: a name, an
index, an operator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from stepwright.asl.fields.jsonata_fields import is_expression
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext

INPUT: Final = "$states.input"
CONTEXT: Final = "$states.context"
RESULT: Final = "$states.result"
ERROR: Final = "$states.errorOutput"

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final = frozenset({"and", "or", "in", "true", "false", "null", "function"})


def text(value: str) -> str:
    return jsontext.dump(value)


def value(of: Json) -> str:
    """A constant."""
    if isinstance(of, str):
        return text(of)
    if isinstance(of, list):
        return array(value(each) for each in of)
    if isinstance(of, Mapping):
        return members((name, value(each)) for name, each in of.items())
    return jsontext.dump(of)


def array(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def members(of: Iterable[tuple[str, str]]) -> str:
    """An object."""
    inside = ", ".join(f"{text(name)}: {each}" for name, each in of)
    return f"{{{inside}}}"


def member(of: str, name: str) -> str:
    """Raises ValueError if no name in JSONata is like this."""
    if _PLAIN_NAME.fullmatch(name) and name not in _WORDS:
        return f"{of}.{name}"
    if "`" in name:
        raise ValueError(name)
    return f"{of}.`{name}`"


def call(function: str, *arguments: str) -> str:
    return f"{function}({', '.join(arguments)})"


def merged(*objects: str) -> str:
    """Members of later ones win. What is not there counts as empty."""
    return call("$merge", array(objects))


def failing(message: str) -> str:
    return call("$error", text(message))


def field(source: str) -> str:
    """As it stands in a field."""
    return f"{{% {source} %}}"


def literal(of: Json) -> Json:
    """A value that is to be taken as it is: a text that looks like an expression becomes one that gives it."""
    if isinstance(of, str):
        return field(text(of)) if is_expression(of) else of
    if isinstance(of, list):
        return [literal(each) for each in of]
    if isinstance(of, Mapping):
        return {name: literal(each) for name, each in of.items()}
    return of
