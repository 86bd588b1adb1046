"""Finds what a ``.sync`` task has begun, where nobody knows whether it has: for services that take no token by which they would know
a request again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.aws.calling import Client, ServiceRefused
from stepwright.tasks.calls.integration import Call

TAG: Final = "stepwright-task"
"""Of what a task begins; its value is the task's own."""

_CLOCKS_DIFFER_MILLIS: Final = 60_000
_MOST_DESCRIBED: Final = 100

Object = Mapping[str, Any]
Find = Callable[[Call, Object, Client], dict[str, Json] | None]
"""What beginning it has answered, by the parameters; None where it was not begun. Raises ServiceRefused, NoAnswer."""


def tag_of(call: Call) -> str:
    return begun_uid(call.ref.uid, call.task.task)


def _batch(call: Call, given: Object, client: Client) -> dict[str, Json] | None:
    """By the tag, among the jobs of this name in the queue."""
    by_name = {"name": "JOB_NAME", "values": [given["JobName"]]}
    listed = client.call("ListJobs", {"jobQueue": given["JobQueue"], "filters": [by_name]}).members
    ids = [job["jobId"] for job in listed.get("jobSummaryList", ())][:_MOST_DESCRIBED]
    described = client.call("DescribeJobs", {"jobs": ids}).members if ids else {}
    for job in described.get("jobs", ()):
        if job.get("tags", {}).get(TAG) == tag_of(call):
            return {"JobArn": job.get("jobArn"), "JobId": job["jobId"], "JobName": job["jobName"]}
    return None


def _sagemaker(kind: str) -> Find:
    """By its name, which no two jobs share: it is this task's if it was made after the task was scheduled."""
    name, arn = f"{kind}JobName", f"{kind}JobArn"

    def find(call: Call, given: Object, client: Client) -> dict[str, Json] | None:
        try:
            job = client.call(f"Describe{kind}Job", {name: given[name]}).members
        except ServiceRefused as refused:
            if refused.status == 400:
                return None
            raise
        made = job["CreationTime"].timestamp() * 1000
        return {arn: job[arn]} if made >= call.task.scheduled - _CLOCKS_DIFFER_MILLIS else None

    return find


def _cluster_of_emr(call: Call, given: Object, client: Client) -> dict[str, Json] | None:
    """By the tag, among the clusters of this name that were made since the task was scheduled."""
    since = datetime.fromtimestamp((call.task.scheduled - _CLOCKS_DIFFER_MILLIS) / 1000, UTC)
    listed = client.call("ListClusters", {"CreatedAfter": since}).members.get("Clusters", ())
    for known in [cluster for cluster in listed if cluster.get("Name") == given["Name"]][:_MOST_DESCRIBED]:
        cluster = client.call("DescribeCluster", {"ClusterId": known["Id"]}).members["Cluster"]
        if {"Key": TAG, "Value": tag_of(call)} in cluster.get("Tags", ()):
            return {"ClusterId": cluster["Id"]}
    return None


FINDS: Final[Mapping[str, Find]] = MappingProxyType(
    {
        "batch:submitJob": _batch,
        "elasticmapreduce:createCluster": _cluster_of_emr,
        "sagemaker:createTrainingJob": _sagemaker("Training"),
        "sagemaker:createTransformJob": _sagemaker("Transform"),
        "sagemaker:createProcessingJob": _sagemaker("Processing"),
        "sagemaker:createHyperParameterTuningJob": _sagemaker("HyperParameterTuning"),
        "sagemaker:createLabelingJob": _sagemaker("Labeling"),
    }
)
"""By service and action."""
