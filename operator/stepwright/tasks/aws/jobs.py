"""What ``.sync`` tasks begin: how it is looked at, when it has ended, and how it is stopped.

Everything is found by what the service answered when it was begun, since that alone is kept. Requests are botocore's; what was
begun, and what is told of it, is spelled as tasks spell it. Output is what AWS gives: the job itself, or for Athena and CodeBuild the
answer that holds it.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync, and the page of each service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.tasks.calls.integration import Again

Object = Mapping[str, Any]
Request = tuple[str, Object]
"""An operation and what it is given, as botocore spells them."""

REASON: Final = "Stopped by its Step Functions task"


@dataclass(frozen=True, slots=True)
class Job:
    """``look``: the request that tells how it is, of what was begun. ``found``: the job in its answer; None while it is not there.
    ``ended``: whether it ended well; None while it runs. ``output``: of the answer, if that is not the job. ``stops``: requests that
    stop it. ``again``: what to do when nobody knows whether it was begun."""

    look: Callable[[Object], Request]
    found: Callable[[Object], Object | None]
    ended: Callable[[Object], bool | None]
    stops: Callable[[Object], tuple[Request, ...]]
    again: Again = Again.REPEAT
    output: Callable[[Object], Json] | None = None


def of(resource: Resource) -> Job | None:
    return JOBS.get(f"{resource.service}:{resource.action}") if resource.pattern == ".sync" else None


def _by(member: str, done: str, failed: str) -> Callable[[Object], bool | None]:
    """By a member of the job that has one of these words."""
    well, badly = frozenset(done.split()), frozenset(failed.split())

    def ended(job: Object) -> bool | None:
        said: Any = job
        for name in member.split("."):
            said = said.get(name, {})
        return True if said in well else False if said in badly else None

    return ended


def _in(member: str) -> Callable[[Object], Object | None]:
    """A structure, or the first of a list."""

    def found(answer: Object) -> Object | None:
        value = answer.get(member)
        if isinstance(value, list):
            return value[0] if value else None
        return value

    return found


def _itself(answer: Object) -> Object:
    return answer


def _answer(answer: Object) -> Json:
    return dict(answer)


def _nothing(begun: Object) -> tuple[Request, ...]:  # noqa: ARG001
    """AWS does not stop it either."""
    return ()


def _name(arn: str) -> str:
    """``train-7`` of ``arn:aws:sagemaker:us-east-1:123456789012:training-job/train-7``."""
    return arn.rpartition("/")[2]


def _sagemaker(kind: str) -> Job:
    """``Training`` of CreateTrainingJob, DescribeTrainingJob, StopTrainingJob, TrainingJobName, TrainingJobStatus."""
    name, arn = f"{kind}JobName", f"{kind}JobArn"
    return Job(
        look=lambda begun: (f"Describe{kind}Job", {name: _name(begun[arn])}),
        found=_itself,
        ended=_by(f"{kind}JobStatus", "Completed", "Failed Stopped"),
        stops=lambda begun: ((f"Stop{kind}Job", {name: _name(begun[arn])}),),
        again=Again.FIND,
    )


def _ecs_ended(job: Object) -> bool | None:
    if job.get("LastStatus") != "STOPPED":
        return None
    containers = job.get("Containers") or [{}]
    return all(container.get("ExitCode") == 0 for container in containers)


def _codebuild(look: str, stop: str, member: str, ids: str, status: str) -> Job:
    """``member``: ``Build`` or ``BuildBatch``, of answers and in lists."""
    return Job(
        look=lambda begun: (look, {"ids": [begun[member]["Id"]]}),
        found=_in(ids),
        ended=_by(status, "SUCCEEDED", "FAILED FAULT TIMED_OUT STOPPED"),
        stops=lambda begun: ((stop, {"id": begun[member]["Id"]}),),
        output=lambda answer: {member: answer[ids][0]},
    )


_BUILD: Final = _codebuild("BatchGetBuilds", "StopBuild", "Build", "Builds", "BuildStatus")
_BUILD_BATCH: Final = _codebuild(
    "BatchGetBuildBatches", "StopBuildBatch", "BuildBatch", "BuildBatches", "BuildBatchStatus"
)

JOBS: Final[Mapping[str, Job]] = MappingProxyType(
    {
        "athena:startQueryExecution": Job(
            look=lambda begun: ("GetQueryExecution", {"QueryExecutionId": begun["QueryExecutionId"]}),
            found=_in("QueryExecution"),
            ended=_by("Status.State", "SUCCEEDED", "FAILED CANCELLED"),
            stops=lambda begun: (("StopQueryExecution", {"QueryExecutionId": begun["QueryExecutionId"]}),),
            output=_answer,
        ),
        "batch:submitJob": Job(
            look=lambda begun: ("DescribeJobs", {"jobs": [begun["JobId"]]}),
            found=_in("Jobs"),
            ended=_by("Status", "SUCCEEDED", "FAILED"),
            stops=lambda begun: (("TerminateJob", {"jobId": begun["JobId"], "reason": REASON}),),
            again=Again.FIND,
        ),
        "codebuild:startBuild": _BUILD,
        "codebuild:startBuildBatch": _BUILD_BATCH,
        "codebuild:retryBuildBatch": _BUILD_BATCH,
        "ecs:runTask": Job(
            look=lambda begun: (
                "DescribeTasks",
                {"cluster": begun["Tasks"][0]["ClusterArn"], "tasks": [begun["Tasks"][0]["TaskArn"]]},
            ),
            found=_in("Tasks"),
            ended=_ecs_ended,
            stops=lambda begun: tuple(
                ("StopTask", {"cluster": task["ClusterArn"], "task": task["TaskArn"], "reason": REASON})
                for task in begun["Tasks"]
            ),
        ),
        "emr-containers:startJobRun": Job(
            look=lambda begun: (
                "DescribeJobRun",
                {"id": begun["Id"], "virtualClusterId": begun["VirtualClusterId"]},
            ),
            found=_in("JobRun"),
            ended=_by("State", "COMPLETED", "FAILED CANCELLED"),
            stops=lambda begun: (
                ("CancelJobRun", {"id": begun["Id"], "virtualClusterId": begun["VirtualClusterId"]}),
            ),
            output=_answer,
        ),
        "emr-containers:deleteVirtualCluster": Job(
            look=lambda begun: ("DescribeVirtualCluster", {"id": begun["Id"]}),
            found=_in("VirtualCluster"),
            ended=_by("State", "TERMINATED", "ARRESTED"),
            stops=_nothing,
            output=_answer,
        ),
        "emr-serverless:startJobRun": Job(
            look=lambda begun: (
                "GetJobRun",
                {"applicationId": begun["ApplicationId"], "jobRunId": begun["JobRunId"]},
            ),
            found=_in("JobRun"),
            ended=_by("State", "SUCCESS", "FAILED CANCELLED"),
            stops=lambda begun: (
                ("CancelJobRun", {"applicationId": begun["ApplicationId"], "jobRunId": begun["JobRunId"]}),
            ),
            output=_answer,
        ),
        "emr-serverless:createApplication": Job(
            look=lambda begun: ("GetApplication", {"applicationId": begun["ApplicationId"]}),
            found=_in("Application"),
            ended=_by("State", "CREATED STARTED", "TERMINATED"),
            stops=_nothing,
            output=_answer,
        ),
        "glue:startJobRun": Job(
            look=lambda begun: ("GetJobRun", {"JobName": begun["JobName"], "RunId": begun["JobRunId"]}),
            found=_in("JobRun"),
            ended=_by("JobRunState", "SUCCEEDED", "FAILED STOPPED TIMEOUT ERROR EXPIRED"),
            stops=lambda begun: (
                ("BatchStopJobRun", {"JobName": begun["JobName"], "JobRunIds": [begun["JobRunId"]]}),
            ),
            again=Again.FAIL,
        ),
        "mediaconvert:createJob": Job(
            look=lambda begun: ("GetJob", {"Id": begun["Job"]["Id"]}),
            found=_in("Job"),
            ended=_by("Status", "COMPLETE", "ERROR CANCELED"),
            stops=lambda begun: (("CancelJob", {"Id": begun["Job"]["Id"]}),),
            output=_answer,
        ),
        "bedrock:createModelCustomizationJob": Job(
            look=lambda begun: ("GetModelCustomizationJob", {"jobIdentifier": begun["JobArn"]}),
            found=_itself,
            ended=_by("Status", "Completed", "Failed Stopped"),
            stops=lambda begun: (("StopModelCustomizationJob", {"jobIdentifier": begun["JobArn"]}),),
        ),
        "sagemaker:createTrainingJob": _sagemaker("Training"),
        "sagemaker:createTransformJob": _sagemaker("Transform"),
        "sagemaker:createProcessingJob": _sagemaker("Processing"),
        "sagemaker:createHyperParameterTuningJob": _sagemaker("HyperParameterTuning"),
        "sagemaker:createLabelingJob": _sagemaker("Labeling"),
    }
)
"""By service and action."""
