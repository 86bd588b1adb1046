"""JSON pointers into a definition (RFC 6901), as text."""

from __future__ import annotations

from stepwright.asl.json_types import Pointer
from stepwright.asl.place import escaped

ROOT = Pointer("")


def child(pointer: Pointer, *tokens: str | int) -> Pointer:
    """The pointer of a member (its name) or an item (its index) further down. Names of absurd length are shortened."""
    return Pointer("/".join((pointer, *map(escaped, tokens))))


def tokens(pointer: Pointer) -> list[str]:
    """The names and indexes on the way from the root."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
