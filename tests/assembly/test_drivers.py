"""An operator has a driver for what the table of tasks says, and for nothing else."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from stepwright.asl.resource import parse
from stepwright.assembly.in_cluster import InCluster, Made, Settings
from stepwright.cluster.installation import Installation
from stepwright.cluster.revisions import Revisions
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.notice import Notice
from stepwright.controllers.quarantine import Quarantine
from stepwright.engine.alone import Held
from stepwright.engine.engine import Engine
from stepwright.engine.ports import Uid
from stepwright.tasks import table
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import VirtualClock, run
from tests.simulation.api_server import ApiServer
from tests.simulation.client import SimulatedApi

RESOURCES = [*(example for row in table.TABLE for example in row.examples), "k8s:something", "arn:aws:states:::sqs:x"]  # fmt: skip


class Alone(Held):
    def owns(self, _: Uid) -> bool:
        return True


@functools.cache
def served() -> frozenset[str]:
    """Those of the Resources that a driver of an operator serves."""
    found: set[str] = set()

    def engine(journal: Any, drivers: Sequence[Any], *given: Any, **named: Any) -> Engine:
        found.update(text for text in RESOURCES if any(driver.serves(parse(text)) for driver in drivers))
        return Engine(journal, drivers, *given, **named)

    async def main() -> None:
        quiet, clock = Quiet("operator"), VirtualClock()
        api = SimulatedApi(ApiServer(Random(0)), quiet, quiet, lambda *_: None)
        InCluster(
            api,
            clock,
            Alone(),
            Revisions(api),
            Installation("first"),
            Quarantine(api, "stepwright"),
            FailureEvents(api, "operator-1", clock),
            (),
            Settings(),
            Notice(),
            Made(engine=engine),
        )

    run(main)
    return frozenset(found)


@pytest.mark.parametrize("resource", RESOURCES)
def test_an_operator_serves_what_the_table_says(resource: str) -> None:
    assert (resource in served()) is table.serves(parse(resource), "operator")
