"""Says on stderr what is going on and how long it has taken, since a first build takes minutes."""

from __future__ import annotations

import sys
import time

_started = time.monotonic()


def say(sentence: str) -> None:
    print(f"[{time.monotonic() - _started:6.1f} s] {sentence}", file=sys.stderr, flush=True)
