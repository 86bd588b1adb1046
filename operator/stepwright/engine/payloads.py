"""Long texts leave the status and are stored once each, by the hash of their content.

In parts of a checkpoint and in events, payloads are JSON texts (strings). One that is long is replaced by a
reference ``{"$payload": <sha256>}`` before it is written; the text itself becomes an immutable
ExecutionHistory object owned by the Execution, created before the write that refers to it. So a state's
output that is the next state's input is stored once, and the language core never sees a reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from stepwright.engine.kept_apart import LONG_BYTES, is_long

REFERENCE: Final = "$payload"

Payloads = dict[str, str]
"""Texts by their hash."""


def short_text(value: Any, into: Payloads) -> str:
    """The value as JSON, with long texts replaced by references and put ``into``."""
    text = msgspec.json.encode(value)
    # No text in it is longer than all of it. Nearly all values are short: looking into each takes much longer than the rest.
    if len(text) > LONG_BYTES:
        text = msgspec.json.encode(take_out(value, into))
    return text.decode()


def take_out(value: Any, into: Payloads) -> Any:
    """The value with its long texts replaced by references; the texts are put ``into``."""
    if isinstance(value, str):
        if not is_long(value):
            return value
        digest = digest_of(value)
        into[digest] = value
        return {REFERENCE: digest}
    if isinstance(value, dict):  # not Mapping: checking an abstract class takes longer than all the rest
        return {key: take_out(item, into) for key, item in value.items()}
    if isinstance(value, (list, tuple)):  # a union would be made anew each time
        return [take_out(item, into) for item in value]
    return value


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def references(value: Any) -> set[str]:
    """The hashes that a stored value refers to."""
    if isinstance(value, Mapping):
        digest = value.get(REFERENCE)
        if isinstance(digest, str) and len(value) == 1:
            return {digest}
        return set().union(*map(references, value.values()))
    if isinstance(value, list):
        return set().union(*map(references, value))
    return set()


def put_back(value: Any, payloads: Mapping[str, str]) -> Any:
    """The value with its references replaced by their texts. Raises KeyError for a text that is not given."""
    if isinstance(value, Mapping):
        digest = value.get(REFERENCE)
        if isinstance(digest, str) and len(value) == 1:
            return payloads[digest]
        return {key: put_back(item, payloads) for key, item in value.items()}
    if isinstance(value, list):
        return [put_back(item, payloads) for item in value]
    return value
