"""What a package says about the integration that it ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from stepwright.asl.resource import Resource
from stepwright.integrations.provided import Provided
from stepwright.tasks.calls.at_once import AtOnce
from stepwright.tasks.calls.deferred import Deferred
from stepwright.tasks.calls.fields import Fields
from stepwright.tasks.calls.integration import Call, Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.offered import Offered
from stepwright.tasks.table import Process, Row

API: Final = 1
"""The version of what packages may rely on."""

_PAGE: Final = "plugins.md"


@dataclass(frozen=True, slots=True)
class Driver:
    """``name``: the scheme of its Resources, and that of its entry point. ``resources``: what the parameters of tasks may be, by
    what follows the scheme (``charge``, ``charge.sync``). ``make`` is called with the first call that a process makes; until then
    nothing need be imported that only calls need. ``processes``: those that run its tasks."""

    name: str
    resources: Mapping[str, Fields]
    make: Callable[[Provided], Integration]
    processes: frozenset[Process] = frozenset({"operator", "dev", "run"})
    api: int = API
    _offered: Offered = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offered", Offered.of(self.name, self.resources))

    def serves(self, resource: Resource) -> bool:
        return self._offered.serves(resource)

    def parameters(self, call: Call) -> dict[str, Any]:
        """Those of a task that is about to run, as ``resources`` has them. Raises CallFailed."""
        return self._offered.read(call)

    @property
    def row(self) -> Row:
        """As a row of the table of all drivers."""
        offered = self._offered
        return Row(
            self.name,
            tuple(resource.text for resource in offered.parameters),
            offered.serves,
            self.processes,
            _PAGE,
            errors="",
            tested="",
            check_for=offered.check_for,
            integration=partial(_Shipped, self),
            claims=offered.claims,
            schema=offered.schema,
        )


class Calling(AtOnce):
    """To inherit from: what an integration need not say itself if its tasks end with the answer to one request. Those that wait
    for an end (``.sync``) say what ``follow`` and ``stop`` do, and those with Again.FIND, what ``find`` does."""

    def serves(self, resource: Resource) -> bool:  # noqa: ARG002
        """It is asked for the Resources of its driver only."""
        return True


class _Shipped(Deferred):
    """What a package makes, and what it was provided with: both end together."""

    def __init__(self, driver: Driver, means: Means) -> None:
        self._provided = Provided.of(driver.name, means)
        super().__init__(driver.serves, lambda: driver.make(self._provided))

    async def close(self) -> None:
        await super().close()
        self._provided.close()
