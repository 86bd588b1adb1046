"""The bounds of a definition.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html and the state pages of the same guide.
"""

from __future__ import annotations

from typing import Final

DEFINITION_BYTES: Final = 1024 * 1024

NESTING: Final = 100
"""Levels of objects and arrays. AWS documents no figure (TOO_DEEPLY_NESTED); the deepest of 245 published
definitions has 16. A hundred keeps the compilers of templates and rules, which recurse, far from Python's own
limit."""

STATE_NAME_CHARACTERS: Final = 80
VARIABLE_NAME_CHARACTERS: Final = 80
LABEL_CHARACTERS: Final = 40

SECONDS: Final = 99_999_999
MAX_ATTEMPTS: Final = 99_999_999
MAX_DELAY_SECONDS: Final = 31_622_400

MAP_ITEMS: Final = 100_000_000
