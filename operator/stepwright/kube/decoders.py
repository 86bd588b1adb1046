"""Decoders of the API server's answers, made one at a time.

The first decoder of a ``msgspec.Struct`` makes msgspec inspect its fields, which runs Python code, so another
thread may take over. If two threads inspect the same type like this, the process dies of a segmentation fault
(seen with msgspec 0.22 at the start of an operator, whose Lease and engine live in two threads). So types
that more than one thread decodes into get their decoder here.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import msgspec

_making = threading.Lock()


@functools.cache
def decoder(into: Any) -> msgspec.json.Decoder[Any]:
    """The same decoder for every caller."""
    with _making:
        return msgspec.json.Decoder(into)
