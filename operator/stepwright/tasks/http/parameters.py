"""The Parameters or Arguments of an HTTP task, read at run time and checked in definitions.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.tasks.calls import headers, named_connections, target
from stepwright.tasks.calls.target import BadUrl
from stepwright.tasks.http.forms import ARRAY_FORMATS, ArrayFormat, text
from stepwright.tasks.http.resources import INVOKE, serves

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")

_CODE: Final = "SCHEMA_VALIDATION_FAILED"  # AWS's code for an invalid field

_ARN: Final = re.compile(r"arn:aws[a-z-]*:events:[^:]*:[^:]*:connection/(?P<name>[^/]+)(?:/[^/]+)?")

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "ApiEndpoint": {"type": "string", "description": "a URL that the Connection allows"},
        "Method": {"enum": METHODS, "description": "how it is called"},
        "InvocationConfig": {
            "type": "object",
            "properties": {
                "ConnectionArn": {"type": "string", "description": "the Connection's ARN, or its name"}
            },
            "required": ["ConnectionArn"],
        },
        "Authentication": {"type": "object", "description": "the same as InvocationConfig"},
        "Headers": {"type": "object", "description": "texts, or lists of them, by name"},
        "QueryParameters": {"type": "object", "description": "values, or lists of them, by name"},
        "RequestBody": {"description": "any value, sent as JSON; a text as it is"},
        "Transform": {
            "type": "object",
            "description": "to send the body as a form",
            "properties": {
                "RequestBodyEncoding": {"enum": ["NONE", "URL_ENCODED"]},
                "RequestEncodingOptions": {
                    "type": "object",
                    "properties": {"ArrayFormat": {"enum": ARRAY_FORMATS}},
                },
            },
        },
    },
    "required": ["ApiEndpoint", "Method", "InvocationConfig"],
    "additionalProperties": False,
}


_FIELDS: Final = tuple(SCHEMA["properties"])


class BadParameters(ValueError):  # noqa: N818 - it names a condition
    """What is wrong with them, as a sentence without its stop; ``field``: with which, as a JSON pointer."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


@dataclass(frozen=True, slots=True)
class Parameters:
    """``body``: None if none was given. ``form``: how its lists are written, if it is sent as a form."""

    endpoint: str
    method: str
    connection: str
    headers: Sequence[tuple[str, str]]
    query: Sequence[tuple[str, str]]
    body: Json
    has_body: bool
    form: ArrayFormat | None


def read(given: Json) -> Parameters:
    """Raises BadParameters."""
    if not isinstance(given, Mapping):
        raise BadParameters("", "they must be an object")
    for name in given:
        if name not in _FIELDS:
            raise BadParameters(f"/{name}", _unknown(name))
    for name in ("ApiEndpoint", "Method"):
        if name not in given:
            raise BadParameters("", f"the field {name!r} is required but was missing")
    return Parameters(
        endpoint=_text(given["ApiEndpoint"], "ApiEndpoint"),
        method=_method(given["Method"]),
        connection=_connection(given),
        headers=tuple(_headers(given.get("Headers"))),
        query=tuple(_query(given.get("QueryParameters"))),
        body=given.get("RequestBody"),
        has_body=given.get("RequestBody") is not None,
        form=_form(given.get("Transform")),
    )


def check_for(spec: Mapping[str, Any]) -> TaskCheck:
    """``spec.connections`` of a StateMachine names the Connections that it may use; a definition by itself any."""
    named = spec.get("connections") or []
    return partial(check, connections=named if spec else None)


def check(
    resource: Resource,
    state: Mapping[str, Json],
    pointer: Pointer,
    *,
    connections: Sequence[str] | None = None,
) -> Iterable[Diagnostic]:
    """What is wrong with a Task state of a definition. Values known only at run time are checked then."""
    if not serves(resource):
        return
    member = "Arguments" if "Arguments" in state else "Parameters"
    given = state.get(member, {})
    where = f"{pointer}/{member}"
    if isinstance(given, str) and _is_open(given):
        return
    if not isinstance(given, Mapping):
        yield _error(f"{member} of {INVOKE} must be an object", where)
        return
    names = {name.removesuffix(".$") for name in given}
    for name in ("ApiEndpoint", "Method"):
        if name not in names:
            yield _error(
                f"The field {name!r} is required but was missing", where if member in state else pointer
            )
    if not names & {"Authentication", "InvocationConfig"}:
        yield _error(
            "The field 'InvocationConfig' is required but was missing: InvocationConfig.ConnectionArn names the Connection",
            where if member in state else pointer,
        )
    for name, value in given.items():
        yield from _check_field(name, value, where, connections)


def _check_field(
    name: str, value: Json, where: str, connections: Sequence[str] | None
) -> Iterator[Diagnostic]:
    plain = name.removesuffix(".$")
    at = f"{where}/{name.replace('~', '~0').replace('/', '~1')}"
    if plain not in _FIELDS:
        yield _error(_unknown(plain), at)
        return
    if plain != name:
        return
    try:
        if name in ("Authentication", "InvocationConfig"):
            yield from _check_connection(name, value, at, connections)
        elif name in _CHECKS and (name == "Headers" or not _is_open(value)):
            _CHECKS[name](value)
    except BadParameters as bad:
        yield _error(str(bad), where + bad.field)


