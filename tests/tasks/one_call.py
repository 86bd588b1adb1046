"""One call of a task at a server that its Connection names, without an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from stepwright.tasks.calls.addresses import look_up
from stepwright.tasks.calls.host_names import HostNames
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.calls.servers import Connector
from tests.tasks.http.calling import Kept


@dataclass(frozen=True)
class OneCall:
    """``make``: the integration. ``lookup``: how it finds addresses of hosts; ``loopback``: whether it may call this machine."""

    make: Callable[..., Any]

    def made(self, kept: Kept, lookup: Any = look_up, *, loopback: bool = True) -> Any:
        return self.make(kept, loopback=loopback, connector=Connector(HostNames(lookup)))

    async def result(self, kept: Kept, call: Call, lookup: Any = look_up, *, loopback: bool = True) -> Any:
        integration = self.made(kept, lookup, loopback=loopback)
        try:
            return (await integration.begin(call)).value
        finally:
            await integration.close()

    async def failure(
        self, kept: Kept, call: Call, lookup: Any = look_up, *, loopback: bool = True
    ) -> CallFailed:
        with pytest.raises(CallFailed) as failed:
            await self.result(kept, call, lookup, loopback=loopback)
        return failed.value


def nowhere(*_: object) -> Any:
    """A lookup that finds nothing."""
    raise OSError(-2, "Name or service not known")
