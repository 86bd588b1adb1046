"""Finding a handler by its name, and calling it as Lambda's runtime for Python does.

https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[[Any, "Context"], Any]


class Unusable(Exception):  # noqa: N818 - it names a condition
    """There is no handler of that name. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler is told about its call; names are those of Lambda's context object.

    ``aws_request_id`` is the same whenever the call is made again. ``deadline``: when it is given up, in milliseconds since
    1970; None if nobody said.
    """

    function_name: str
    aws_request_id: str
    function_version: str = "$LATEST"
    invoked_function_arn: str = ""
    memory_limit_in_mb: str = ""
    log_group_name: str = ""
    log_stream_name: str = ""
    identity: Any = None
    client_context: Any = None
    deadline: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those of the request: ``traceparent`` among them."""

    def get_remaining_time_in_millis(self) -> int:
        """15 minutes if nobody said."""
        if self.deadline is None:
            return 15 * 60 * 1000
        return max(0, self.deadline - round(time.time() * 1000))


@dataclass(frozen=True, slots=True)
class Outcome:
    """``body``: the answer as JSON; if it has ``failed``, an object with ``errorType`` and ``errorMessage``."""

    body: bytes
    failed: bool = False


def load(name: str, folder: Path) -> Handler:
    """``app.handler``: the function ``handler`` of the module ``app``, which is looked for in ``folder`` first. Raises
    Unusable; what the module itself raises is passed on."""
    module_name, _, attribute = name.replace("/", ".").rpartition(".")
    if not module_name:
        raise Unusable(
            f"{name!r} names no handler: it has to be a module and a function in it, like app.handler"
        )
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise Unusable(f"there is no module {module_name!r} in {folder}") from error
    handler: object = getattr(module, attribute, None)
    if not callable(handler):
        found = "has no" if handler is None else "is not a function, but has an"
        raise Unusable(f"the module {module_name!r} {found} {attribute!r}")
    return handler


def is_async(handler: Handler) -> bool:
    return inspect.iscoroutinefunction(handler)


def event_of(body: bytes) -> Any:
    """Raises ValueError if it is not JSON. Nothing is an empty object, as Lambda has it."""
    return json.loads(body) if body.strip() else {}


def client_context(given: str | None) -> Any:
    """What a caller gives as such: JSON in base64. None if it is neither."""
    if given is None:
        return None
    try:
        return json.loads(base64.b64decode(given, validate=True))
    except ValueError:
        return None


def call(handler: Handler, event: Any, context: Context) -> Outcome:
    """Whatever the handler raises is its outcome."""
    try:
        return _returned(handler(event, context))
    except Exception as error:  # noqa: BLE001 - it is somebody else's code
        return _raised(error, context)


async def call_async(handler: Handler, event: Any, context: Context) -> Outcome:
    try:
        return _returned(await handler(event, context))
    except Exception as error:  # noqa: BLE001 - as above
        return _raised(error, context)


def _returned(value: Any) -> Outcome:
    try:
        return Outcome(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError) as error:
        said = {
            "errorMessage": f"Unable to marshal response: {error}",
            "errorType": "Runtime.MarshalError",
        }
        return Outcome(json.dumps(said).encode(), failed=True)


def _raised(error: Exception, context: Context) -> Outcome:
    """The members and the order of Lambda's runtime."""
    traceback.print_exception(error, file=sys.stderr)
    said = {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": context.aws_request_id,
        "stackTrace": traceback.format_tb(error.__traceback__)[1:],
    }
    return Outcome(json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace"), failed=True)
