"""What people choose a task from: the Resources that a process runs, with words, parameters and a state to begin with.

All of it follows from the table of drivers; AWS's thousands of actions are listed service by service.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.machine import QueryLanguage
from stepwright.asl.resource import Pattern, Resource, parse
from stepwright.aws import models, names, optimized
from stepwright.tasks import table
from stepwright.tasks.aws import operations
from stepwright.tasks.table import Process, Row

_WORDS: Final = Path(__file__).with_name("palette_words.toml")
_SDK: Final = "arn:aws:states:::aws-sdk:"
_INPUT: Final = "$states.input"
_CONTEXT: Final = "$states.context"
_TOKEN: Final = "{% $states.context.Task.Token %}"  # noqa: S105 - an expression, no secret

_OF_TYPES: Final[Mapping[str, Json]] = {"array": [], "boolean": False, "object": {}}


@dataclass(frozen=True, slots=True)
class Offer:
    """``resource`` without its pattern, and the ``patterns`` with which the process runs it. ``driver``: the row of the table that
    serves it; ``page``: of docs/."""

    resource: str
    driver: str
    title: str
    help: str
    page: str
    patterns: tuple[Pattern, ...]


def offers(process: Process) -> list[Offer]:
    """All but the actions of ``aws-sdk``, in the order of the table."""
    found: dict[str, tuple[Row, list[Pattern]]] = {}
    for row in table.rows():
        for resource in _resources(row):
            if table.serves(resource, process):
                found.setdefault(_plain(resource), (row, []))[1].append(resource.pattern)
    return [_offer(text, row, tuple(patterns)) for text, (row, patterns) in found.items()]


def sdk_services() -> list[str]:
    """The services of ``aws-sdk``. Reads the heads of all models, once: tenths of a second."""
    return sorted(models.services())


def sdk_offers(service: str, process: Process) -> list[Offer]:
    """Its actions; none if there is no such service. Reads its model, if it is not in memory."""
    botocore = models.services().get(service)
    found = []
    for action in () if botocore is None else sorted(models.operations(botocore)):
        resource = parse(f"{_SDK}{service}:{action}")
        row = table.row(resource)
        if row is None or not table.serves(resource, process) or not _is_offered(resource):
            continue
        token = parse(f"{resource}.waitForTaskToken")
        patterns: tuple[Pattern, ...] = ("", ".waitForTaskToken") if table.serves(token, process) else ("",)
        found.append(_offer(resource.text, row, patterns))
    return found


def schema(resource: Resource) -> Mapping[str, Any] | None:
    """JSON Schema of a task's parameters; None if nothing is known of them. May read the model of a service of AWS."""
    row = table.row(resource)
    return None if row is None else row.schema(resource)


def errors_of(resource: Resource) -> Sequence[str]:
    """The errors of its tasks that are known by name, beside those of the language. May read the model of a service of AWS."""
    row = table.row(resource)
    return () if row is None else row.errors_of(resource)


def example(resource: Resource, language: QueryLanguage) -> dict[str, Json]:
    """A Task state to begin with, which ends its workflow."""
    words = _words().get(_plain(resource), {})
    given = dict(words["example"]) if "example" in words else _required(schema(resource))
    if resource.waits_for_token:
        given = dict(words["with_token"]) if "with_token" in words else _with_token(resource, given)
    state: dict[str, Json] = {"Type": "Task", "Resource": resource.text}
    if given:
        is_jsonata = language == "JSONata"
        state["Arguments" if is_jsonata else "Parameters"] = given if is_jsonata else _in_jsonpath(given)
    return {**state, "End": True}


def _resources(row: Row) -> Iterator[Resource]:
    """Those that have names of their own."""
    for text in row.examples:
        if not text.startswith(_SDK):
            yield parse(text)
    if row.name == "aws":
        for service, known in optimized.SERVICES.items():
            for action, patterns in known.actions.items():
                for pattern in ("", ".sync", ".waitForTaskToken"):
                    resource = parse(f"arn:aws:states:::{service}:{action}{pattern}")
                    if pattern in patterns and row.serves(resource):
                        yield resource


def _plain(resource: Resource) -> str:
    return resource.text.removesuffix(resource.pattern) if resource.pattern else resource.text


def _offer(text: str, row: Row, patterns: tuple[Pattern, ...]) -> Offer:
    said = _words().get(text, {})
    title = said.get("title") or _title(parse(text))
    return Offer(text, row.name, title, said.get("help", ""), row.page, tuple(dict.fromkeys(patterns)))


def _title(resource: Resource) -> str:
    """``DynamoDB: put item`` of ``dynamodb:putItem``; the names of others' drivers as they are."""
    own = optimized.find(resource)
    service = resource.service.removeprefix("aws-sdk:") if own is None else own.prefix
    words = " ".join(word if word.isupper() else word.lower() for word in names.words(resource.action))
    return f"{service}: {words}" if words else resource.text


def _is_offered(resource: Resource) -> bool:
    try:
        operations.of(resource)
    except operations.NoOperation:
        return False
    return True


def _required(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters that must be there, with values to be written over."""
    if schema is None:
        return {}
    properties = schema.get("properties", {})
    return {name: _value(name, properties.get(name, {})) for name in schema.get("required", ())}


def _value(name: str, schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return _required(schema)
        case "array":
            return [_value(name, schema["items"])] if schema.get("minItems") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case str() as kind:
            return _OF_TYPES.get(kind, name)
    return name


def _with_token(resource: Resource, given: dict[str, Any]) -> dict[str, Any]:
    """The token must reach whoever is to answer: in what is sent."""
    known = (schema(resource) or {}).get("properties", {})
    sent = next((name for name in ("Payload", "Input", "Message", "MessageBody") if name in known), None)
    return given if sent is None else {**given, sent: {"input": "{% $states.input %}", "token": _TOKEN}}


def _in_jsonpath(given: Any) -> Any:
    """The expressions of examples are paths in either language."""
    if isinstance(given, list):
        return [_in_jsonpath(item) for item in given]
    if not isinstance(given, dict):
        return given
    changed = {}
    for name, value in given.items():
        if isinstance(value, str) and value.startswith("{%"):
            path = value.removeprefix("{%").removesuffix("%}").strip()
            changed[f"{name}.$"] = path.replace(_CONTEXT, "$$").replace(_INPUT, "$")
        else:
            changed[name] = _in_jsonpath(value)
    return changed


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(_WORDS.read_text(encoding="utf-8"))
