"""What holds for every execution in a process that shares its executions with no other."""

from __future__ import annotations

from typing import Final

from stepwright.asl.interpreter import Limits
from stepwright.engine.ports import Uid

LIMITS: Final = Limits(history_events=25_000)
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class Held:
    """Implements ``engine.ports.Lease``: nobody else could carry an execution."""

    def held(self, uid: Uid) -> bool:  # noqa: ARG002
        return True
