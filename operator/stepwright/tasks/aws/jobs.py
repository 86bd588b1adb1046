"""What ``.sync`` tasks begin: how it is looked at, when it has ended, and how it is stopped.

Everything is found by what the service answered when it was begun, since that alone is kept. Output is what AWS gives: the job
itself, or for some services the answer that holds it.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync, and the page of each service.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.resource import Resource
from stepwright.tasks.aws.clusters import CLUSTERS
from stepwright.tasks.aws.job import Job, Many, Object, by, inside, nothing, within
from stepwright.tasks.calls.integration import Again

REASON: Final = "Stopped by its Step Functions task"


def of(resource: Resource) -> Job | None:
    return JOBS.get(f"{resource.service}:{resource.action}") if resource.pattern == ".sync" else None


def _name(arn: str) -> str:
    """``train-7`` of ``arn:aws:sagemaker:us-east-1:123456789012:training-job/train-7``."""
    return arn.rpartition("/")[2]


def _sagemaker(kind: str) -> Job:
    """``Training`` of CreateTrainingJob, DescribeTrainingJob, StopTrainingJob, TrainingJobName, TrainingJobStatus."""
    name, arn = f"{kind}JobName", f"{kind}JobArn"
    return Job(
        look=lambda begun: (f"Describe{kind}Job", {name: _name(begun[arn])}),
        ended=by(f"{kind}JobStatus", "Completed", "Failed Stopped"),
        stops=lambda begun: ((f"Stop{kind}Job", {name: _name(begun[arn])}),),
        again=Again.FIND,
    )


def _ecs_ended(job: Object) -> bool | None:
    if job.get("LastStatus") != "STOPPED":
        return None
    containers = job.get("Containers") or [{}]
    return all(container.get("ExitCode") == 0 for container in containers)


def _codebuild(look: str, stop: str, member: str, listed: str, status: str) -> Job:
    """``member``: ``Build`` or ``BuildBatch``, of answers."""
    return Job(
        look=lambda begun: (look, {"ids": [begun[member]["Id"]]}),
        many=Many("ids", 100, listed, "Id"),
        ended=by(status, "SUCCEEDED", "FAILED FAULT TIMED_OUT STOPPED"),
        stops=lambda begun: ((stop, {"id": begun[member]["Id"]}),),
        output=within(member),
    )


_BUILD: Final = _codebuild("BatchGetBuilds", "StopBuild", "Build", "Builds", "BuildStatus")
_BUILD_BATCH: Final = _codebuild(
    "BatchGetBuildBatches", "StopBuildBatch", "BuildBatch", "BuildBatches", "BuildBatchStatus"
)


def _of_databrew(begun: Object) -> dict[str, Any]:
    return {"Name": begun["Name"], "RunId": begun["RunId"]}


def _step(begun: Object) -> dict[str, Any]:
    return {"ClusterId": begun["ClusterId"], "StepId": begun["StepId"]}


def _of_emr_containers(begun: Object) -> dict[str, Any]:
    return {"id": begun["Id"], "virtualClusterId": begun["VirtualClusterId"]}


def _of_emr_serverless(begun: Object) -> dict[str, Any]:
    return {"applicationId": begun["ApplicationId"], "jobRunId": begun["JobRunId"]}


JOBS: Final[Mapping[str, Job]] = MappingProxyType(
    {
        **CLUSTERS,
        "athena:startQueryExecution": Job(
            # BatchGetQueryExecution takes a right that roles made for Step Functions do not have.
            look=lambda begun: ("GetQueryExecution", {"QueryExecutionId": begun["QueryExecutionId"]}),
            found=inside("QueryExecution"),
            ended=by("Status.State", "SUCCEEDED", "FAILED CANCELLED"),
            stops=lambda begun: (("StopQueryExecution", {"QueryExecutionId": begun["QueryExecutionId"]}),),
            output=within("QueryExecution"),
        ),
        "batch:submitJob": Job(
            look=lambda begun: ("DescribeJobs", {"jobs": [begun["JobId"]]}),
            many=Many("jobs", 100, "Jobs", "JobId"),
            ended=by("Status", "SUCCEEDED", "FAILED"),
            stops=lambda begun: (("TerminateJob", {"jobId": begun["JobId"], "reason": REASON}),),
            again=Again.FIND,
        ),
        "bedrock:createModelCustomizationJob": Job(
            look=lambda begun: ("GetModelCustomizationJob", {"jobIdentifier": begun["JobArn"]}),
            ended=by("Status", "Completed", "Failed Stopped"),
            stops=lambda begun: (("StopModelCustomizationJob", {"jobIdentifier": begun["JobArn"]}),),
        ),
        "codebuild:startBuild": _BUILD,
        "codebuild:startBuildBatch": _BUILD_BATCH,
        "codebuild:retryBuildBatch": _BUILD_BATCH,
        "databrew:startJobRun": Job(
            look=lambda begun: ("DescribeJobRun", _of_databrew(begun)),
            ended=by("State", "SUCCEEDED", "FAILED STOPPED TIMEOUT"),
            stops=lambda begun: (("StopJobRun", _of_databrew(begun)),),
            again=Again.FAIL,
        ),
        "ecs:runTask": Job(
            look=lambda begun: (
                "DescribeTasks",
                {"cluster": begun["Tasks"][0]["ClusterArn"], "tasks": [begun["Tasks"][0]["TaskArn"]]},
            ),
            many=Many("tasks", 100, "Tasks", "TaskArn"),
            ended=_ecs_ended,
            stops=lambda begun: tuple(
                ("StopTask", {"cluster": task["ClusterArn"], "task": task["TaskArn"], "reason": REASON})
                for task in begun["Tasks"]
            ),
        ),
        "elasticmapreduce:addStep": Job(
            look=lambda begun: ("DescribeStep", _step(begun)),
            found=inside("Step"),
            ended=by("Status.State", "COMPLETED", "FAILED CANCELLED INTERRUPTED"),
            stops=lambda begun: (
                ("CancelSteps", {"ClusterId": begun["ClusterId"], "StepIds": [begun["StepId"]]}),
            ),
            output=within("Step"),
            again=Again.FAIL,
        ),
        "emr-containers:startJobRun": Job(
            look=lambda begun: ("DescribeJobRun", _of_emr_containers(begun)),
            found=inside("JobRun"),
            ended=by("State", "COMPLETED", "FAILED CANCELLED"),
            stops=lambda begun: (("CancelJobRun", _of_emr_containers(begun)),),
            output=within("JobRun"),
        ),
        "emr-serverless:startJobRun": Job(
            look=lambda begun: ("GetJobRun", _of_emr_serverless(begun)),
            found=inside("JobRun"),
            ended=by("State", "SUCCESS", "FAILED CANCELLED"),
            stops=lambda begun: (("CancelJobRun", _of_emr_serverless(begun)),),
            output=within("JobRun"),
        ),
        "emr-serverless:cancelJobRun": Job(
            look=lambda begun: ("GetJobRun", _of_emr_serverless(begun)),
            found=inside("JobRun"),
            ended=by("State", "CANCELLED", "SUCCESS FAILED"),
            stops=nothing,
            output=within("JobRun"),
        ),
        "glue:startJobRun": Job(
            look=lambda begun: ("GetJobRun", {"JobName": begun["JobName"], "RunId": begun["JobRunId"]}),
            found=inside("JobRun"),
            ended=by("JobRunState", "SUCCEEDED", "FAILED STOPPED TIMEOUT ERROR EXPIRED"),
            stops=lambda begun: (
                ("BatchStopJobRun", {"JobName": begun["JobName"], "JobRunIds": [begun["JobRunId"]]}),
            ),
            again=Again.FAIL,
        ),
        "mediaconvert:createJob": Job(
            look=lambda begun: ("GetJob", {"Id": begun["Job"]["Id"]}),
            found=inside("Job"),
            ended=by("Status", "COMPLETE", "ERROR CANCELED"),
            stops=lambda begun: (("CancelJob", {"Id": begun["Job"]["Id"]}),),
            output=within("Job"),
        ),
        "sagemaker:createTrainingJob": _sagemaker("Training"),
        "sagemaker:createTransformJob": _sagemaker("Transform"),
        "sagemaker:createProcessingJob": _sagemaker("Processing"),
        "sagemaker:createHyperParameterTuningJob": _sagemaker("HyperParameterTuning"),
        "sagemaker:createLabelingJob": _sagemaker("Labeling"),
    }
)
"""By service and action."""
