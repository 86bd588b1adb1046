"""Whoever logs never waits for what takes the lines."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import pytest
import structlog

from stepwright.controllers import logs
from stepwright.controllers.log_writer import LogWriter


class Stuck(logging.Handler):
    """A pipe that nobody empties until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.emptied = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.emptied.wait()
        self.lines.append(record.getMessage())


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configuration = structlog.get_config()
    yield root
    root.handlers, root.level = handlers, level
    structlog.configure(**configuration)


def test_lines_that_cannot_be_written_in_time_are_dropped_and_counted() -> None:
    stuck = Stuck()
    writer = LogWriter(stuck, most_waiting=10)
    writer.start()
    logger = logging.getLogger("of this test alone")
    logger.handlers, logger.propagate = [writer.entrance], False
    for number in range(100):
        logger.warning("line %d", number)
    stuck.emptied.set()
    writer.stop()
    writer.stop()

    assert stuck.lines[-1].startswith("line ")
    [told] = [line for line in stuck.lines if "dropped" in line]
    written = len(stuck.lines) - 1
    assert told == f"{100 - written} log lines were dropped, since they could not be written in time"


def test_lines_are_whole_and_in_order_though_another_thread_writes_them(
    root: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = logs.configure("info", "json")
    log = structlog.get_logger("of this test")
    for number in range(50):
        log.info("counted", number=number)
    log.info("long", text="x" * 100_000)
    logging.getLogger("of a library").warning("%s of %s", 1, 2)
    try:
        raise KeyError("gone")
    except KeyError:
        log.exception("failed")
    writer.stop()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    assert [line["number"] for line in lines[:50]] == list(range(50))
    assert lines[50]["text"].endswith("x... (100,000 characters)")
    assert lines[51]["event"] == "1 of 2"
    assert "KeyError: 'gone'" in lines[52]["exception"]
    assert root.level == logging.INFO
