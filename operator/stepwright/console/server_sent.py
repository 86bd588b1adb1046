"""Answers that go on, in the form of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

from typing import Final

import msgspec

from stepwright.console import headers
from stepwright.console.models import Model

HEADERS: Final = {
    **headers.DATA,
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # nginx hands on what it gets at once
}

PING: Final = b": ping\n\n"
"""A comment, which clients skip."""

PING_SECONDS: Final = 15.0
"""After so much time without an event there is one."""


def event(name: str, said: Model) -> bytes:
    """JSON has no line breaks."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(said))
