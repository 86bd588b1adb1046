"""What the routes about executions have in common: who may read which, and how much is answered at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from stepwright.catalog import arns
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.catalog.records import Execution
from stepwright.console.models import Text
from stepwright.console.parameters import invalid, shown
from stepwright.console.ports import Ports
from stepwright.console.routes import Call
from stepwright.http.messages import Refused

T = TypeVar("T")

LARGEST_ANSWER_BYTES: Final = 1024 * 1024
"""Of rows in one answer: then the rest is on the next page, whatever number was asked for."""

LONGEST_TEXT_BYTES: Final = 64 * 1024
"""Of one input or output in an answer."""


class Reading:
    """Finds the execution that a path names, for those who may read it."""

    def __init__(self, ports: Ports) -> None:
        self._access = ports.access
        self._executions = ports.executions
        self._tenants = ports.tenants

    def place(self, caller: Caller, tenant: str | None, region: str | None) -> Place:
        """Where things of a tenant are looked for; by default those of the caller's own account. Raises Refused."""
        tenant = tenant or caller.account
        place = self._tenants.place(tenant)
        if caller.account and (place is None or place.account != caller.account):
            raise invalid(f"There is no tenant {shown(tenant)} here")
        if place is None:  # looks like one that is forbidden
            return Place(tenant, self._tenants.region)
        return place if region is None else Place(place.account, region)

    async def execution(self, call: Call, action: str = "DescribeExecution") -> Execution:
        """Raises Refused."""
        return await self.find(call.caller, call.ids["execution"], action)

    async def find(self, caller: Caller, arn: str, action: str = "DescribeExecution") -> Execution:
        """The right is asked for first: what is forbidden and what is not there look alike. Raises Refused."""
        parsed = arns.parse(arn)
        if parsed is None or parsed.service != "states" or parsed.kind != "execution":
            raise Refused("InvalidArn", f"{shown(arn)} is not the ARN of an execution", 400)
        await self.require(caller, action, arn)
        found = await self._executions.execution(arn)
        if found is None:
            raise Refused("ExecutionDoesNotExist", f"There is no execution {shown(arn)}", 404)
        return found

    async def again(self, execution: Execution) -> Execution:
        """As it is now; as it was if it is gone."""
        return await self._executions.execution(execution.arn) or execution

    async def require(self, caller: Caller, action: str, resource: str) -> None:
        """Raises Refused."""
        if not await self._access.allows(caller, action, resource):
            needs = self._access.needs(action)
            told = f"{caller.named} may not perform {action} on {resource}"
            raise Refused("AccessDeniedException", f"{told}: {needs}" if needs else told, 403)


def fitting(rows: Iterable[T]) -> list[T]:
    """As many as are answered at once, and one at least if there is one."""
    found: list[T] = []
    left = LARGEST_ANSWER_BYTES
    for row in rows:
        left -= len(msgspec.json.encode(row))
        if left < 0 and found:
            break
        found.append(row)
    return found


def beginning(text: str) -> Text:
    """All of it, if it is not long."""
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) <= LONGEST_TEXT_BYTES:
        return Text(text=text, bytes=len(encoded))
    shown = encoded[:LONGEST_TEXT_BYTES].decode("utf-8", "ignore")
    return Text(text=shown, bytes=len(encoded), cut=True)