def _check_connection(
    name: str, value: Json, at: str, connections: Sequence[str] | None
) -> Iterator[Diagnostic]:
    if isinstance(value, Mapping) and not _is_open(value):
        connection = _connection({name: value})
        if connections is not None and connection not in connections:
            yield _error(named_connections.not_named(connection), at)
    elif not isinstance(value, Mapping) and not _is_open(value):
        raise BadParameters(f"/{name}", f"{name} must be an object with ConnectionArn")
    elif connections is not None:
        yield Diagnostic("WARNING", _CODE, named_connections.from_data("ConnectionArn"), Pointer(at))


def _text(value: Json, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadParameters(f"/{name}", f"{name} must be a text")
    return value


def _endpoint(value: Json) -> None:
    try:
        target.parse(_text(value, "ApiEndpoint"))
    except BadUrl as bad:
        raise BadParameters("/ApiEndpoint", f"ApiEndpoint {bad}") from bad


def _method(value: Json) -> str:
    if value not in METHODS:
        raise BadParameters("/Method", f"Method must be one of {', '.join(METHODS)}")
    return str(value)


def _connection(given: Mapping[str, Json]) -> str:
    """The name of the Connection: that in an ARN as EventBridge has them, or the name itself."""
    for name in ("InvocationConfig", "Authentication"):
        config = given.get(name)
        if config is None:
            continue
        arn = config.get("ConnectionArn") if isinstance(config, Mapping) else None
        if not isinstance(arn, str):
            raise BadParameters(f"/{name}", f"{name} must be an object with ConnectionArn")
        found = _ARN.fullmatch(arn)
        connection = (arn if found is None else found["name"]).lower().replace("_", "-")
        if not named_connections.is_name(connection):
            raise BadParameters(
                f"/{name}/ConnectionArn",
                "ConnectionArn must be the ARN of a connection (arn:aws:events:REGION:ACCOUNT:connection/NAME/ID), or its name",
            )
        return connection
    raise BadParameters("", "the field 'InvocationConfig' is required but was missing")


def _is_known(name: str, value: Json) -> bool:
    return not name.endswith(".$") and not _is_open(value)


def _headers(
    given: Json, known: Callable[[str, Json], bool] = lambda _name, _value: True
) -> Iterator[tuple[str, str]]:
    if given is None or (isinstance(given, str) and _is_open(given)):
        return
    if not isinstance(given, Mapping):
        raise BadParameters("/Headers", "Headers must be an object")
    for name, value in given.items():
        plain = name if known(name, value) else name.removesuffix(".$")
        if (problem := headers.problem(plain, headers.OF_HTTP_TASKS)) is not None:
            raise BadParameters("/Headers", problem)
        if known(name, value):
            for each in value if isinstance(value, list) else [value]:
                yield name, _header_value(name, each)


def _header_value(name: str, value: Json) -> str:
    if isinstance(value, Mapping | list):
        raise BadParameters("/Headers", f"The header {name!r} must be a text or a list of texts")
    written = text(value)
    if not headers.is_value(written):
        raise BadParameters("/Headers", f"The header {name!r} has characters that no header may have")
    return written


def _query(given: Json) -> Iterator[tuple[str, str]]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise BadParameters("/QueryParameters", "QueryParameters must be an object")
    for name, value in given.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping | list):
                raise BadParameters(
                    "/QueryParameters", f"The query parameter {name!r} must be a text or a list of texts"
                )
            yield name, text(each)


def _form(given: Json) -> ArrayFormat | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or given.keys() - {"RequestBodyEncoding", "RequestEncodingOptions"}:
        raise BadParameters(
            "/Transform", "Transform must be an object with RequestBodyEncoding and RequestEncodingOptions"
        )
    encoding = given.get("RequestBodyEncoding", "NONE")
    if encoding not in ("NONE", "URL_ENCODED"):
        raise BadParameters("/Transform", "RequestBodyEncoding must be NONE or URL_ENCODED")
    options = given.get("RequestEncodingOptions")
    lists = options.get("ArrayFormat", "INDICES") if isinstance(options, Mapping) else "INDICES"
    if (options is not None and not isinstance(options, Mapping)) or lists not in ARRAY_FORMATS:
        raise BadParameters("/Transform", f"ArrayFormat must be one of {', '.join(ARRAY_FORMATS)}")
    return next(known for known in ARRAY_FORMATS if known == lists) if encoding == "URL_ENCODED" else None


_CHECKS: Final[Mapping[str, Callable[[Any], object]]] = {
    "ApiEndpoint": _endpoint,
    "Method": _method,
    "Headers": lambda value: list(_headers(value, known=_is_known)),
    "QueryParameters": lambda value: list(_query(value)),
    "Transform": _form,
}


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, _FIELDS, n=1, cutoff=0.5)
    hint = f"; is {near[0]!r} meant?" if near else f"; it takes {', '.join(_FIELDS)}"
    return f"The field {name!r} is not supported by {INVOKE}{hint}"


def _is_open(value: Json) -> bool:
    """Whether some of it is known only at run time, or filled in when the definition is applied."""
    if isinstance(value, str):
        return value.startswith("{%") or "${" in value
    if isinstance(value, list):
        return any(_is_open(item) for item in value)
    if isinstance(value, Mapping):
        return any(name.endswith(".$") or _is_open(item) for name, item in value.items())
    return False


def _error(message: str, pointer: str) -> Diagnostic:
    return Diagnostic("ERROR", _CODE, message, Pointer(pointer))
