"""What must be set once in a process that simulates."""

from __future__ import annotations

import asyncio
import gc
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from stepwright.api import model
from tests.simulation import logs


@contextmanager
def prepared() -> Iterator[list[str]]:
    """Gives what went wrong outside of everything."""
    unraisable: list[str] = []
    hook, collecting = sys.unraisablehook, gc.isenabled()
    sys.unraisablehook = lambda args: unraisable.append(f"{args.err_msg}: {args.exc_value!r}")
    model.service()  # which an operator reads in a thread, where there is none
    # What a dead process left is collected between two simulations, and closing it may ask for the loop, as gather() does:
    # without one there, asyncio would make one that nobody closes.
    spare = asyncio.new_event_loop()
    asyncio.set_event_loop(spare)
    gc.disable()
    gc.freeze()  # what is there already is looked through by no collection
    try:
        with warnings.catch_warnings(), logs.caught():
            warnings.simplefilter("error")
            yield unraisable
    finally:
        gc.collect()
        gc.unfreeze()
        asyncio.set_event_loop(None)
        spare.close()
        if collecting:
            gc.enable()
        sys.unraisablehook = hook
