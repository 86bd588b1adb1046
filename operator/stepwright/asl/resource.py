"""A Task's Resource, parsed once: which service it names, which action, and how its task ends.

This module does not know which of them drivers serve. Source:
https://states-language.net/spec.html#task-state (a URI), the recorded TaskScheduled events, and for the
patterns https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from stepwright.asl.text import jsontext

Kind = Literal["integration", "lambda_function", "activity", "uri"]
"""``integration``: an ARN of Step Functions itself, TaskScheduled events. ``lambda_function`` and
``activity`` have their own events. ``uri``: everything else, including k8s, TaskScheduled events."""

Pattern = Literal["", ".sync", ".sync:2", ".waitForTaskToken"]
"""When the task ends: with the answer, with the end of what was begun, or with an answer to its token."""

ARN_PARTS: Final = 6

_PATTERNS: Final[tuple[Pattern, ...]] = (".sync", ".sync:2", ".waitForTaskToken")
_KUBERNETES: Final = re.compile(r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(k8s:.+)")


@dataclass(frozen=True, slots=True)
class Resource:
    """``text``: in its one spelling, see ``parse``. ``service`` and ``action``: ``k8s`` and ``job`` of ``k8s:job``,
    ``aws-sdk:s3`` and ``getObject`` of ``arn:aws:states:::aws-sdk:s3:getObject``; of functions and activities the action is
    the whole ARN, as in LambdaFunctionScheduled and ActivityScheduled."""

    text: str
    kind: Kind
    service: str
    action: str
    pattern: Pattern
    name: str = field(init=False, repr=False, compare=False)
    """``resource`` in events, as ``service`` is ``resourceType``: the action with its pattern."""
    named_bytes: int = field(init=False, repr=False, compare=False)
    """The size of the two, with which most events of a task begin."""
    is_called: bool = field(init=False, repr=False, compare=False)
    """Whether AWS calls a service and is done with its answer. Anything else that runs a task may take its time."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.action + self.pattern)
        size = jsontext.size_bytes(self.service) + jsontext.size_bytes(self.name)
        object.__setattr__(self, "named_bytes", size)
        object.__setattr__(self, "is_called", self.text.startswith("arn:") and not self.pattern)

    @property
    def waits_for_token(self) -> bool:
        return self.pattern == ".waitForTaskToken"

    @property
    def waits_for_end(self) -> bool:
        return self.pattern in (".sync", ".sync:2")

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def parse(text: str) -> Resource:
    """Of an integration there is one spelling: in every partition it is that of ``arn:aws``, and
    ``arn:aws:states:::k8s:job`` is ``k8s:job``, spelled so that tools which know ARNs only let it pass."""
    text = _canonical(text)
    pattern: Pattern = next((pattern for pattern in _PATTERNS if text.endswith(pattern)), "")
    kind = _kind(text)
    service, name = _name(text, kind)
    return Resource(text, kind, service, name.removesuffix(pattern), pattern)


def _canonical(text: str) -> str:
    parts = text.split(":", ARN_PARTS - 1)
    if parts[0] == "arn" and _kind(text) == "integration":
        text = ":".join(("arn", "aws", *parts[2:]))
    found = _KUBERNETES.fullmatch(text)
    return text if found is None else found[1]


def _kind(text: str) -> Kind:
    parts = text.split(":", ARN_PARTS - 1)
    if parts[0] != "arn" or len(parts) < ARN_PARTS:
        return "uri"
    if parts[2] == "states":
        return "activity" if parts[5].startswith("activity:") else "integration"
    return "lambda_function" if parts[2] == "lambda" else "uri"


def _name(text: str, kind: Kind) -> tuple[str, str]:
    match kind:
        case "lambda_function":
            return "lambda", text
        case "activity":
            return "activity", text
        case "integration":
            # The action is what follows the service; a suffix such as .sync:2 has a colon of its own.
            service, _, action = text.split(":", ARN_PARTS - 1)[5].partition(":")
            if service == "aws-sdk":
                api, _, action = action.partition(":")
                service = f"{service}:{api}"
            return service, action
        case "uri":
            scheme, _, rest = text.partition(":")
            if scheme == "arn":
                # What is too short for an ARN names no service.
                named = text.split(":")[2:3]
                return (named[0] if named else scheme), text
            return scheme, rest


OWN_SCHEME: Final = "stepwright:"
"""The service of what the engine runs for itself. No definition can name it."""

ITEM_READER: Final = parse(f"{OWN_SCHEME}itemReader")
"""What a distributed Map reads its items with (``checkpoint.map_tasks``)."""

RESULT_WRITER: Final = parse(f"{OWN_SCHEME}resultWriter")
"""What a distributed Map leaves its results with."""

MAP_SHARD: Final = parse(f"{OWN_SCHEME}mapShard.sync")
"""A shard of a distributed Map (``checkpoint.shards``): an execution that the Map waits for."""
