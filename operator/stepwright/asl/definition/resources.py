"""Valid Resources in a definition: https://states-language.net/spec.html#task-state."""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl.definition import placeholders
from stepwright.asl.resource import ARN_PARTS, OWN_SCHEME

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")


def is_valid(text: str) -> bool:
    """An ARN, any other URI that is not one of the engine's own, or a text that a substitution completes."""
    if placeholders.in_text(text):
        return True
    if text.startswith("arn:"):
        parts = text.split(":", ARN_PARTS - 1)
        return len(parts) == ARN_PARTS and all((parts[1], parts[2], parts[5]))
    return _URI.fullmatch(text) is not None and not text.startswith(OWN_SCHEME)
