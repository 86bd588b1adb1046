"""What expressions may call and read, for completion: names, arguments and a line of help."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

_WORDS: Final = Path(__file__).with_name("functions_words.toml")


def functions() -> dict[str, Any]:
    """``intrinsics`` and ``jsonata``: functions by name, with what a call looks like. ``context``: the paths in the context object.
    ``states``: what ``$states`` has in JSONata."""
    words = tomllib.loads(_WORDS.read_text(encoding="utf-8"))
    return {
        "intrinsics": _called(words["intrinsics"], ""),
        "jsonata": _called(words["jsonata"], "$"),
        "context": words["context"],
        "states": words["states"],
    }


def _called(words: dict[str, dict[str, str]], sign: str) -> dict[str, dict[str, str]]:
    return {
        f"{sign}{name}": {"call": f"{sign}{name}({said['arguments']})", "help": said["help"]}
        for name, said in words.items()
    }
