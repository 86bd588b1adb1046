"""Step Functions' own API, as tasks call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.engine.ports import Uid


class Calls(Protocol):
    """Step Functions' own API, as tasks call it."""

    def serves(self, operation: str) -> bool: ...

    async def call(
        self,
        operation: str,
        parameters: Json,
        *,
        caller: Caller,
        place: Place,
        once: str,
        moment: Callable[[Millis], Json],
    ) -> dict[str, Json]:
        """What ``operation`` (``startExecution``) answers; names begin with a capital letter, as in tasks.

        ``caller`` must have the right to do it. ``place``: where things are that are named without an ARN.
        ``once``: a UUID. A second call with it finds what the first has begun; an execution that it starts
        has it as its uid. ``moment`` formats a moment. Raises CallRefused, Unavailable.
        """

    async def is_express(self, arn: str) -> bool:
        """Of a state machine, or a version or an alias of one; False where there is none. It takes no right. Raises
        Unavailable."""

    async def until_ended(self, arn: str) -> None:
        """Return once a Standard execution has ended, or is not there. Raises Unavailable."""

    async def stop(self, once: Uid) -> None:
        """Ask the execution to stop that a call with this ``once`` has started, if it has started one; durable when it
        returns. Raises Unavailable."""
