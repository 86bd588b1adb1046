"""What a file's definitions can run on: in a cluster, and without one in ``stepwright run`` and ``stepwright dev``; or where
somebody says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from stepwright.asl.definition import Installation, TaskCheck
from stepwright.asl.resource import Resource
from stepwright.cluster.serving import Cluster
from stepwright.tasks import table


class Serving(NamedTuple):
    """``task_check``: of a StateMachine's ``spec``, which is empty for a definition by itself."""

    task_check: Callable[[Mapping[str, Any]], TaskCheck]
    installation: Installation


CLUSTER: Final = Cluster(partial(table.runs, process="operator"))
"""For manifests, which are for a cluster."""


class Somewhere:
    """For a definition by itself: reports what no part of Stepwright runs."""

    def lacks_resource(self, resource: Resource) -> str | None:
        if table.row(resource) is not None:
            return None
        return f"No driver serves '{resource}': its tasks run only where they are mocked"

    def lacks_map_field(self, name: str) -> str | None:
        return CLUSTER.lacks_map_field(name)

    def lacks_express(self) -> str | None:
        """``stepwright dev`` has them."""
        return None
