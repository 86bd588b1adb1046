"""The least length of a value, from its text as the API server writes it, without decoding it.

Untyped fields (an execution's input, a definition) have no limit in their schema, and decoded they may take
twenty times their length. So values that are too long are refused by their text.
"""

from __future__ import annotations

import msgspec


def least_bytes(text: msgspec.Raw | bytes) -> int:
    """A lower bound, in bytes, of the compact JSON text of the same value: the API server writes <, > and &
    as six characters each, and a sign before exponents."""
    written = bytes(text)
    return len(written) - 5 * written.count(b"\\u") - written.count(b"e+")
