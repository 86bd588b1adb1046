"""The type of a JSON value, and of the texts that hold one.

A ``Json`` value is what ``stepwright.asl.text.jsontext.parse`` returns: ``int`` is exact at any size, ``float`` keeps
that it was written as one (``1.0`` stays ``1.0``), an object keeps the order of its keys. Values are shared
between events, branches and results, so **a Json value is never changed in place**.
"""

from __future__ import annotations

from typing import NewType, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

JsonText = NewType("JsonText", str)
"""JSON as text: the exact form in which values are stored and recorded."""

Pointer = NewType("Pointer", str)
"""A JSON pointer (RFC 6901) into a definition; the empty text is the whole document."""
