"""Text for a terminal or a CI log that cannot control either.

Names, errors and causes are other people's text. Control characters (C0, C1) are shown as escapes, lines
after the first begin with ``| ``, and anything that a CI system would take for a command is broken up.
"""

from __future__ import annotations

import re
from typing import Final

import typer

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_BEYOND: Final = re.compile(r"[\x7f-\x9f\u2028\u2029]")
_COMMAND: Final = re.compile(r"##(?=\w*\[)")
"""Of GitHub's older and Azure's commands: ``##[error]``, ``##vso[task...]``. The newer ``::error::`` begin a line."""


def echo(text: str, *, err: bool = False) -> None:
    """Print a text that may have several lines, each on its own."""
    typer.echo(shown(text), err=err)


def shown(text: str) -> str:
    first, *others = _harmless(text).split("\n")
    if first.lstrip().startswith("::"):
        first = f"| {first}"
    return "\n".join((first, *(f"  | {line}" for line in others)))


def in_a_line(text: str) -> str:
    """For a name: line breaks in it are escaped, too."""
    return _harmless(text).replace("\n", "\\n")


def as_json(text: str) -> str:
    """The same JSON value: only characters above the first 32, all within its strings, are escaped."""
    return _BEYOND.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _harmless(text: str) -> str:
    return _COMMAND.sub("# #", _CONTROL.sub(_escape, text))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return "\\t" if found[0] == "\t" else f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
