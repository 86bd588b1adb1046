"""Log lines of the code under test: what is logged as an error or with a traceback is a defect, all is in the trace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from tests.simulation.loop import CURRENT

Sink = Callable[[str, str, dict[str, Any]], None]


class _Sink:
    def __init__(self) -> None:
        self.take: Sink | None = None


_sink = _Sink()


def _take(_: Any, level: str, event: MutableMapping[str, Any]) -> str:
    process = CURRENT.get()
    if _sink.take is not None and (process is None or process.alive):
        if event.pop("exc_info", None):
            event["exception"] = repr(sys.exc_info()[1])
        _sink.take("" if process is None else process.name, level, dict(event))
    raise structlog.DropEvent


@contextmanager
def caught() -> Iterator[None]:
    """Take all log lines until the end of the block."""
    before = structlog.get_config()
    structlog.configure(processors=[_take], wrapper_class=structlog.make_filtering_bound_logger(30))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def into(sink: Sink) -> Iterator[None]:
    _sink.take = sink
    try:
        yield
    finally:
        _sink.take = None
