"""``${Name}``: what CloudFormation, SAM and ``definitionSubstitutions`` replace before a definition is created."""

from __future__ import annotations

import re

from stepwright.asl.json_types import Json

_PLACEHOLDER = re.compile(r"\$\{[^${}]+\}")


def in_text(value: Json) -> bool:
    """Whether a text holds one."""
    return isinstance(value, str) and "${" in value and _PLACEHOLDER.search(value) is not None


def is_one(value: Json) -> bool:
    """Whether a text is one and nothing else, so it may stand for a number."""
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None
