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
    """A pipe that accepts a line only when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = threading.Semaphore(0)
        self.takes = threading.Semaphore(0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.holds.release()
        self.takes.acquire()
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
    logger.warning("line 0")
    stuck.holds.acquire()
    for number in range(1, 100):
        logger.warning("line %d", number)
    stuck.takes.release()
    stuck.holds.acquire()  # how many were dropped so far is about to be written, while one more finds no room
    for number in range(100, 102):
        logger.warning("line %d", number)
    stuck.takes.release(1000)
    writer.stop()
    writer.stop()

    assert [line for line in stuck.lines if "dropped" in line] == [_dropped(89), _dropped(1)]
    assert [line for line in stuck.lines if "dropped" not in line] == [f"line {n}" for n in [*range(11), 100]]


def _dropped(lines: int) -> str:
    return f"{lines} log lines were dropped, since they could not be written in time"


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
