"""Functions that are Lambda's own: all of them are where a connection to Lambda leads."""

from __future__ import annotations

from typing import Final

from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Connections, Function, FunctionName

SERVICE: Final = "lambda"
"""What AWS's SDKs call it, and the one host of all functions."""

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 15 * 60 + 30.0
"""A function may take 15 minutes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

LARGEST_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""More than the 6 MB that a function may answer."""


class OfLambda:
    """Implements ``catalog.ports.Functions``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def known(self, name: FunctionName, namespace: str) -> Function | None:  # noqa: ARG002
        return None

    def lacking(self, name: FunctionName, namespace: str) -> str | None:
        """Lambda alone knows its functions."""

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> Function:  # noqa: ARG002
        connection = await self._connections.find(SERVICE, name.region, caller)
        return Function(
            key=SERVICE,
            url=connection.url,
            invoked_as=name.text,
            shown=connection.url,
            seconds=ANSWER_SECONDS,
            connect_seconds=0,
            largest_bytes=LARGEST_ANSWER_BYTES,
            signed=connection.signed,
        )
