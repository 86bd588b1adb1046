"""What the worker does: a handler as for Lambda."""

from __future__ import annotations

from typing import Any


class NoName(Exception):  # noqa: N818 - a Task state catches it by its name
    """The event names nobody."""


def handler(event: dict[str, Any], _context: object) -> str:
    if not event.get("name"):
        raise NoName("the event has no name")
    return f"Hello, {event['name']}!"
