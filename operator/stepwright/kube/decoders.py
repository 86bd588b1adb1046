"""Decoders of what the API server answers, made one at a time.

Whoever first decodes into a ``msgspec.Struct`` makes msgspec look at its fields, and that runs Python, in which another thread
may take over. Where two threads look at one type so, the process ends with a segmentation fault (seen with msgspec 0.22 at
the start of an operator, whose Lease and engine live in two threads). So types that more than one thread decodes into are
asked for here.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import msgspec

_making = threading.Lock()


@functools.cache
def decoder(into: Any) -> msgspec.json.Decoder[Any]:
    """The same for each caller. Of a ``msgspec.Struct`` it decodes that."""
    with _making:
        return msgspec.json.Decoder(into)
