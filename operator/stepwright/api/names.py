"""Names and ARNs in requests: what they may look like, and what they refer to."""

from __future__ import annotations

import re
from typing import Final

from stepwright.api import errors
from stepwright.api.service import Service
from stepwright.catalog import arns
from stepwright.catalog.arns import Arn
from stepwright.catalog.records import Execution, StateMachine

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html#API_CreateStateMachine_RequestSyntax
_FORBIDDEN: Final = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def check(name: str) -> None:
    """Raises InvalidName."""
    if _FORBIDDEN.search(name):
        raise errors.invalid_name(name)


def parse(text: str, *kinds: str) -> Arn:
    """An ARN of one of these kinds. Raises InvalidArn."""
    if not text.startswith("arn:"):
        raise errors.invalid_arn(f"Invalid ARN prefix: {text}")
    arn = arns.parse(text)
    if arn is None or arn.service != "states":
        raise errors.invalid_arn(f"Resource type not valid in this context: {text}")
    if arn.kind not in kinds:
        raise errors.invalid_arn(f"Resource type not valid in this context: {arn.kind}")
    return arn


async def machine(service: Service, text: str) -> StateMachine:
    """Raises InvalidArn, StateMachineDoesNotExist."""
    parse(text, "stateMachine")
    found = await service.catalog.machine(text)
    if found is None:
        raise errors.no_such_machine(text)
    return found


async def execution(service: Service, text: str) -> Execution:
    """Raises InvalidArn, ExecutionDoesNotExist."""
    parse(text, "execution")
    found = await service.catalog.execution(text)
    if found is None:
        raise errors.no_such_execution(text)
    return found
