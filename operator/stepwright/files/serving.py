"""What a file's definitions can run on: in a cluster, and without one in ``stepwright run`` and ``stepwright dev``."""

from __future__ import annotations

from typing import Final

from stepwright.asl.resource import Resource
from stepwright.cluster.serving import Cluster
from stepwright.tasks import job

CLUSTER: Final = Cluster(job.serves)
"""For manifests, which are for a cluster."""

_STATES: Final = "arn:aws:states:::"
_LOCAL: Final = tuple(
    _STATES + name for name in ("lambda:invoke", "states:startExecution", "aws-sdk:sfn:", "activity")
)


class Somewhere:
    """For a definition by itself: what nothing of Stepwright runs, says so."""

    def lacks_resource(self, resource: Resource) -> str | None:
        if CLUSTER.serves(resource) or _is_local(resource):
            return None
        return f"No driver serves '{resource}': its tasks run where they are mocked only"

    def lacks_map_field(self, name: str) -> str | None:
        return CLUSTER.lacks_map_field(name)

    def lacks_express(self) -> str | None:
        """``stepwright dev`` has them."""
        return None


def _is_local(resource: Resource) -> bool:
    """What ``stepwright dev`` serves itself, as ``local`` does."""
    return resource.text.startswith(_LOCAL) or resource.kind in ("lambda_function", "activity")
