"""What tasks may ask of the APIs at API Gateway: the rules of HTTP tasks, with the headers that AWS allows here.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.aws import api_calls, execute_api
from stepwright.tasks.calls import headers, target
from stepwright.tasks.calls.integration import Again, Call
from stepwright.tasks.calls.target import BadUrl

_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?")


def usable(call: Call, given: dict[str, Json]) -> dict[str, Json]:  # noqa: ARG001
    """What is sent, of parameters that have the right types. Raises ValueError with a sentence."""
    require(given)
    if given.get("AllowNullValues") in (True, "true"):
        return given
    return {**given, "RequestBody": _without_nulls(given.get("RequestBody"))}


def require(given: Mapping[str, Json]) -> None:
    """Parameters with which an API can be called, of those that have the right types. Raises ValueError with a sentence."""
    host, method = given["ApiEndpoint"], given["Method"]
    if not isinstance(host, str) or _HOST.fullmatch(host) is None:
        raise ValueError("ApiEndpoint must be the host of an API (ID.execute-api.REGION.amazonaws.com)")
    if method not in execute_api.METHODS:
        raise ValueError(f"Method must be one of {', '.join(execute_api.METHODS)}")
    if given.get("AuthType", execute_api.NO_AUTH) not in execute_api.AUTH_TYPES:
        raise ValueError(f"AuthType must be one of {', '.join(execute_api.AUTH_TYPES)}")
    try:
        target.parse(f"https://{host}{api_calls.path_of(given)}")
    except BadUrl as bad:
        raise ValueError(f"The URL of Stage and Path {bad}") from bad
    _require_headers(given.get("Headers"))


def again(call: Call) -> Again:
    """By what the method means (RFC 9110, 9.2.2)."""
    parameters = call.task.parameters
    method = parameters.get("Method") if isinstance(parameters, dict) else None
    return Again.REPEAT if method in _REPEATABLE else Again.FAIL


def _require_headers(given: Json) -> None:
    for name, values in given.items() if isinstance(given, Mapping) else ():
        if (problem := headers.problem(name, headers.OF_API_GATEWAY)) is not None:
            raise ValueError(problem)
        for value in values if isinstance(values, list) else ():
            if not isinstance(value, str) or not headers.is_value(value):
                raise ValueError(f"The header {name!r} has characters that no header may have")


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
