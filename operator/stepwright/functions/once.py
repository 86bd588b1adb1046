"""One call of a handler in a Job: the contract of tasks' containers, seen from within (docs/tasks.md)."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from pathlib import Path
from typing import Final

from stepwright.functions import handlers
from stepwright.functions.handlers import Context, Handler, Outcome, Unusable

INPUT: Final = "STEPWRIGHT_INPUT_FILE"
OUTPUT: Final = "STEPWRIGHT_OUTPUT_FILE"
LARGEST_OUTPUT_BYTES: Final = 4095


def run(handler: Handler, name: str) -> Outcome:
    """The event comes from the file that the environment names, and what the handler returns, or raises, goes into the other
    one. Raises Unusable."""
    event_file, answer_file = (_file(variable) for variable in (INPUT, OUTPUT))
    try:
        event = handlers.event_of(event_file.read_bytes())
    except (OSError, ValueError) as error:
        raise Unusable(f"{event_file} ({INPUT}) cannot be read as JSON: {error}") from error
    context = Context(name, str(uuid.uuid4()))
    if handlers.is_async(handler):
        outcome = asyncio.run(handlers.call_async(handler, event, context))
    else:
        outcome = handlers.call(handler, event, context)
    answer_file.write_bytes(_short(outcome.body) if outcome.failed else outcome.body)
    return outcome


def _short(error: bytes) -> bytes:
    """Of a longer output file Kubernetes keeps the end alone: where the call failed is left out first, then the end of what it
    says."""
    if len(error) <= LARGEST_OUTPUT_BYTES:
        return error
    said = json.loads(error)
    said.pop("stackTrace", None)
    while len(shorter := json.dumps(said).encode()) > LARGEST_OUTPUT_BYTES:
        said["errorMessage"] = said["errorMessage"][: len(said["errorMessage"]) // 2]
    return shorter


def _file(variable: str) -> Path:
    if not (path := os.environ.get(variable)):
        raise Unusable(
            f"{variable} names no file: this runs in a Task's container, or with both variables set"
        )
    return Path(path)
