"""What forms for definitions are made of: each field of the language, with its kind, its bounds and its words.

``python -m stepwright.console.fields [--check]`` writes it for the browser. The fields come from the parsers
(``asl.definition.recorded``), the words for people from ``fields_words.toml``.
"""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from stepwright.asl.definition import recorded, schema
from stepwright.asl.definition.recorded import Asked, Asking
from stepwright.asl.failure import errors
from stepwright.console.functions import functions

FILE: Final = Path(__file__).resolve().parents[3] / "console/src/generated/fields.json"
MACHINE: Final = "Machine"
"""What stands for the machine in the place of a state's type."""

_WORDS: Final = Path(__file__).with_name("fields_words.toml")
_NAMES: Final = {"minimum": "min", "maximum": "max"}


@lru_cache(maxsize=1)
def fields() -> dict[str, Any]:
    """By state type and language, what the parsers ask for: ``fields`` by their places (``Retry[]/MaxAttempts``), and ``groups`` of
    those that exclude one another. ``words`` by place, in the order in which people should meet them; those of a place in one
    type alone stand under ``Map:Parameters``. ``functions``: for completion."""
    states = {
        state_type: {
            language: _shown(recorded.of_state(state_type, language)) for language in recorded.LANGUAGES
        }
        for state_type in schema.STATE_FIELDS
    }
    return {
        "machine": _shown(recorded.of_machine()),
        "states": states,
        "operators": recorded.operators(),
        "errors": sorted(errors.NAMES),
        "functions": functions(),
        **tomllib.loads(_WORDS.read_text(encoding="utf-8")),
    }


def text() -> str:
    """As it is written for the browser: a line for each field, so that people can read what changes."""
    return json.dumps(fields(), indent=1, ensure_ascii=False) + "\n"


def _shown(asking: Asking) -> dict[str, Any]:
    return {
        "fields": {place: _field(asked) for place, asked in sorted(asking.fields.items())},
        "groups": [
            {"fields": group.fields, "required": group.required}
            for group in sorted(asking.groups.values(), key=lambda group: group.fields)
        ],
    }


def _field(asked: Asked) -> dict[str, Any]:
    said = asdict(asked)
    return {
        _NAMES.get(name, name): value
        for name, value in said.items()
        if value is not None and value is not False and value != ()
    }


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    if arguments and not check:
        print("usage: python -m stepwright.console.fields [--check]", file=sys.stderr)  # noqa: T201 - a command
        return 2
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text():
        return 0
    print(f"{FILE.name} {'differs from what the parsers ask for' if check else 'written'}")  # noqa: T201
    if not check:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(text(), encoding="utf-8")
    return 1 if check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
