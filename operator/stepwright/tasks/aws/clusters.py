"""What ``.sync`` tasks create, start and delete where jobs run, and wait for until it is so: clusters of EKS and of EMR, applications
of EMR Serverless.

AWS leaves clusters as they are when such a task is stopped. Applications it stops or deletes: its policies for the tasks that
create or start them allow that.
https://docs.aws.amazon.com/step-functions/latest/dg/emr-serverless-iam.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.tasks.aws.job import Job, Object, Request, by, inside, nothing, within
from stepwright.tasks.calls.integration import Again

_Look = Callable[[Object], Request]


def _part_of_eks(kind: str, look: _Look, *, failed: str = "CREATE_FAILED DELETE_FAILED") -> tuple[Job, Job]:
    """How it is to be created, and deleted. ``kind``: the member that has it."""
    found, output = inside(kind), within(kind)
    return (
        Job(look, by("Status", "ACTIVE DEGRADED", failed), nothing, found=found, output=output),
        Job(look, by("Status", "", failed), nothing, found=found, output=output, ends_gone=True),
    )


_CREATE_CLUSTER, _DELETE_CLUSTER = _part_of_eks(
    "Cluster", lambda begun: ("DescribeCluster", {"name": begun["Cluster"]["Name"]}), failed="FAILED"
)
_CREATE_PROFILE, _DELETE_PROFILE = _part_of_eks(
    "FargateProfile",
    lambda begun: (
        "DescribeFargateProfile",
        {
            "clusterName": begun["FargateProfile"]["ClusterName"],
            "fargateProfileName": begun["FargateProfile"]["FargateProfileName"],
        },
    ),
)
_CREATE_NODES, _DELETE_NODES = _part_of_eks(
    "Nodegroup",
    lambda begun: (
        "DescribeNodegroup",
        {
            "clusterName": begun["Nodegroup"]["ClusterName"],
            "nodegroupName": begun["Nodegroup"]["NodegroupName"],
        },
    ),
)


def _cluster_of_emr(begun: Object) -> Request:
    return "DescribeCluster", {"ClusterId": begun["ClusterId"]}


def _with_its_id(cluster: Object) -> Json:
    """States that come later name it by this."""
    return {"Cluster": dict(cluster), "ClusterId": cluster["Id"]}


def _application(done: str, failed: str = "", stop: str | None = None, *, ends_gone: bool = False) -> Job:
    """Of EMR Serverless."""

    def given(begun: Object) -> dict[str, Any]:
        return {"applicationId": begun["ApplicationId"]}

    return Job(
        look=lambda begun: ("GetApplication", given(begun)),
        found=inside("Application"),
        ended=by("State", done, failed),
        stops=nothing if stop is None else lambda begun: ((stop, given(begun)),),
        output=within("Application"),
        ends_gone=ends_gone,
    )


CLUSTERS: Final[Mapping[str, Job]] = MappingProxyType(
    {
        "eks:createCluster": _CREATE_CLUSTER,
        "eks:deleteCluster": _DELETE_CLUSTER,
        "eks:createFargateProfile": _CREATE_PROFILE,
        "eks:deleteFargateProfile": _DELETE_PROFILE,
        "eks:createNodegroup": _CREATE_NODES,
        "eks:deleteNodegroup": _DELETE_NODES,
        "elasticmapreduce:createCluster": Job(
            look=_cluster_of_emr,
            found=inside("Cluster"),
            ended=by("Status.State", "WAITING", "TERMINATED TERMINATED_WITH_ERRORS"),
            stops=nothing,
            output=_with_its_id,
            again=Again.FIND,
        ),
        "elasticmapreduce:terminateCluster": Job(
            look=_cluster_of_emr,
            found=inside("Cluster"),
            ended=by("Status.State", "TERMINATED TERMINATED_WITH_ERRORS", ""),
            stops=nothing,
            output=_with_its_id,
        ),
        "emr-containers:deleteVirtualCluster": Job(
            look=lambda begun: ("DescribeVirtualCluster", {"id": begun["Id"]}),
            found=inside("VirtualCluster"),
            ended=by("State", "TERMINATED", "ARRESTED"),
            stops=nothing,
            output=within("VirtualCluster"),
        ),
        "emr-serverless:createApplication": _application(
            "CREATED STARTED", "TERMINATED", "DeleteApplication"
        ),
        "emr-serverless:startApplication": _application("STARTED", "TERMINATED", "StopApplication"),
        "emr-serverless:stopApplication": _application("STOPPED", "TERMINATED"),
        "emr-serverless:deleteApplication": _application("TERMINATED", ends_gone=True),
    }
)
"""By service and action."""
