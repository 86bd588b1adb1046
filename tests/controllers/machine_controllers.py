"""The controller of StateMachines of one operator, put together as the assembly does it, with nothing around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwright.asl.definition.compiling import unchecked
from stepwright.cluster.revisions import Revisions
from stepwright.controllers.known_machines import KnownMachines
from stepwright.controllers.notice import Notice
from stepwright.controllers.state_machine_watch import Key
from stepwright.controllers.state_machines import StateMachines
from stepwright.engine import readings
from stepwright.engine.readings import Readings
from tests.engine.virtual_loop import VirtualClock
from tests.simulation.client import SimulatedApi


def controller(
    api: SimulatedApi,
    owns: Callable[[str], bool],
    *,
    drivers: Any = (),
    check: Any = lambda *_: unchecked,
    read_clocks: Callable[[], Readings] = readings.read,
    on_change: Callable[[Key], None] = lambda _: None,
    on_retention: Callable[[Key | None], None] = lambda _: None,
    under_way: Callable[[Key], bool] = lambda _: False,
    **given: Any,
) -> StateMachines:
    gone: Notice[[Key, str]] = Notice()
    machines = StateMachines(
        api,
        KnownMachines(api, owns=owns, on_change=on_change, is_gone=gone, read_clocks=read_clocks),
        Revisions(api, read_clocks=read_clocks),
        drivers,
        check,
        VirtualClock(),
        on_change=on_change,
        on_retention=on_retention,
        under_way=under_way,
        in_use=lambda _: set(),
        owns=owns,
        read_clocks=read_clocks,
        **given,
    )
    gone.listen(machines.forget)
    return machines
