"""Who asks for something."""

from __future__ import annotations

from msgspec import Struct


class Caller(Struct, frozen=True):
    """``access_key``: what the request was signed with, which was checked; None if any signature will do, or
    where a task asks."""

    account: str
    access_key: str | None = None
