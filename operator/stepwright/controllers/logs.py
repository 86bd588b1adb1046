"""Structured logs: one JSON object a line in a cluster, aligned columns on a terminal.

Inputs, outputs, causes and logs of tasks are not logged: only their owner knows what may be in them, and the
log belongs to the installation. Names of states and errors are logged; a definition that takes an error's
name from data (ErrorPath) puts that there. If the installation allows it, a state machine may ask for its
data to be logged.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
import structlog

from stepwright.asl.step import HistoryEvent
from stepwright.controllers.log_allowance import LogAllowance
from stepwright.controllers.log_writer import LogWriter
from stepwright.engine.ports import Commit, ExecutionRef

_EXECUTION: Final = "stepwright.execution"
log = structlog.get_logger(_EXECUTION)


LONGEST_DATA: Final = 8_192
"""Characters of all data in a line together."""
LONGEST_TEXT: Final = 32_768
"""Characters of anything else in a line: stacks, errors' names."""
LINES_PER_SECOND: Final = 1_000


def configure(level: str, format: Literal["json", "console"]) -> LogWriter:
    """Everything, including libraries' standard logging, goes to stderr in one form, through its own thread:
    ``stop`` it at the end, or the last lines may be missing."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _cut,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if format == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    writer = LogWriter(handler)
    root.handlers = [writer.entrance]
    root.setLevel(level.upper())
    # kopf reports every event at INFO; the operator itself reports those that matter.
    logging.getLogger("kopf").setLevel(max(logging.WARNING, root.level))
    logging.getLogger("kubernetes").setLevel(max(logging.WARNING, root.level))
    logging.getLogger("kopf._core.reactor.running").addFilter(_is_news)
    writer.start()
    return writer


def _cut(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name, value in event.items():
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            event[name] = _shortened(value, LONGEST_TEXT)
    return event


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}... ({len(text):,} characters)"


def _is_news(record: logging.LogRecord) -> bool:
    # kopf warns that it takes no signals in a thread of its own; here the main thread handles them.
    return not record.getMessage().startswith("OS signals are ignored")


class Transitions:
    """Implements ``engine.observer.Observer``: what the log says about executions.

    Without ``logging`` in the state machine: a line for each state entered or left and for each end, without data.
    With it, history events as AWS's levels choose them, with inputs and outputs where ``includeExecutionData`` asks:
    https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html

    ``with_data``: whether the installation allows data. ``lines_per_second`` is what a namespace may have.
    """

    def __init__(
        self,
        *,
        with_data: bool = False,
        lines_per_second: float = LINES_PER_SECOND,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._with_data = with_data
        self._allowance = LogAllowance(lines_per_second, monotonic)

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        if not logging.getLogger(_EXECUTION).isEnabledFor(logging.INFO):
            return  # each line would be built, then thrown away
        bound = log.bind(namespace=ref.namespace, execution=ref.name, state_machine=ref.state_machine)
        wanted = ref.settings.get("logging")
        if wanted is not None:
            with_data = self._with_data and bool(wanted.get("includeExecutionData"))
            for event in commit.events:
                if is_logged(event["type"], wanted.get("level", "OFF")) and self._may(ref):
                    self._tell(bound, event, with_data=with_data)
            return
        for visit in commit.visits:
            if not self._may(ref):
                continue
            fields = {"state": visit.path, "type": visit.type, "event_id": visit.id}
            if visit.outcome is None:
                bound.info("state active", attempt=visit.attempts, **fields)
            else:
                bound.info("state left", outcome=visit.outcome, error=visit.error, **fields)
        if commit.outcome is not None and self._may(ref):
            last = commit.events[-1]["id"] if commit.events else None
            bound.info(
                "execution ended", status=commit.outcome.status, error=commit.outcome.error, event_id=last
            )

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        log.error("execution stalled", namespace=ref.namespace, execution=ref.name, reason=reason)

    def broke(self, ref: ExecutionRef) -> None:
        """The engine has logged it."""

    def _may(self, ref: ExecutionRef) -> bool:
        """Whether the namespace may have one more line."""
        may, refused = self._allowance.take(ref.namespace)
        if refused:
            log.warning("lines of a namespace were left out", namespace=ref.namespace, lines=refused)
        return may

    def _tell(
        self, bound: structlog.typing.FilteringBoundLogger, event: HistoryEvent, *, with_data: bool
    ) -> None:
        details: dict[str, Any] = next((event[name] for name in event if name.endswith("EventDetails")), {})
        fields = {ours: details[theirs] for theirs, ours in _NAMES if theirs in details}
        if with_data:
            fields |= _data(details)
        bound.info("history event", type=event["type"], event_id=event["id"], **fields)


_NAMES = (("name", "state"), ("state", "state"), ("error", "error"))
_DATA = ("input", "output", "parameters", "assignedVariables", "cause")


def _data(details: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says about the execution's data, of bounded length."""
    data: dict[str, Any] = {}
    left = LONGEST_DATA
    for name in _DATA:
        if name in details:
            value = details[name]
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            data[name] = _shortened(text, left)
            left -= min(len(text), left)
    return data


_ENDS_BADLY = ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
_BAD = ("Failed", "TimedOut", "Aborted")


def is_logged(event_type: str, level: str) -> bool:
    """Whether AWS logs an event of this type at this level."""
    match level:
        case "ALL":
            return True
        case "ERROR":
            return event_type.endswith(_BAD) or event_type == "FailStateEntered"
        case "FATAL":
            return event_type in _ENDS_BADLY
        case _:
            return False
