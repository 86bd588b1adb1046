"""The forms of a Task's Resource, and how AWS's events name them.

Which of them a driver serves is not known here. Source: https://states-language.net/spec.html#task-state (a URI) and
the recorded TaskScheduled events.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from stepwright.asl.definition import placeholders

Kind = Literal["integration", "lambda_function", "activity", "uri"]
"""``integration``: an ARN of Step Functions itself, TaskScheduled events. ``lambda_function`` and ``activity`` have
events of their own. ``uri``: all else, k8s included, TaskScheduled events."""

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_KUBERNETES = re.compile(r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(k8s:.+)")
_ARN_PARTS = 6


class Name(NamedTuple):
    """How events call a resource: ``resourceType`` and ``resource``."""

    type: str
    resource: str


def is_valid(resource: str) -> bool:
    """An ARN, any other URI, or a text that a substitution completes."""
    if placeholders.in_text(resource):
        return True
    if resource.startswith("arn:"):
        parts = resource.split(":", _ARN_PARTS - 1)
        return len(parts) == _ARN_PARTS and all((parts[1], parts[2], parts[5]))
    return _URI.fullmatch(resource) is not None


def canonical(resource: str) -> str:
    """The one spelling of an integration: in every partition it is that of ``arn:aws``, and
    ``arn:aws:states:::k8s:job`` is ``k8s:job``, spelled so that tools which know ARNs only let it pass."""
    parts = resource.split(":", _ARN_PARTS - 1)
    if parts[0] == "arn" and kind(resource) == "integration":
        resource = ":".join(("arn", "aws", *parts[2:]))
    found = _KUBERNETES.fullmatch(resource)
    return resource if found is None else found[1]


def kind(resource: str) -> Kind:
    parts = resource.split(":", _ARN_PARTS - 1)
    if parts[0] != "arn" or len(parts) < _ARN_PARTS:
        return "uri"
    if parts[2] == "states":
        return "activity" if parts[5].startswith("activity:") else "integration"
    return "lambda_function" if parts[2] == "lambda" else "uri"


def name(resource: str) -> Name:
    """``k8s:job`` -> k8s, job; ``arn:aws:states:::aws-sdk:s3:getObject`` -> aws-sdk:s3, getObject.

    Functions and activities are called by their whole ARN, as in LambdaFunctionScheduled and ActivityScheduled.
    """
    match kind(resource):
        case "lambda_function":
            return Name("lambda", resource)
        case "activity":
            return Name("activity", resource)
        case "integration":
            # The action is what follows the service; a suffix such as .sync:2 has a colon of its own.
            service, _, action = resource.split(":", _ARN_PARTS - 1)[5].partition(":")
            if service == "aws-sdk":
                api, _, action = action.partition(":")
                service = f"{service}:{api}"
            return Name(service, action)
        case "uri":
            scheme, _, rest = resource.partition(":")
            if scheme == "arn":
                # What is too short for an ARN names no service.
                named = resource.split(":")[2:3]
                return Name(named[0] if named else scheme, resource)
            return Name(scheme, rest)


def waits_for_token(resource: str) -> bool:
    return resource.endswith(".waitForTaskToken")


def waits_for_end(resource: str) -> bool:
    return resource.endswith((".sync", ".sync:2"))
