"""The Resources that name a function, and what functions are called."""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl.resource import Resource, parse
from stepwright.catalog import arns
from stepwright.catalog.ports import FunctionName

INVOKE: Final = parse("arn:aws:states:::lambda:invoke")
WITH_TOKEN: Final = parse("arn:aws:states:::lambda:invoke.waitForTaskToken")

_TEMPLATE: Final = "task/"
_PARTIAL_ARN: Final = re.compile(r"(?:[0-9]{12}:)?function:([^:]+)(?::([^:]+))?")


def serves(resource: Resource) -> bool:
    return resource in (INVOKE, WITH_TOKEN) or resource.kind == "lambda_function" or _names_template(resource)


def named(resource: Resource) -> FunctionName | None:
    """The function that a Resource names itself; None for ``lambda:invoke``, which names it in its parameters."""
    if _names_template(resource):
        name = resource.action.removeprefix(_TEMPLATE)
        return FunctionName(name, name, template=True)
    return function_name(resource.text) if resource.kind == "lambda_function" else None


def function_name(text: str, qualifier: str | None = None) -> FunctionName:
    """From a name, a partial or a whole ARN, each of which may end with a qualifier.
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters"""
    arn = arns.parse(text)
    if arn is not None and arn.kind == "function":
        name, own = arn.names[0], arn.names[1] if len(arn.names) > 1 else None
        return FunctionName(text, name, qualifier or own, arn.region)
    partial = _PARTIAL_ARN.fullmatch(text)
    name, own = partial.groups() if partial is not None else _split(text)
    return FunctionName(text, name, qualifier or own)


def _split(text: str) -> tuple[str, str | None]:
    name, colon, own = text.partition(":")
    return name, own if colon else None


def _names_template(resource: Resource) -> bool:
    """``k8s:task/NAME``"""
    return (
        resource.service == "k8s"
        and not resource.pattern
        and len(resource.action) > len(_TEMPLATE)
        and resource.action.startswith(_TEMPLATE)
    )
