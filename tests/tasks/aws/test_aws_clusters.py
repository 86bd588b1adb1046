"""Tasks that create what jobs run on, wait until it is there, and end it: EKS, EMR, EMR Serverless; and EMR's steps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.signals import TaskFailed, TaskSubmitted, TaskSucceeded
from tests.engine.virtual_loop import run as run_virtually
from tests.tasks.played_services import ONCE, Played, Scene, refused

GONE = refused("ResourceNotFoundException", 404, "ResourceNotFoundException")


def cluster(state: str) -> Any:
    return {"Cluster": {"Id": "j-1", "Name": "c", "Status": {"State": state}}}


def app(state: str) -> Any:
    return {"application": {"applicationId": "a-1", "state": state}}


def of_eks(status: str) -> Any:
    return {"cluster": {"name": "c", "status": status}}


CREATE = {"Name": "c", "Instances": {"KeepJobFlowAliveWhenNoSteps": True}}
NODES = {"ClusterName": "c", "NodegroupName": "n", "Subnets": ["s"], "NodeRole": "r"}


@pytest.mark.parametrize(
    ("resource", "given", "services", "output"),
    [
        (
            "elasticmapreduce:createCluster",
            CREATE,
            Played(
                RunJobFlow=[{"JobFlowId": "j-1", "ClusterArn": "a"}],
                DescribeCluster=[cluster("STARTING"), cluster("RUNNING"), cluster("WAITING")],
            ),
            {**cluster("WAITING"), "ClusterId": "j-1"},
        ),
        (
            "elasticmapreduce:terminateCluster",
            {"ClusterId": "j-1"},
            Played(TerminateJobFlows=[{}], DescribeCluster=[cluster("TERMINATING"), cluster("TERMINATED")]),
            {**cluster("TERMINATED"), "ClusterId": "j-1"},
        ),
        (
            "elasticmapreduce:addStep",
            {"ClusterId": "j-1", "Step": {"Name": "s", "HadoopJarStep": {"Jar": "j"}}},
            Played(
                AddJobFlowSteps=[{"StepIds": ["s-1"]}],
                DescribeStep=[
                    {"Step": {"Id": "s-1", "Status": {"State": "PENDING"}}},
                    {"Step": {"Id": "s-1", "Status": {"State": "COMPLETED"}}},
                ],
            ),
            {"Step": {"Id": "s-1", "Status": {"State": "COMPLETED"}}},
        ),
        (
            "eks:createCluster",
            {"Name": "c", "RoleArn": "r", "ResourcesVpcConfig": {}},
            Played(
                CreateCluster=[of_eks("CREATING")], DescribeCluster=[of_eks("CREATING"), of_eks("ACTIVE")]
            ),
            {"Cluster": {"Name": "c", "Status": "ACTIVE"}},
        ),
        (
            "eks:deleteCluster",
            {"Name": "c"},
            Played(DeleteCluster=[of_eks("DELETING")], DescribeCluster=[of_eks("DELETING"), GONE]),
            {"Cluster": {"Name": "c", "Status": "DELETING"}},
        ),
        (
            "eks:createNodegroup",
            NODES,
            Played(
                CreateNodegroup=[{"nodegroup": {"clusterName": "c", "nodegroupName": "n"}}],
                DescribeNodegroup=[{"nodegroup": {"nodegroupName": "n", "status": "ACTIVE"}}],
            ),
            {"Nodegroup": {"NodegroupName": "n", "Status": "ACTIVE"}},
        ),
        (
            "emr-serverless:startApplication",
            {"ApplicationId": "a-1"},
            Played(StartApplication=[{}], GetApplication=[app("STARTING"), app("STARTED")]),
            {"Application": {"ApplicationId": "a-1", "State": "STARTED"}},
        ),
        (
            "emr-serverless:stopApplication",
            {"ApplicationId": "a-1"},
            Played(StopApplication=[{}], GetApplication=[app("STOPPING"), app("STOPPED")]),
            {"Application": {"ApplicationId": "a-1", "State": "STOPPED"}},
        ),
        (
            "emr-serverless:deleteApplication",
            {"ApplicationId": "a-1"},
            Played(DeleteApplication=[{}], GetApplication=[app("STOPPED"), GONE]),
            {"ApplicationId": "a-1"},
        ),
        (
            "emr-serverless:cancelJobRun",
            {"ApplicationId": "a-1", "JobRunId": "r-1"},
            Played(
                CancelJobRun=[{"applicationId": "a-1", "jobRunId": "r-1"}],
                GetJobRun=[{"jobRun": {"state": "CANCELLING"}}, {"jobRun": {"state": "CANCELLED"}}],
            ),
            {"JobRun": {"State": "CANCELLED"}},
        ),
        (
            "databrew:startJobRun",
            {"Name": "n"},
            Played(
                StartJobRun=[{"RunId": "r-1"}],
                DescribeJobRun=[{"State": "RUNNING"}, {"State": "SUCCEEDED", "RunId": "r-1"}],
            ),
            {"State": "SUCCEEDED", "RunId": "r-1"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_task_waits_until_it_is_so(resource: str, given: Any, services: Played, output: Any) -> None:
    async def scene() -> None:
        submitted, ended = await Scene(services).start(f"{resource}.sync", given)

        assert isinstance(submitted, TaskSubmitted)
        assert isinstance(ended, TaskSucceeded)
        assert ended.output == output

    run_virtually(scene)


@pytest.mark.parametrize(
    ("resource", "given", "services"),
    [
        (
            "elasticmapreduce:createCluster",
            CREATE,
            Played(RunJobFlow=[{"JobFlowId": "j-1"}], DescribeCluster=[cluster("TERMINATED_WITH_ERRORS")]),
        ),
        (
            "eks:createNodegroup",
            NODES,
            Played(
                CreateNodegroup=[{"nodegroup": {"clusterName": "c", "nodegroupName": "n"}}],
                DescribeNodegroup=[{"nodegroup": {"nodegroupName": "n", "status": "CREATE_FAILED"}}],
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_comes_to_nothing_fails_its_task(resource: str, given: Any, services: Played) -> None:
    async def scene() -> None:
        _, ended = await Scene(services).start(f"{resource}.sync", given)

        assert isinstance(ended, TaskFailed)
        assert ended.error == "States.TaskFailed"
        assert json.loads(ended.cause or "")

    run_virtually(scene)


def test_a_step_is_cancelled_with_its_task_and_a_cluster_is_left() -> None:
    async def scene() -> None:
        services = Played(CancelSteps=[{}], StopApplication=[{}], DeleteApplication=[{}])
        playing = Scene(services)

        await playing.stop("elasticmapreduce:addStep.sync", {"ClusterId": "j-1", "StepId": "s-1"})
        await playing.stop("elasticmapreduce:createCluster.sync", {"ClusterId": "j-1"})
        await playing.stop("eks:createCluster.sync", of_eks("CREATING"))
        await playing.stop("emr-serverless:startApplication.sync", {"ApplicationId": "a-1"})
        await playing.stop("emr-serverless:createApplication.sync", {"ApplicationId": "a-2"})

        assert services.calls == {
            "CancelSteps": [{"ClusterId": "j-1", "StepIds": ["s-1"]}],
            "StopApplication": [{"applicationId": "a-1"}],
            "DeleteApplication": [{"applicationId": "a-2"}],
        }

    run_virtually(scene)


@pytest.mark.parametrize("was_created", [True, False])
def test_after_a_kill_a_cluster_of_emr_is_found_by_its_tag(was_created: bool) -> None:
    async def scene() -> None:
        own = {"Cluster": {"Id": "j-1", "Tags": [{"Key": "stepwright-task", "Value": ONCE}]}}
        services = Played(
            ListClusters=[
                {"Clusters": [{"Id": "j-0", "Name": "other"}, *([{"Id": "j-1", "Name": "c"}] * was_created)]}
            ],
            DescribeCluster=[*([own] * was_created), cluster("WAITING")],
            RunJobFlow=[{"JobFlowId": "j-1"}],
        )

        _, ended = await Scene(services).start("elasticmapreduce:createCluster.sync", CREATE, again=True)

        assert isinstance(ended, TaskSucceeded)
        assert len(services.calls["RunJobFlow"]) == (0 if was_created else 1)
        if not was_created:
            assert services.calls["RunJobFlow"][0]["Tags"] == [{"Key": "stepwright-task", "Value": ONCE}]

    run_virtually(scene)


def test_a_step_that_may_have_been_added_before_a_kill_is_not_added_again() -> None:
    async def scene() -> None:
        services = Played()
        given = {"ClusterId": "j-1", "Step": {"Name": "s", "HadoopJarStep": {"Jar": "j"}}}

        (ended,) = await Scene(services).start("elasticmapreduce:addStep.sync", given, again=True)

        assert isinstance(ended, TaskFailed)
        assert ended.error == "ElasticMapReduce.SdkClientException"
        assert services.calls == {}

    run_virtually(scene)
